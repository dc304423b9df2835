"""The memory a server was thought to take beside what its log says it took.

Imported by `termai ps --json`, so it stays light.
"""

from typing import Any

from termai.servers.facts import HOST, Facts, device_of

_MIB = 1 << 20
_PURPOSES = {"model": "weights", "KV": "kv", "RS": "kv", "compute": "compute", "output": "output"}
_MAPPED, _REPACKED = "_Mapped", ("_REPACK", "AMX")
_PARTS = ("weights", "kv", "compute", "output")


def memory(meta: dict[str, Any], facts: Facts) -> dict[str, Any] | None:
    """Return the estimate made before the start, what was measured, and their ratio; in bytes.

    Both are given for each device and in all. None where there was no estimate and nothing was
    measured; either part is None while it is not known, the ratio (measured by estimated) too.
    """
    estimate, measured = _estimate(meta.get("estimate")), _measured(facts)
    if estimate is None and measured is None:
        return None
    ratio = None
    if estimate and measured and estimate["total"]:
        ratio = round(measured["total"] / estimate["total"], 4)
    return {"estimate": estimate, "measured": measured, "ratio": ratio}


def _estimate(recorded: Any) -> dict[str, Any] | None:
    """Return what was recorded at the start; None where it is not of that form."""
    try:
        devices = [_device(str(one["device"]), one) for one in recorded["devices"]]
        source = str(recorded["source"])
    except (TypeError, KeyError, ValueError):
        return None
    used = [device for device in devices if device["total"]]
    return {"source": source, "devices": used, "total": sum(device["total"] for device in used)}


def _measured(facts: Facts) -> dict[str, Any] | None:
    """Return the buffers that the log names, once all of them are there.

    The buffer of a mapped file is as long as the part of the file between its first and its last
    tensor. Weights that are repacked lie in a buffer of their own as well, and their part of the
    mapping is not looked at again: it is counted once.
    """
    if not facts.ready or not facts.buffers:
        return None
    sums: dict[str, dict[str, int]] = {HOST: {}}
    mapped = repacked = 0
    for buffer in facts.buffers:
        purpose, size = _PURPOSES.get(buffer.what), round(buffer.mib * _MIB)
        if purpose is None:
            continue
        parts = sums.setdefault(device_of(buffer.device), {})
        parts[purpose] = parts.get(purpose, 0) + size
        mapped += size if buffer.device.endswith(_MAPPED) else 0
        repacked += size if buffer.device.endswith(_REPACKED) else 0
    if mapped >= repacked:
        sums[HOST]["weights"] = sums[HOST].get("weights", 0) - repacked
    devices = [_device(name, parts) for name, parts in sums.items() if any(parts.values())]
    return {"devices": devices, "total": sum(device["total"] for device in devices)}


def _device(name: str, parts: dict[str, Any]) -> dict[str, Any]:
    sizes = {part: int(parts.get(part, 0)) for part in _PARTS}
    return {"device": name, **sizes, "total": sum(sizes.values())}
