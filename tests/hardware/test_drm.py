"""GPUs of AMD and Intel in trees as the kernel's documentation describes them."""

from pathlib import Path

import pytest

from termai.hardware import drm
from termai.hardware.gpu import Gpu, Link, Vendor

GIB = 1 << 30
RX_7900 = {
    "vendor": "0x1002",
    "device": "0x744c",
    "product_name": "Radeon RX 7900 XTX",
    "unique_id": "1d0d0a1f2b3c4d5e",
    "mem_info_vram_total": str(24 * GIB),
    "mem_info_vram_used": str(3 * GIB),
    "gpu_busy_percent": "57",
    "current_link_speed": "16.0 GT/s PCIe",
    "current_link_width": "16",
    "max_link_speed": "16.0 GT/s PCIe",
    "max_link_width": "16",
    "hwmon/hwmon3/temp1_input": "61000",
    "hwmon/hwmon3/power1_average": "203000000",
    "hwmon/hwmon3/power1_cap": "327000000",
    "hwmon/hwmon3/freq1_input": "2482000000",
    "hwmon/hwmon3/freq2_input": "1249000000",
    "hwmon/hwmon3/fan1_input": "1400",
    "hwmon/hwmon3/fan1_max": "3500",
}


def card(root: Path, number: int, **files: str) -> Path:
    """Write a card's directory; keys are paths below ``device``."""
    for name, text in files.items():
        path = root / f"card{number}" / "device" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root / f"card{number}"


def test_a_card_of_amd(tmp_path: Path) -> None:
    card(tmp_path, 1, **RX_7900)
    assert drm.read(tmp_path) == (
        Gpu(
            index=0,
            name="AMD Radeon RX 7900 XTX",
            memory_used=3 * GIB,
            memory_total=24 * GIB,
            utilization=57,
            temperature=61,
            vendor=Vendor.AMD,
            uuid="1d0d0a1f2b3c4d5e",
            power=203.0,
            power_limit=327.0,
            clock=2482,
            memory_clock=1249,
            link=Link(4, 16, 4, 16),
            fan=40,
        ),
    )


def test_intel_inside_has_no_memory_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = tmp_path / "pci.ids"
    ids.write_text(
        "# a list\n1002  Advanced Micro Devices, Inc. [AMD/ATI]\n\t9a49  Something else\n"
        "8086  Intel Corporation\n\t9a49  TigerLake-LP GT2 [Iris Xe Graphics]\n\t\t1028 0a20  x\n"
    )
    monkeypatch.setattr(drm, "_PCI_IDS", (tmp_path / "absent", ids))
    drm._pci_name.cache_clear()
    where = card(tmp_path / "drm", 0, vendor="0x8086", device="0x9a49")
    (where / "gt_act_freq_mhz").write_text("1100\n")
    (where / "gt_max_freq_mhz").write_text("1300\n")
    (gpu,) = drm.read(tmp_path / "drm")
    assert (gpu.name, gpu.vendor) == ("Intel Iris Xe Graphics", Vendor.INTEL)
    assert (gpu.memory_total, gpu.memory_used) == (None, None)
    assert (gpu.clock, gpu.clock_max) == (1100, 1300)
    drm._pci_name.cache_clear()


def test_cards_are_numbered_by_number_and_others_are_left_out(tmp_path: Path) -> None:
    card(tmp_path, 10, vendor="0x1002", product_name="Ten")
    card(tmp_path, 2, vendor="0x1002", product_name="AMD Two")
    card(tmp_path, 0, vendor="0x10de", product_name="NVIDIA's own driver tells of this one")
    card(tmp_path, 3, vendor="0x1a03", product_name="A server's own display")
    (tmp_path / "card2-HDMI-A-1").mkdir()
    (tmp_path / "renderD128").mkdir()
    assert [(gpu.index, gpu.name) for gpu in drm.read(tmp_path)] == [(0, "AMD Two"), (1, "AMD Ten")]


@pytest.mark.parametrize("text", ["", "N/A", "12 34", "0x10", "9" * 40, "\xff"])
def test_what_is_no_number_is_not_known(tmp_path: Path, text: str) -> None:
    card(tmp_path, 0, **{**RX_7900, "mem_info_vram_total": text, "gpu_busy_percent": text})
    (gpu,) = drm.read(tmp_path)
    assert (gpu.memory_total, gpu.memory_used, gpu.utilization) == (None, None, None)


def test_no_class_of_gpus_at_all(tmp_path: Path) -> None:
    assert drm.read(tmp_path / "absent") == ()
    card(tmp_path, 0, vendor="0x1002")
    (gpu,) = drm.read(tmp_path)
    assert (gpu.name, gpu.link, gpu.fan) == ("AMD GPU", None, None)
