"""The embedded engine: llama-cpp-python in a child process of our own (``engines/host``)."""

import importlib.metadata
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

from termai.engines import access, extras, probe, values
from termai.engines.arguments import unknown
from termai.engines.base import Detection, Launch
from termai.engines.host.settings import HostSettings, encode
from termai.errors import NotFoundError, UsageError
from termai.profiles.option import WITHOUT_EFFECT
from termai.profiles.profile import Profile
from termai.profiles.schema import EMBEDDED, OPTIONS, Option

_GPU_LIBRARIES = ("cuda", "hip", "vulkan", "metal", "sycl", "musa", "opencl", "cann")
_ELSEWHERE = frozenset({"path", "host", "port", "port_strict", "api_key_file", "system_prompt"})
_FIX = (
    "Run `termai engines build`, or `pip install 'llama-cpp-python[server]'` in the "
    "environment termai runs in."
)


class LlamaCppPython:
    """Finds the llama-cpp-python package and writes the command line of its host."""

    name = EMBEDDED

    def detect(self) -> Detection:
        """Return the package; its GPU devices are asked of it only when it was built for one."""
        package = importlib.util.find_spec("llama_cpp")
        if package is None or not package.origin:
            raise NotFoundError("The package llama-cpp-python is not installed.", fix=_FIX)
        try:
            version = importlib.metadata.version("llama_cpp_python")
        except importlib.metadata.PackageNotFoundError:
            version = "unknown"
        return Detection(
            engine=EMBEDDED,
            program=Path(sys.executable),
            version=version,
            devices=_devices(Path(package.origin).parent),
            source="inside termai",
        )

    def compose(self, profile: Profile, detection: Detection, *, model: Path, port: int) -> Launch:
        """Return the command line of the host; what the profile says travels in ``env``."""
        host = str(profile.value("host"))
        keys = access.key_file(profile.value("api_key_file"))
        access.check_exposure(host, keys)
        if extras.extra_args(profile, EMBEDDED):
            raise UsageError(
                f"[args] of the profile {profile.name} has arguments for {EMBEDDED}, "
                "which takes none.",
                fix="Take them out, or use the engine llama-server.",
            )
        told = HostSettings(str(model), host, port, str(keys) if keys else None, _options(profile))
        return Launch(
            engine=EMBEDDED,
            argv=(str(detection.program), "-P", "-m", "termai.engines.host"),
            env={**extras.gpu_order(detection), **extras.extra_env(profile), **encode(told)},
            unset_env=extras.overriding_env(("LLAMA_API_KEY",)),
            host=host,
            port=port,
            model=model,
            url=access.url_of(host, port),
        )


def library_dir() -> Path | None:
    """Return where the package keeps ggml's libraries, None without the package."""
    package = importlib.util.find_spec("llama_cpp")
    return Path(package.origin).parent / "lib" if package and package.origin else None


def refuses(option: Option, profile: Profile) -> bool:
    """Tell whether ``compose`` refuses what the profile says of one option."""
    if EMBEDDED in option.engines or option.key in WITHOUT_EFFECT[EMBEDDED]:
        return False
    return option.key not in _ELSEWHERE and profile.value(option.key) != option.default


def _options(profile: Profile) -> dict[str, Any]:
    """Return the set options by key, with files found; raises UsageError for one unknown here."""
    told: dict[str, Any] = {}
    for option in OPTIONS:
        if option.key in _ELSEWHERE or not profile.is_set(option.key):
            continue
        value = profile.value(option.key)
        if refuses(option, profile):
            raise unknown(option, profile, EMBEDDED)
        if EMBEDDED not in option.engines:
            continue
        told[option.key] = value
    if "lora" in told:
        told["lora"] = [values.adapter(item) for item in told["lora"]]
    return told


def _devices(package: Path) -> tuple[str, ...]:
    built_for_gpu = any(
        name in path.name for path in (package / "lib").glob("*ggml-*") for name in _GPU_LIBRARIES
    )
    if not built_for_gpu:
        return ()
    cached = probe.read_cache(package / "__init__.py")
    if cached and cached.devices:
        return cached.devices
    answer = json.loads(
        probe.run(Path(sys.executable), ["-P", "-m", "termai.engines.host", "--devices"])
    )
    devices = tuple(str(name) for name in answer)
    probe.write_cache(package / "__init__.py", probe.Probe("", devices))
    return devices
