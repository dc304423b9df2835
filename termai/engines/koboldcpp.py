"""KoboldCPP as an engine: its single binary, or koboldcpp.py of an unpacked one.

The flags are the keys of its settings files, so that ``profiles.foreign.koboldcpp`` writes both
(koboldcpp.py, 1.117, argparse at its end). It prints its arguments, a password among them, into
its log: keys are never handed to it, and it listens on this machine only.
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from termai import settings
from termai.engines import access, extras, foreign, probe, values
from termai.engines.base import AbsentError, Detection, Launch, OptionHelp
from termai.errors import NotFoundError, UsageError
from termai.paths import expanded
from termai.profiles.foreign.base import Wanted
from termai.profiles.foreign.koboldcpp import writing
from termai.profiles.profile import Profile
from termai.profiles.schema import KOBOLDCPP, OPTIONS, option
from termai.profiles.values import format_value
from termai.text import one_line

NAMES = ("koboldcpp", "koboldcpp-linux-x64", "koboldcpp-linux-x64-nocuda",
         "koboldcpp-linux-x64-oldpc", "koboldcpp-mac-arm64", "koboldcpp.py")  # fmt: skip
"""The names of its releases, as they are looked for on PATH."""

HOW_TO_GET_IT = (
    "Set koboldcpp in config.toml to the binary from KoboldCPP's releases, or to koboldcpp.py of "
    "an unpacked one."
)
_SECRET_ENV = ("KCPP_PASSWORD", "KCPP_ADMINPASSWORD")
_REFUSED = {
    **dict.fromkeys(("--model", "-m", "--host", "--port", "--config"), "which termai sets itself"),
    **dict.fromkeys(
        ("--password", "--adminpassword", "--hordekey"), "and it prints it into its log"
    ),
    "--remotetunnel": "which opens the server to everybody on the internet",
}
_BEGINNINGS = frozenset({"--admin"})  # flags of their own that others begin with
_NOT_FLAGS = frozenset({"model", "model_param", "host", "port", "port_param", "istemplate"})
_ELSEWHERE = frozenset(
    {"path", "host", "port", "port_strict", "system_prompt", "chat_template_file"}
    | {declared.key for declared in OPTIONS if declared.request}
)
_VERSION = re.compile(r"Version (\d+(?:\.\d+){1,3})")
_FLAG = re.compile(r"(?<![\w-])--?[a-zA-Z][\w-]*")


class KoboldCpp:
    """Finds KoboldCPP and writes its command line."""

    name = KOBOLDCPP

    def detect(self) -> Detection:
        """Return the configured KoboldCPP, or the first on PATH, asked once for its help.

        Raises NotFoundError where there is none, and ProbeError where it does not answer.
        """
        source, program = _program()
        answers = probe.read_cache(program) or _ask(program)
        return Detection(
            engine=KOBOLDCPP,
            program=program,
            version=answers.version,
            options=frozenset(answers.options),
            help=answers.options,
            source=source,
        )

    def compose(self, profile: Profile, detection: Detection, *, model: Path, port: int) -> Launch:
        """Return the command line that serves ``model`` on ``port`` as the profile says.

        Raises UsageError for what KoboldCPP cannot do, or not with the value that is set.
        """
        foreign.check(profile, KOBOLDCPP, takes_args=True)
        host = str(profile.value("host"))
        access.check_local(host, "KoboldCPP prints its password into its log")
        argv = (
            *runner(detection.program),
            *("--model", str(model), "--host", host, "--port", str(port)),
            *(flag for flag in ("--skiplauncher", "--quiet") if flag in detection.options),
            *_flags(profile, detection),
            *extras.checked_args(profile, KOBOLDCPP, _REFUSED, detection.options | _BEGINNINGS),
        )
        return Launch(
            engine=KOBOLDCPP,
            argv=argv,
            env=_env(profile),
            unset_env=extras.overriding_env(_SECRET_ENV),
            host=host,
            port=port,
            model=model,
            url=access.url_of(host, port),
        )


def runner(program: Path) -> tuple[str, ...]:
    """Return what runs the program: itself, or for koboldcpp.py a Python before it."""
    if program.suffix != ".py":
        return (str(program),)
    return shutil.which("python3") or sys.executable, str(program)


def _program() -> tuple[str, Path]:
    configured = settings.load().values.koboldcpp
    if configured:
        path = expanded(configured).absolute()
        if not path.is_file():
            raise NotFoundError(
                f"{one_line(str(path))}, koboldcpp in config.toml, does not exist.",
                fix=HOW_TO_GET_IT,
            )
        if not _may_run(path):
            raise _not_executable(path)
        return "configured in config.toml", path
    found = [Path(at).absolute() for name in NAMES if (at := shutil.which(name, os.F_OK))]
    usable = next((path for path in found if _may_run(path)), None)
    if usable:
        return "on PATH", usable
    if found:
        raise _not_executable(found[0])
    raise AbsentError("No KoboldCPP was found: none is configured or on PATH.", fix=HOW_TO_GET_IT)


def _may_run(program: Path) -> bool:
    """Return whether a program can be run: a script is only read, by a Python."""
    return os.access(program, os.R_OK if program.suffix == ".py" else os.X_OK)


def _not_executable(program: Path) -> NotFoundError:
    shown = one_line(str(program))
    if program.suffix == ".py":
        return NotFoundError(f"{shown} may not be read by this user.", fix="Mend its permissions.")
    return NotFoundError(
        f"{shown} is there, and is not executable.", fix=f"Run `chmod +x {shown}`."
    )


def _ask(program: Path) -> probe.Probe:
    told = probe.run(program, ["--help"], engine=KOBOLDCPP, by=runner(program)[:-1])
    flags = dict.fromkeys(_FLAG.findall(told), OptionHelp("", ""))
    if "--contextsize" not in flags:
        raise probe.ProbeError(
            f"{program} is no KoboldCPP: its --help has no --contextsize.", fix=HOW_TO_GET_IT
        )
    version = _VERSION.search(told)
    answers = probe.Probe(version[1] if version else "unknown", (), flags)
    probe.write_cache(program, answers)
    return answers


def _flags(profile: Profile, detection: Detection) -> Iterator[str]:
    """Yield the options as flags; raises UsageError for a value or a flag that it does not have."""
    told = {key: value for key, value in profile.values.items() if key not in _ELSEWHERE}
    exported = writing.write(Profile(profile.name, values=told), Wanted(locate=values.model_file))
    for left in exported.left:
        if profile.is_set(left.key) and profile.value(left.key) != option(left.key).default:
            raise _refused(profile, left.key, left.why)
    wanted = {**json.loads(exported.text), **_template(profile, detection)}
    for key, value in wanted.items():
        if key not in _NOT_FLAGS:
            yield from _flag(profile, f"--{key}", value, detection)


def _template(profile: Profile, detection: Detection) -> dict[str, Any]:
    """Return what makes chats go by the model's own template, as llama-server's do, or by a file's.

    Without it KoboldCPP guesses one of its own formats.
    """
    named = profile.value("chat_template_file")
    if named:
        return {"jinja": True, "jinjatemplate": str(values.own_file(str(named)))}
    return {"jinja": "--jinja" in detection.options}


def _flag(profile: Profile, flag: str, value: Any, detection: Detection) -> Iterator[str]:
    if value is False or value in (None, "", []):
        return
    if flag not in detection.options:
        raise UsageError(
            f"KoboldCPP {detection.version} has no {flag}, which the profile {profile.name} needs.",
            fix="Use a newer KoboldCPP, or take what asks for it out of the profile.",
        )
    yield flag
    if value is not True:
        yield from map(str, value if isinstance(value, list) else [value])


def _refused(profile: Profile, key: str, why: str) -> UsageError:
    shown = one_line(format_value(option(key), profile.value(key)), 60)
    return UsageError(
        f"KoboldCPP cannot do what the profile {profile.name} asks for with {key} = {shown}: "
        f"{why}.",
        fix=f"Take {key} out of the profile, or use the engine llama-server.",
    )


def _env(profile: Profile) -> dict[str, str]:
    for name in _SECRET_ENV:
        if name in profile.env:
            raise UsageError(
                f"[env] of the profile {profile.name} sets {name}, which KoboldCPP prints into its "
                "log.",
                fix="Take it out, and reach the server through ssh -L.",
            )
    return extras.extra_env(profile)
