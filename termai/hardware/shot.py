"""What the machine was doing at one moment."""

from dataclasses import dataclass

from termai.hardware.gpu import Gpu


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the machine was doing at one moment; a value that cannot be read is None.

    gpus: NVIDIA's in the driver's order, then those of AMD and Intel. cpu_percent, cores: 0 to
    100 since the snapshot before, over all cores and for each; None and empty in the first one.
    ram_used, ram_total: bytes; what could be given to a new program without swapping does not
    count as used. load: processes that wanted to run, over 1, 5 and 15 minutes. swap_*: bytes.
    disk_*, net_*: bytes per second since the snapshot before, without the loopback interface.
    limit_used, limit_total: bytes of the control group, where one limits memory. processors: how
    many of them the control group leaves, None without a limit.
    """

    gpus: tuple[Gpu, ...] = ()
    cpu_percent: float | None = None
    ram_used: int | None = None
    ram_total: int | None = None
    cores: tuple[float, ...] = ()
    load: tuple[float, float, float] | None = None
    swap_used: int | None = None
    swap_total: int | None = None
    disk_read: float | None = None
    disk_written: float | None = None
    net_received: float | None = None
    net_sent: float | None = None
    limit_used: int | None = None
    limit_total: int | None = None
    processors: float | None = None
