"""vLLM as an engine: ``vllm serve`` on the GPUs of this machine, or over a Ray cluster.

Flags are those of vllm/engine/arg_utils.py and vllm/entrypoints/openai/cli_args.py (0.15). A key
protects only the routes below /v1, /v2 and /inference there (docs/usage/security.md), so it
listens on this machine only. The key goes through VLLM_API_KEY: with --api-key it would be among
the arguments, which vLLM also logs.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from termai import settings
from termai.engines import access, extras, foreign, keyed, values
from termai.engines.base import AbsentError, Detection, Launch
from termai.errors import NotFoundError, UsageError
from termai.paths import expanded
from termai.profiles.addresses import RefusedAddressError, parse_ray
from termai.profiles.profile import Profile
from termai.profiles.schema import VLLM
from termai.text import one_line, without_user

HOW_TO_GET_IT = (
    "Install it in an environment of its own (`uv venv`, `uv pip install vllm`), and put its "
    "`vllm` on PATH or set vllm in config.toml to it."
)
_FLAGS = {
    "alias": "--served-model-name",
    "ctx_size": "--max-model-len",
    "parallel": "--max-num-seqs",
    "tensor_parallel_size": "--tensor-parallel-size",
    "pipeline_parallel_size": "--pipeline-parallel-size",
    "gpu_memory_utilization": "--gpu-memory-utilization",
}
_REFUSED = {
    **dict.fromkeys(("--model", "--host", "--port", "--uds"), "which termai sets itself"),
    **dict.fromkeys(("--api-key", "--hf-token"), "which everybody here can read"),
}
_KEY = "VLLM_API_KEY"
_ORDER = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
_LEFT_OPEN = {"ctx_size": 0, "parallel": -1}


class Vllm:
    """Finds vLLM and writes its command line."""

    name = VLLM

    def detect(self) -> Detection:
        """Return the configured vLLM, or that on PATH; it is not run, which takes many seconds.

        Raises NotFoundError where there is none.
        """
        configured = settings.load().values.vllm
        found = str(expanded(configured).absolute()) if configured else shutil.which("vllm")
        if not found or not Path(found).is_file():
            if not configured:
                raise AbsentError("There is no vLLM on PATH.", fix=HOW_TO_GET_IT)
            where = one_line(f"at {found}, vllm in config.toml")
            raise NotFoundError(f"There is no vLLM {where}.", fix=HOW_TO_GET_IT)
        program = Path(found).absolute()
        source = "configured in config.toml" if configured else "on PATH"
        return Detection(VLLM, program, _version(program), source=source)

    def compose(self, profile: Profile, detection: Detection, *, model: Path, port: int) -> Launch:
        """Return the command line that serves ``model`` on ``port`` as the profile says.

        ``model`` is a directory, a GGUF file, or the name of a repository on the hub. GPUs are
        counted as nvidia-smi does. Raises UsageError for what vLLM cannot do.
        """
        foreign.check(profile, VLLM, takes_args=True)
        host = str(profile.value("host"))
        access.check_local(host, "a key of vLLM protects the routes below /v1 alone")
        argv = (
            *(str(detection.program), "serve", str(model), "--host", host),
            *("--port", str(port), "--allowed-origins", "[]"),
            *_options(profile),
            *extras.checked_args(profile, VLLM, _REFUSED),
        )
        keys = _keys(profile)
        return Launch(
            engine=VLLM,
            argv=keyed.command(_KEY, keys, argv) if keys else argv,
            env={**_ORDER, **_ray(profile), **extras.extra_env(profile)},
            unset_env=extras.overriding_env((_KEY,)),
            host=host,
            port=port,
            model=model,
            url=access.url_of(host, port),
        )


def _keys(profile: Profile) -> Path | None:
    """Return the checked key file; raises UsageError where its key would leave this machine."""
    keys = access.key_file(profile.value("api_key_file"))
    if keys and profile.value("ray_address"):
        raise UsageError(
            f"The profile {profile.name} has api_key_file and ray_address: vLLM would send the key "
            "to every machine of the Ray cluster, unencrypted.",
            fix="Take api_key_file out, and reach the server through ssh -L.",
        )
    return keys


def _version(program: Path) -> str:
    """Return the version by the package's metadata beside the program."""
    packages = program.resolve().parent.parent.glob("lib/python*/site-packages/vllm-*.dist-info")
    names = [re.fullmatch(r"vllm-(.+)\.dist-info", path.name) for path in packages]
    return next((name[1] for name in names if name), "unknown")


def _options(profile: Profile) -> Iterator[str]:
    for key, flag in _FLAGS.items():
        value = profile.value(key)
        if profile.is_set(key) and value != _LEFT_OPEN.get(key):
            yield from (flag, str(value))
    template = profile.value("chat_template_file")
    if template:
        yield from ("--chat-template", str(values.own_file(str(template))))
    if profile.value("ray_address"):
        yield from ("--distributed-executor-backend", "ray")


def _ray(profile: Profile) -> dict[str, str]:
    given = str(profile.value("ray_address") or "")
    if not given:
        return {}
    try:
        return {"RAY_ADDRESS": parse_ray(given)}
    except RefusedAddressError as error:
        shown = one_line(without_user(given), 80)
        raise UsageError(
            f"{shown}, the ray_address of {profile.name}, {error}.",
            fix="Correct ray_address under [load]; `ray status` on the head tells the cluster.",
        ) from error
