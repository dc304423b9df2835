"""The native engine: llama.cpp's own llama-server."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from termai import settings
from termai.engines import access, extras, probe
from termai.engines.arguments import arguments, unknown
from termai.engines.base import Detection, Launch
from termai.errors import InvalidFileError, NotFoundError, TermaiError
from termai.paths import expanded
from termai.profiles.profile import Profile
from termai.profiles.schema import NATIVE, option

HOW_TO_GET_IT = (
    "Run `termai engines build`, which builds it for this machine, or prefer one you have with "
    "`termai engines use PATH`."
)
_LOGGING = {
    "--verbosity": "4",
    "--log-colors": "off",
    "--log-prefix": "",
    "--log-timestamps": "",
}


class LlamaServer:
    """Finds llama-server and writes its command line."""

    name = NATIVE

    def detect(self) -> Detection:
        """Return the first llama-server that works, one that can use a GPU before others."""
        found, problems = search()
        if not found:
            raise NotFoundError(
                "No llama-server was found: none is configured, beside termai or on PATH.",
                fix=HOW_TO_GET_IT,
                detail=tuple(map(str, problems)),
            )
        return next((d for d in found if d.uses_gpu), found[0])

    def compose(self, profile: Profile, detection: Detection, *, model: Path, port: int) -> Launch:
        """Return the command line that serves ``model`` on ``port`` as the profile says."""
        host = str(profile.value("host"))
        keys = access.key_file(profile.value("api_key_file"))
        access.check_exposure(host, keys)
        argv = (
            str(detection.program),
            *("--model", str(model), "--host", host, "--port", str(port)),
            *(_keys(keys, detection) if keys else ()),
            *_cors(profile, detection),
            *_logging(detection),
            *(("--jinja",) if "--jinja" in detection.options else ()),
            *arguments(profile, detection),
            *extras.extra_args(profile, NATIVE),
        )
        return Launch(
            engine=NATIVE,
            argv=argv,
            env={**extras.gpu_order(detection), **extras.extra_env(profile)},
            unset_env=extras.overriding_env(("LLAMA_ARG_", "LLAMA_API_KEY")),
            host=host,
            port=port,
            model=model,
            url=access.url_of(host, port),
        )


def search() -> tuple[list[Detection], tuple[TermaiError, ...]]:
    """Return every llama-server that works, in order of preference, and why others do not."""
    found: list[Detection] = []
    problems: list[TermaiError] = []
    for source, program in _candidates():
        if any(program.samefile(other.program) for other in found if program.exists()):
            continue
        try:
            found.append(detection(source, program))
        except TermaiError as error:
            problems.append(error)
    return found, tuple(problems)


def unasked() -> tuple[Path, ...]:
    """Return the programs that are here and of which no answer is remembered."""
    here = dict.fromkeys(program for _, program in _candidates() if program.is_file())
    return tuple(program for program in here if probe.read_cache(program) is None)


def _candidates() -> Iterator[tuple[str, Path]]:
    configured = settings.load().values.llama_server
    if configured:
        yield "configured in config.toml", expanded(configured).absolute()
    beside = beside_termai()
    if beside:
        yield "beside termai", beside
    on_path = shutil.which(NATIVE)
    if on_path:
        yield "on PATH", Path(on_path).absolute()


def beside_termai() -> Path | None:
    """Return the llama-server that came with the llama-cpp-python package, if one did."""
    package = importlib.util.find_spec("llama_cpp")
    if package is None or not package.origin:
        return None
    program = Path(package.origin).parent.parent / "bin" / NATIVE
    return program if program.is_file() else None


def detection(source: str, program: Path) -> Detection:
    """Return what ``program`` says of itself; raises NotFoundError or ProbeError."""
    if program.is_dir():
        raise NotFoundError(
            f"{program}, {source}, is a directory.",
            fix=f"Name the {NATIVE} in it: `termai engines use PATH`.",
        )
    if not program.is_file():
        raise NotFoundError(f"{program}, {source}, does not exist.")
    if not os.access(program, os.X_OK):
        raise NotFoundError(f"{program}, {source}, is not executable.")
    answers = probe.probe(program)
    return Detection(
        engine=NATIVE,
        program=program,
        version=answers.version,
        devices=answers.devices,
        options=frozenset(answers.options),
        help=answers.options,
        removed=answers.removed,
        complete=answers.complete,
        source=source,
        described=answers.described,
    )


def _logging(binary: Detection) -> tuple[str, ...]:
    """Return what makes the log say where the model's layers and buffers are.

    Builds whose verbosity has the level "trace" need 4 for that; before, it was always said.
    """
    wanted: list[str] = []
    for flag, value in _LOGGING.items():
        about = binary.help.get(flag)
        fits = about and bool(about.takes) == bool(value)
        if fits and about and (flag != "--verbosity" or "4: trace" in about.text):
            wanted += (flag, value) if value else (flag,)
    return tuple(wanted)


def _keys(path: Path, binary: Detection) -> tuple[str, ...]:
    """Return what hands over the keys in ``path``; raises InvalidFileError for comments misread.

    A server that holds exactly one key logs its last four characters; of several it logs the
    number. So a file with one key is named twice, which every build reads twice.
    """
    about = binary.help.get("--api-key-file")
    if access.has_comments(path) and not (about and "hash" in about.text):
        raise InvalidFileError(
            f"{path} has comments, which {binary.program} would take for keys.",
            fix="Take the lines that begin with # out of it, or use a newer llama-server.",
        )
    times = 2 if len(access.read_keys(path)) == 1 else 1
    return ("--api-key-file", str(path)) * times


def _cors(profile: Profile, binary: Detection) -> tuple[str, ...]:
    """Return the web pages that may call; without a flag for it, older builds allow all."""
    if "--cors-origins" not in binary.options:
        if profile.is_set("cors_origins"):
            raise unknown(option("cors_origins"), profile, str(binary.program))
        return ()
    return "--cors-origins", ",".join(profile.value("cors_origins"))
