"""Which GPUs a KoboldCPP file uses, as the environment that KoboldCPP itself makes of it.

KoboldCPP 1.117, ``set_backend_props``: GPUs are counted in the order of the PCI bus, one chosen
GPU hides the others from CUDA and HIP unless a tensor split is given, and Vulkan sees a list.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from termai.profiles.foreign.koboldcpp.fields import Fields
from termai.profiles.foreign.rawjson import dumped, value_of
from termai.profiles.profile import Profile

ORDER = ("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
CUDA, HIP, VULKAN = "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES"
_IDS = ("0", "1", "2", "3")
_COUNTED = re.compile(r"0|[1-9][0-9]{0,2}")
_MEANT_ELSEWHERE = ("lowvram", "rowsplit")


class Devices(NamedTuple):
    """What the keys for the backend say.

    cpu: no GPU at all. gpu: the one GPU of CUDA that is chosen, or empty. env: what makes
    llama.cpp see the same GPUs. words: such as ``lowvram``. kept: the keys' texts as KoboldCPP
    1.117 spells them, without what an option of termai says.
    """

    cpu: bool
    gpu: str
    env: Mapping[str, str]
    words: tuple[str, ...]
    kept: Mapping[str, str]


def read(fields: Fields, *, split: bool) -> Devices:
    """Return the devices; ``split`` says that a tensor split is given, which needs all of them."""
    kept: dict[str, str] = {}
    cuda = "usecuda" if "usecuda" in fields.members else "usecublas"
    said = fields.texts(cuda)
    fields.use("usecuda", "usecublas")
    if isinstance(fields.get(cuda), list | str):
        words = [word for word in said if word not in _MEANT_ELSEWHERE]
        kept["usecuda"] = fields.raw(cuda) if len(words) == len(said) else dumped(words)
    vulkan = fields.texts("usevulkan")
    if not all(_COUNTED.fullmatch(number) for number in vulkan):
        raise fields.wrong("usevulkan", "a list of the numbers of GPUs", list(vulkan))
    if isinstance(fields.get("usevulkan"), list):
        kept["usevulkan"] = fields.raw("usevulkan")
    cpu = bool(fields.switch("usecpu")) or bool(fields.switch("noblas"))
    gpu = next((number for number in _IDS if number in said), "")
    env: dict[str, str] = {}
    if not cpu and gpu and not split:
        env = dict([ORDER, (CUDA, gpu), (HIP, gpu)])
    if not cpu and vulkan:
        env[VULKAN] = ",".join(vulkan)
    return Devices(cpu, gpu, env, said, {} if cpu else kept)


def write(profile: Profile, kept: Mapping[str, str]) -> tuple[dict[str, str], set[str]]:
    """Return the keys that choose the profile's GPUs, and which of its variables they say.

    kept: what was left of the file that the profile came from; it goes back untouched while it
    chooses the same.
    """
    env, split = profile.env, profile.is_set("tensor_split")
    texts: dict[str, str] = {}
    says = {ORDER[0]} if env.get(ORDER[0]) == ORDER[1] else set()
    gpu = "" if split else env.get(CUDA, "")
    if gpu in _IDS and env.get(HIP, gpu) == gpu:
        texts["usecuda"] = _same(kept, "usecuda", [gpu]) or dumped(["normal", gpu])
        says |= {CUDA, HIP}
    elif "usecuda" in kept:
        # With a tensor split a number only names the main GPU, and maingpu comes before it.
        free = split and profile.is_set("main_gpu")
        texts["usecuda"] = kept["usecuda"] if free else _without_numbers(kept["usecuda"])
    wanted = env.get(VULKAN, "").split(",")
    if all(_COUNTED.fullmatch(number) for number in wanted):
        texts["usevulkan"] = _same(kept, "usevulkan", wanted) or f"[{', '.join(wanted)}]"
        says.add(VULKAN)
    elif "usevulkan" in kept:
        texts["usevulkan"] = _without_numbers(kept["usevulkan"])
    return texts, says & set(env)


def _same(kept: Mapping[str, str], key: str, numbers: list[str]) -> str:
    text = kept.get(key, "")
    return text if text and _numbers(text) == numbers else ""


def _numbers(text: str) -> list[str]:
    return [str(word) for word in _words(text) if str(word).isdigit()]


def _without_numbers(text: str) -> str:
    words = [word for word in _words(text) if not str(word).isdigit()]
    return dumped(words) if _numbers(text) else text


def _words(text: str) -> list[Any]:
    words: Any = value_of(text)
    return words if isinstance(words, list) else [words]
