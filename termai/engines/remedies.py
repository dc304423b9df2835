"""What helps where an engine's program fails: each gets another build of itself in its own way.

KoboldCPP's releases are those of its README (1.117): ``-nocuda`` has Vulkan in place of CUDA,
``-oldpc`` is built for older processors and CUDA 11.
"""

from collections.abc import Mapping
from typing import NamedTuple

from termai.profiles.option import EMBEDDED, KOBOLDCPP, NATIVE, VLLM


class Remedies(NamedTuple):
    """Sentences, and parts of sentences, that say what to do with one engine.

    rebuild: a sentence on how to get a build that runs on this machine. newer: the beginning of a
    sentence on how to get a newer version. older_driver: what to do where a driver stays as it
    is, a part. module: a sentence for a Python package that is missing. devices: how to see its
    devices, a part with ``{program}``. upgraded: a newer one of it, a part.
    """

    rebuild: str
    newer: str
    older_driver: str
    module: str
    devices: str
    upgraded: str


_LLAMA_CPP = Remedies(
    rebuild="Build llama.cpp again on this machine: `termai engines build --again`.",
    newer="Get a newer llama.cpp (upgrade termai, then `termai engines build`)",
    older_driver="build the engine with the CUDA version that nvidia-smi shows",
    module="Run `pip install 'llama-cpp-python[server]'` in the environment termai runs in.",
    devices="run `{program} --list-devices` to see what there is",
    upgraded="a newer llama.cpp (`termai engines build`)",
)
_OTHERS: Mapping[str, Remedies] = {
    KOBOLDCPP: Remedies(
        rebuild="Get the release of KoboldCPP for this machine: koboldcpp-linux-x64-oldpc for an "
        "older processor or driver, -nocuda without NVIDIA's.",
        newer="Get a newer KoboldCPP from its releases",
        older_driver="use KoboldCPP's release -oldpc, which needs an older CUDA, or -nocuda, which "
        "uses Vulkan",
        module="Run `pip install -r requirements.txt` beside koboldcpp.py, for the python3 on "
        "PATH, or use the single binary.",
        devices="look at nvidia-smi or vulkaninfo for what there is",
        upgraded="a newer KoboldCPP",
    ),
    VLLM: Remedies(
        rebuild="Install vLLM again in its environment, for the GPU and the CUDA that nvidia-smi "
        "shows (`uv pip install vllm --torch-backend=auto`).",
        newer="Install a newer vLLM in its environment (`uv pip install -U vllm`)",
        older_driver="install a vLLM for the CUDA that nvidia-smi shows "
        "(`uv pip install vllm --torch-backend=auto`)",
        module="Install it, or vLLM anew, in vLLM's environment (`uv pip install vllm`).",
        devices="look at nvidia-smi for what there is",
        upgraded="a newer vLLM",
    ),
}
OF: Mapping[str, Remedies] = {NATIVE: _LLAMA_CPP, EMBEDDED: _LLAMA_CPP, **_OTHERS}


def of(engine: str) -> Remedies:
    """Return what helps with an engine, llama.cpp's for one that is not known."""
    return OF.get(engine, _LLAMA_CPP)
