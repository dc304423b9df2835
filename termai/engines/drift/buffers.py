"""The buffers in which a llama-server can place tensors, by the names of its devices."""

from termai.engines.base import Detection
from termai.profiles.overrides import CPU
from termai.profiles.profile import Profile
from termai.profiles.schema import NATIVE

_LIST_DEVICES = "--list-devices"
_SAME = ("CUDA", "ROCm", "Vulkan", "SYCL")
"""Devices whose buffers have their names (ggml/src/ggml-cuda and the like)."""


def buffers_of(detection: Detection, profile: Profile) -> frozenset[str] | None:
    """Return the names of the buffers that there are, None where that is not certain.

    It is not where the profile hides devices or borrows some from another machine.
    """
    if detection.engine != NATIVE or _LIST_DEVICES not in detection.options:
        return None
    hidden = any(name.endswith("_VISIBLE_DEVICES") for name in profile.env)
    if hidden or profile.value("rpc") or "--rpc" in profile.args.get(NATIVE, ()):
        return None
    if not all(name.startswith(_SAME) for name in detection.devices):
        return None
    return frozenset({CPU, *detection.devices})
