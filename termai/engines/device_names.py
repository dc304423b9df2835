"""GPUs by the names that people know, as llama.cpp's own: ``RTX 4090`` as ``CUDA0``.

A name is looked for in the descriptions of ``--list-devices``, a UUID among those that NVIDIA's
driver tells. What may be a name of llama.cpp's is left as it is: llama.cpp itself checks it.
"""

import os
import re
from collections.abc import Sequence

from termai.engines.base import Detection
from termai.engines.extras import PCI_ORDER
from termai.errors import TermaiError, UsageError
from termai.hardware import gpus
from termai.profiles.profile import Profile
from termai.profiles.schema import NATIVE
from termai.text import one_line

_OWN = re.compile(
    r"none|CPU|BLAS|(?:CUDA|ROCm|HIP|Vulkan|SYCL|MTL|Metal|MUSA|CANN|OpenCL|GPUOpenCL|WebGPU)\d*"
    r"|RPC.*"
)
_COUNTING = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
             "GGML_VK_VISIBLE_DEVICES", PCI_ORDER[0])  # fmt: skip
_UUID = "GPU-"
_WIDTH = 60


def placed(profile: Profile, detection: Detection) -> Profile:
    """Return the profile with llama.cpp's names in ``device``; engines beside it get their own.

    A name that several equal GPUs have means all of them. Raises UsageError, one sentence that
    lists what is there, for a name that no device has, or different ones.
    """
    given = tuple(str(name) for name in profile.value("device"))
    if detection.engine != NATIVE or all(_is_own(name, detection) for name in given):
        return profile
    if hidden := next((name for name in _COUNTING if name in profile.env), ""):
        raise UsageError(
            f"The profile {profile.name} names GPUs in device and sets {hidden} under [env], which "
            "changes what they are called.",
            fix=f"Take {hidden} out, or use names such as CUDA0 in device.",
        )
    found = [one for name in given for one in _meant(name, profile, detection)]
    return profile.with_values(device=list(dict.fromkeys(found)))


def by_people(profile: Profile) -> bool:
    """Tell whether a profile's ``device`` has a name that is certainly none of llama.cpp's."""
    return any(not _OWN.fullmatch(str(name)) for name in profile.value("device"))


def trouble(profile: Profile, detection: Detection) -> TermaiError | None:
    """Return why the names in a profile's ``device`` mean nothing here, None where they do."""
    try:
        placed(profile, detection)
    except TermaiError as error:
        return error
    return None


def _is_own(name: str, detection: Detection) -> bool:
    return name in detection.devices or bool(_OWN.fullmatch(name))


def _meant(name: str, profile: Profile, detection: Detection) -> Sequence[str]:
    if _is_own(name, detection):
        return (name,)
    if name.upper().startswith(_UUID):
        found = _by_uuid(name, detection)
    else:
        found = _by_words(name, detection)
    if not found:
        raise _none(name, profile, detection)
    told = dict.fromkeys(detection.described.get(device, device) for device in found)
    if len(told) > 1:
        raise UsageError(
            f"{one_line(name, _WIDTH)!r}, a device of the profile {profile.name}, may be "
            f"{' or '.join(_shown(device, detection) for device in found)}.",
            fix="Write more of its name, or CUDA0 and the like.",
        )
    return found


def _by_words(name: str, detection: Detection) -> Sequence[str]:
    """Return the devices that are called so: wholly, else at the end, else in the middle.

    Where two interfaces show the same GPU, it is taken through the one that is listed first.
    """
    wanted = f" {_plain(name)} "
    known = {one: f" {_plain(detection.described.get(one, ''))} " for one in detection.devices}
    if not wanted.strip():
        return ()
    whole = [one for one, told in known.items() if told == wanted]
    last = [one for one, told in known.items() if told.endswith(wanted)]
    found = whole or last or [one for one, told in known.items() if wanted in told]
    return [one for one in found if _interface(one) == _interface(found[0])]


def _by_uuid(name: str, detection: Detection) -> Sequence[str]:
    """Return the device of a UUID, or of its beginning, where CUDA counts as the driver does."""
    counted = os.environ.get(PCI_ORDER[0], PCI_ORDER[1]) == PCI_ORDER[1]
    if "CUDA_VISIBLE_DEVICES" in os.environ or not counted:
        return ()
    begun = name.casefold()
    cards = [gpu.index for gpu in gpus.read() if gpu.uuid.casefold().startswith(begun)]
    found = [f"CUDA{index}" for index in cards]
    return found if set(found) <= set(detection.devices) else ()


def _none(name: str, profile: Profile, detection: Detection) -> UsageError:
    listed = ", ".join(_shown(device, detection) for device in detection.devices)
    here = f"there is {listed}" if listed else f"{detection.engine} can use none here"
    return UsageError(
        f"No device is called {one_line(name, _WIDTH)!r}, as the profile {profile.name} says: "
        f"{here}.",
        fix="Correct device under [load], or take it out to use every GPU.",
    )


def _shown(device: str, detection: Detection) -> str:
    described = one_line(detection.described.get(device, ""), _WIDTH)
    return f"{device} ({described})" if described else device


def _interface(device: str) -> str:
    return device.rstrip("0123456789")


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
