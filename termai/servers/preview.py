"""What a profile would do if it were started now, fast enough to be asked at every keystroke."""

import shlex
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from termai.engines import device_names
from termai.engines.base import Detection, Engine
from termai.engines.choose import choose
from termai.engines.served import is_file, loads_gguf, model_of
from termai.engines.values import found_already
from termai.errors import TermaiError
from termai.gguf.header import Header
from termai.models.fit import Machine
from termai.profiles.clashes import Clash, MachineLimits, ModelFacts, find
from termai.profiles.kept import hides, masked_words
from termai.profiles.profile import Profile
from termai.profiles.schema import LLAMA_CPP, NATIVE
from termai.servers.preview_facts import ModelNote, engine_of, facts_of, kind_of, no_model, note_of
from termai.servers.preview_memory import Memory, MemoryView, Row
from termai.servers.preview_sources import File, Sources

__all__ = ["ModelNote", "Preview", "Previewer", "Row", "command_line", "command_text", "other_port"]

_BESIDE = ("mmproj", "model_draft")
_AUTO_SLOTS = "4"  # of llama-server with --parallel -1


@dataclass(frozen=True, slots=True)
class Preview:
    """What a start would do.

    engine: that runs it, empty where none is here. model: None where it cannot be read. rows: RAM
    first, then each GPU that is used; empty where it cannot be told. verdict: a few words.
    advice: sentences with what to change. fits: None where it cannot be told. automatic: what
    becomes of options that are left open, by key. clashes: problems first. command: the argv that
    would run, empty where none can. problem: one sentence on what stands in the way of telling
    more, or of a start, that is no clash.
    """

    engine: str = ""
    model: ModelNote | None = None
    rows: tuple[Row, ...] = ()
    verdict: str = ""
    advice: str = ""
    automatic: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    clashes: tuple[Clash, ...] = ()
    command: tuple[str, ...] = ()
    problem: str = ""
    fits: bool | None = None


class Previewer:
    """Makes previews and remembers what they have in common. Any thread may ask it.

    detection, machine: an engine and a machine to judge by instead of those that are here.
    """

    def __init__(self, detection: Detection | None = None, machine: Machine | None = None) -> None:
        self._sources = Sources(detection, machine)
        self._memory = Memory(self._sources)
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Look anew at engines, the machine, model files and servers at the next preview."""
        self._sources.refresh()

    def preview(self, profile: Profile) -> Preview:
        """Return what starting a profile would do now.

        Takes a few milliseconds, the first time as long as finding the engine and the model
        takes. Never raises a TermaiError: what stands in the way is in the preview.
        """
        with self._lock:
            return _Making(profile, self._sources, self._memory).preview()


class _Making:
    """One preview in the making; what goes wrong is kept, the first of it told."""

    def __init__(self, profile: Profile, sources: Sources, memory: Memory) -> None:
        self.profile = profile
        self.sources = sources
        self.memory = memory
        self.problems: list[str] = []

    def preview(self) -> Preview:
        engine = self._engine()
        if engine:
            self._place(engine[1])
        file = self._file() if loads_gguf(self.profile) else None
        header = file.header if file else None
        view = self._view(engine[1], header) if engine and header else MemoryView()
        if view.why:
            self.problems.append(view.why)
        port = self.sources.port(self.profile) if is_file(self.profile.engine) else None
        facts = self._facts(header, view) if header else None
        limits = self.sources.limits()
        known = engine_of(engine[1], self.profile) if engine else None
        clashes = find(self.profile, facts, limits, known, port, self._kinds())
        wanted = int(self.profile.value("port"))
        granted = port.free if port and port.refused and port.free else wanted
        command = self._command(engine, self._served(file), granted, clashes) if engine else ()
        return Preview(
            engine=engine[1].engine if engine else "",
            model=note_of(header, file.path.stem) if header and file else None,
            rows=view.rows,
            verdict=view.verdict,
            advice=view.advice,
            automatic=MappingProxyType(
                {
                    **(view.automatic or {}),
                    **_decided(self.profile, limits, native=_is_native(engine)),
                    **({"port": str(granted)} if granted != wanted else {}),
                }
            ),
            clashes=clashes,
            command=command,
            problem=self.problems[0] if self.problems else "",
            fits=view.fits,
        )

    def _engine(self) -> tuple[Engine, Detection] | None:
        try:
            return self.sources.engine(self.profile.engine)
        except TermaiError as error:
            self._failed(error)
            return None

    def _place(self, detection: Detection) -> None:
        """Put llama.cpp's names of GPUs in the place of those that people know."""
        try:
            self.profile = device_names.placed(self.profile, detection)
        except TermaiError as error:
            self._failed(error)

    def _file(self) -> File | None:
        try:
            file = self.sources.file(self.profile.model_reference())
        except TermaiError as error:
            self._failed(error)
            return None
        if file.header is None:
            self.problems.append(file.trouble)
        elif beside := no_model(file.header):
            self.problems.append(f"{file.path} is {beside}, which is loaded beside a model.")
        return file

    def _view(self, detection: Detection, header: Header) -> MemoryView:
        if detection.engine not in LLAMA_CPP:
            return MemoryView()
        try:
            here = self.sources.machine(detection)
            return self.memory.view(self.profile, detection, header, here)
        except TermaiError as error:
            self._failed(error)
            return MemoryView()

    def _facts(self, header: Header, view: MemoryView) -> ModelFacts | None:
        draft = self.profile.value("model_draft")
        beside = self.sources.header(str(draft)) if draft else None
        try:
            return facts_of(header, beside, view.locked)
        except TermaiError:
            return None

    def _command(
        self,
        engine: tuple[Engine, Detection],
        model: Path | None,
        port: int,
        clashes: tuple[Clash, ...],
    ) -> tuple[str, ...]:
        """Return the argv; why there is none is told unless a clash tells it already."""
        if model is None:
            return ()
        composer, detection = engine
        try:
            with found_already(self._files()):
                return composer.compose(self.profile, detection, model=model, port=port).argv
        except TermaiError as error:
            if not any(clash.severity.value == "problem" for clash in clashes):
                self._failed(error)
            return ()

    def _served(self, file: File | None) -> Path | None:
        if loads_gguf(self.profile):
            return file.path if file else None
        try:
            return model_of(self.profile)
        except TermaiError as error:
            self._failed(error)
            return None

    def _files(self) -> dict[str, Path]:
        """Return the model files that the profile names beside its model, those that are here."""
        found: dict[str, Path] = {}
        for reference in self._named():
            try:
                found[reference] = self.sources.file(reference).path
            except TermaiError:
                continue
        return found

    def _kinds(self) -> dict[str, str]:
        """Return what they are, those of which that can be told."""
        headers = {reference: self.sources.header(reference) for reference in self._named()}
        return {
            reference: kind
            for reference, header in headers.items()
            if header and (kind := kind_of(header))
        }

    def _named(self) -> list[str]:
        named = [str(self.profile.value(key) or "") for key in _BESIDE]
        named += [str(path) for path, _ in self.profile.value("lora")]
        return [reference for reference in named if reference]

    def _failed(self, error: TermaiError) -> None:
        self.problems.append(error.message)


