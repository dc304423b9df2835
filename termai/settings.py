"""The user's settings, ``config.toml``: declared once, read tolerantly, changed key by key."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from termai import tomlfile
from termai.errors import InvalidFileError, NotFoundError
from termai.locks import lock
from termai.paths import config_dir

_NAMES = {str: "text", bool: "true or false", int: "a whole number", tuple: "a list of texts"}


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``config.toml`` can say; every field has a default.

    theme: name of the colour theme.
    llama_server: path of the llama-server to prefer, empty for none.
    koboldcpp: path of the KoboldCPP to use, its binary or koboldcpp.py, empty for that on PATH.
    vllm: path of the vllm to use, empty for that on PATH.
    model_dirs: further directories to look for GGUF files in.
    log_limit_mib: the most a server's log takes on disk, in MiB (1 to 65536).
    stop_grace_s: seconds between SIGTERM and SIGKILL when a server is stopped (1 to 600).
    start_timeout_s: seconds a server may take to become ready (1 to 86400).
    mouse: whether the program tracks the mouse, which costs traffic on a slow link.
    memory_guardrails: what happens to a start that needs more memory than is free: ``off``,
    ``relaxed``, ``balanced``, ``strict``, or the most a model may take, such as ``12 GB``.
    hub_endpoint: address of a hub or mirror to use in place of Hugging Face's, empty for that.
    hub_offline: whether to leave the hub alone.
    proxy: address of the proxy for the hub, empty for what the environment says.
    downloads_at_once: how many downloads run at the same time (1 to 16).
    download_limit_mib_s: the most that all downloads together take, in MiB per second, 0 for no
    limit (0 to 100000).
    """

    theme: str = "termai-dark"
    llama_server: str = ""
    koboldcpp: str = ""
    vllm: str = ""
    model_dirs: tuple[str, ...] = ()
    log_limit_mib: int = 64
    stop_grace_s: int = 10
    start_timeout_s: int = 900
    mouse: bool = True
    memory_guardrails: str = "balanced"
    hub_endpoint: str = ""
    hub_offline: bool = False
    proxy: str = ""
    downloads_at_once: int = 2
    download_limit_mib_s: int = 0


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings as far as they could be read, and one sentence for each key that could not."""

    values: Settings
    problems: tuple[str, ...] = ()


_RANGES = {
    "log_limit_mib": (1, 65536),
    "stop_grace_s": (1, 600),
    "start_timeout_s": (1, 86400),
    "downloads_at_once": (1, 16),
    "download_limit_mib_s": (0, 100_000),
}
_GUARDRAILS = re.compile(r"off|relaxed|balanced|strict|[1-9]\d{0,5} GB")


def load() -> LoadedSettings:
    """Read ``config.toml``; what is missing or wrong takes its default and is reported."""
    path = config_dir() / "config.toml"
    try:
        document = tomlfile.read(path)
    except NotFoundError:
        return LoadedSettings(Settings())
    except InvalidFileError as error:
        return LoadedSettings(Settings(), (str(error),))
    values: dict[str, Any] = {}
    problems: list[str] = []
    for key, value in document.data.items():
        if key == "schema":
            continue
        try:
            values[key] = _checked(document, key, value)
        except InvalidFileError as error:
            problems.append(str(error))
    return LoadedSettings(Settings(**values), tuple(problems))


def save(**changes: Any) -> None:
    """Write the named settings to ``config.toml``, keeping its comments and other keys.

    Raises UsageError when another program is busy with it for long, InvalidFileError when it does
    not parse, and StorageError.
    """
    update(lambda _: changes)


def update(change: Callable[[Settings], Mapping[str, Any]]) -> None:
    """Write the settings that ``change`` makes of those that are, while no other program writes.

    ``change`` may raise, and nothing is written, nor is it for no changes. Raises as ``save`` does.
    """
    with lock("settings"):
        plain: dict[tomlfile.Key, Any] = {
            (key,): list(value) if isinstance(value, tuple) else value
            for key, value in change(load().values).items()
        }
        if plain:
            tomlfile.update(config_dir() / "config.toml", plain)


def _checked(document: tomlfile.Document, key: str, value: Any) -> Any:
    defaults = {field.name: field.default for field in fields(Settings)}
    if key not in defaults:
        raise document.wrong((key,), f"unknown setting, expected one of {', '.join(defaults)}")
    wanted: type = type(defaults[key])
    if wanted is tuple and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    if type(value) is not wanted:
        raise document.wrong((key,), f"expected {_NAMES[wanted]}, found {tomlfile.shown(value)}")
    if key in _RANGES and isinstance(value, int):
        low, high = _RANGES[key]
        if not low <= value <= high:
            raise document.wrong((key,), f"expected {low} to {high}, found {tomlfile.shown(value)}")
    if key == "memory_guardrails" and not _GUARDRAILS.fullmatch(str(value)):
        expected = 'expected off, relaxed, balanced, strict or a limit such as "12 GB"'
        raise document.wrong((key,), f"{expected}, found {tomlfile.shown(value)}")
    return value
