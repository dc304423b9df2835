"""A profile as an Ollama Modelfile."""

from dataclasses import replace
from typing import Any

from termai.profiles.foreign.base import Exported, Left, Wanted
from termai.profiles.foreign.common import left_of_others
from termai.profiles.foreign.keeping import SHORT, shown_value, withheld
from termai.profiles.foreign.ollama import modelfile, places
from termai.profiles.foreign.ollama.parameters import DRAFTING, PARAMETERS
from termai.profiles.foreign.secrets import plain
from termai.profiles.kept import HIDDEN
from termai.profiles.profile import Profile
from termai.profiles.schema import AUTO, option
from termai.profiles.values import format_value
from termai.text import one_line, printable

NAME = "ollama"
_NO_SUCH = "a Modelfile has nothing like it"
_ELSEWHERE = "Ollama takes it for all models, from the environment: {}"
_WHY = {
    "host": _ELSEWHERE.format("OLLAMA_HOST"),
    "port": _ELSEWHERE.format("OLLAMA_HOST"),
    "parallel": _ELSEWHERE.format("OLLAMA_NUM_PARALLEL"),
    "flash_attn": _ELSEWHERE.format("OLLAMA_FLASH_ATTENTION"),
    "cache_type_k": _ELSEWHERE.format("OLLAMA_KV_CACHE_TYPE"),
    "cache_type_v": _ELSEWHERE.format("OLLAMA_KV_CACHE_TYPE"),
    "cors_origins": _ELSEWHERE.format("OLLAMA_ORIGINS"),
    "api_key_file": "Ollama has no API key",
    "alias": "a model of Ollama is called as `ollama create` is told",
    "chat_template": "Ollama takes a Go template",
    "chat_template_file": "Ollama takes a Go template",
    "mlock": "Ollama no longer reads use_mlock",
    "rope_freq_base": "Ollama no longer reads rope_frequency_base",
    "rope_freq_scale": "Ollama no longer reads rope_frequency_scale",
}
_UNQUOTABLE = "no quotes of a Modelfile can hold such a text"


def write(profile: Profile, wanted: Wanted) -> Exported:
    """Return a Modelfile for ``ollama create``, and what it cannot hold.

    Raises UsageError for a profile that names no model, without which there is none.
    """
    profile.model_reference()
    shown, secrets, private = plain(profile, wanted, env=False, args=False)
    made = _Writing(shown, wanted).exported()
    return replace(made, left=(*made.left, *secrets), private=made.private or private)


class _Writing:
    """One Modelfile in the making; ``done`` are the options that were dealt with."""

    def __init__(self, profile: Profile, wanted: Wanted) -> None:
        self.profile = profile
        self.wanted = wanted
        self.lines: list[str] = []
        self.left: list[Left] = []
        self.done: set[str] = set()

    def exported(self) -> Exported:
        self._file("FROM", "path")
        self._file("FROM", "mmproj")
        self._adapter()
        self._file("DRAFT", "model_draft")
        if "model_draft" in self.profile.values and self.profile.value("spec_type") == DRAFTING:
            self.done.add("spec_type")
        for name, parameter in PARAMETERS.items():
            value = self._value(parameter.key)
            text = None if value is None else parameter.write(value)
            if text is not None:
                self.lines.append(f"PARAMETER {name} {text}")
        for item in self._value("stop") or ():
            self._put("PARAMETER", "stop", item, "stop")
        if prompt := self._value("system_prompt"):
            self._put("SYSTEM", "system_prompt", str(prompt))
        private = self._kept()
        self._rest()
        about = printable(one_line(self.profile.description))
        comment = [f"# {about}"] if about else []
        text = "\n".join([*comment, *self.lines]) + "\n"
        return Exported(text, tuple(self.left), private=private)

    def _value(self, key: str) -> Any:
        self.done.add(key)
        return self.profile.values.get(key)

    def _put(self, word: str, key: str, value: str, name: str = "") -> None:
        line = modelfile.written(word, value, name)
        if line is None:
            self.left.append(Left(key, one_line(value, SHORT), _UNQUOTABLE))
        else:
            self.lines.append(line)

    def _file(self, word: str, key: str) -> None:
        value = self._value(key)
        if value is not None:
            self._put(word, key, places.written(self.wanted.locate(str(value))))

    def _adapter(self) -> None:
        adapters = self._value("lora") or ()
        whole = [adapter for adapter in adapters if adapter.scale == 1]
        for adapter in whole[:1]:
            self._put("ADAPTER", "lora", self.wanted.locate(adapter.path))
        for adapter in adapters:
            if adapter not in whole[:1]:
                why = "Ollama applies one adapter, at its full strength"
                self.left.append(Left("lora", one_line(f"{adapter.path}:{adapter.scale}"), why))

    def _kept(self) -> bool:
        """Write what was kept of a Modelfile; return whether a secret is among it."""
        private = False
        for key, text in self.profile.kept.get(NAME, {}).items():
            hidden = withheld(key, text, with_secrets=self.wanted.with_secrets)
            if hidden:
                self.left.append(hidden)
                continue
            private = private or shown_value(key, text) == HIDDEN
            if _is_instructions(text):
                self.lines.append(text)
            else:
                why = "what is kept of it is no instruction of a Modelfile"
                self.left.append(Left(one_line(key, SHORT), shown_value(key, text), why))
        return private

    def _rest(self) -> None:
        """List what the profile says beside."""
        profile = self.profile
        for key, value in profile.values.items():
            if key not in self.done:
                text = one_line(format_value(option(key), value), SHORT)
                self.left.append(Left(key, text, _WHY.get(key, _NO_SUCH)))
        if profile.engine != AUTO:
            self.left.append(Left("engine", profile.engine, "Ollama is the engine there"))
        for engine, words in profile.args.items():
            shown = shown_value("", " ".join(words))
            self.left.append(Left(f"args.{engine}", shown, "Ollama takes no flags of an engine"))
        for name, value in profile.env.items():
            why = "set it in the environment that Ollama is started in"
            self.left.append(Left(f"env.{name}", shown_value(name, value), why))
        self.left += left_of_others(profile, NAME)


def _is_instructions(text: str) -> bool:
    """Return whether a kept text is whole instructions still, so that it spoils no file."""
    from termai.errors import InvalidFileError

    try:
        found = modelfile.parse(text, NAME)
    except InvalidFileError:
        return False
    return not found.comments and all(one.word != "FROM" for one in found.instructions)