def command_line(profile: Profile) -> tuple[str, ...]:
    """Return the argv that starting a profile would run, with the port that it asks for.

    Raises what a start raises for a model, an engine or an option that is not there; the memory
    is not judged.
    """
    engine, detection = choose(profile.engine)
    model = model_of(profile)
    return engine.compose(profile, detection, model=model, port=int(profile.value("port"))).argv


def other_port(profile: Profile) -> str:
    """Return a sentence where a start would not get the profile's port, empty where it would."""
    port = Sources().port(profile) if is_file(profile.engine) else None
    if port is None or not port.refused:
        return ""
    if not port.any_port:
        return f"{port.host} {port.refused}: it would not start."
    told = f"Port {port.port} {port.refused}"
    if profile.value("port_strict"):
        return f"{told}, and the profile insists on it: it would not start."
    if port.free is None:
        return f"{told}, and so are those after it."
    return f"{told}: a start takes {port.free} now."


def command_text(argv: tuple[str, ...], env: Mapping[str, str] | None = None) -> str:
    """Return a command as one line for a shell, with the variables that are set for it.

    A variable that is a secret is that of the shell it is pasted into, ``A="$A"``; a secret among
    the words is hidden.
    """
    assigned = [
        f'{name}="${name}"' if hides(name, value) else f"{name}={shlex.quote(value)}"
        for name, value in (env or {}).items()
    ]
    return " ".join((*assigned, shlex.join(masked_words(argv))))


def _is_native(engine: tuple[Engine, Detection] | None) -> bool:
    return engine is None or engine[1].engine == NATIVE


def _decided(profile: Profile, limits: MachineLimits, *, native: bool) -> dict[str, str]:
    """Return what an engine makes of options that are left open, whatever the memory."""
    decided: dict[str, str] = {}
    if not native:
        return decided
    parallel = int(profile.value("parallel"))
    if parallel < 0:
        decided["parallel"] = _AUTO_SLOTS
    if profile.value("kv_unified") is None:
        decided["kv_unified"] = "on" if parallel < 0 else "off"
    return {**decided, **_threads(profile, limits)}


def _threads(profile: Profile, limits: MachineLimits) -> dict[str, str]:
    """Return the threads that llama.cpp takes by itself, to generate and to read prompts."""
    chosen = str(limits.chosen) if limits.chosen else ""
    asked = int(profile.value("threads"))
    decided = {"threads": chosen} if chosen and not profile.is_set("threads") else {}
    said = str(asked) if profile.is_set("threads") and asked > 0 else decided.get("threads", "")
    if said and not profile.is_set("threads_batch"):
        decided["threads_batch"] = said
    return decided
