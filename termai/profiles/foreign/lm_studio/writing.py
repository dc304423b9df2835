"""A profile as an LM Studio preset."""

import re
from dataclasses import replace
from typing import Any

from termai.profiles.foreign.base import Exported, Left, Wanted
from termai.profiles.foreign.common import left_of_others
from termai.profiles.foreign.keeping import SHORT, shown_value, withheld
from termai.profiles.foreign.lm_studio import special
from termai.profiles.foreign.lm_studio.document import is_value, value_of, written
from termai.profiles.foreign.lm_studio.draft import NAME
from termai.profiles.foreign.lm_studio.fields import FIELDS, LOAD, OPERATION, Field
from termai.profiles.foreign.rawjson import dumped
from termai.profiles.foreign.secrets import plain
from termai.profiles.kept import HIDDEN
from termai.profiles.naming import name_for
from termai.profiles.profile import Profile
from termai.profiles.schema import AUTO, option
from termai.profiles.values import format_value
from termai.text import one_line

_NO_SUCH = "LM Studio has no such field"
_RANGE = "LM Studio takes no such value"
_CACHE_TYPES = frozenset({"f32", "f16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1"})
_WHY = {
    "path": "a preset names no model; choose one in LM Studio",
    "host": "LM Studio has one address for all models",
    "port": "LM Studio has one address for all models",
    "chat_template": "LM Studio takes a Jinja template, and this is the name of one of llama.cpp's",
    "chat_template_file": "LM Studio takes the template itself, see chat_template",
    "n_gpu_layers": "LM Studio takes all layers, none, or a share of them",
    "n_cpu_moe": "LM Studio takes the experts of all layers, none, or a share of them",
    "flash_attn": "LM Studio switches it on or off",
    "reasoning": "LM Studio switches it on or off",
    "split_mode": "LM Studio splits evenly, by proportions or by tensors",
    "spec_type": "LM Studio drafts with a draft model or by the model's own heads",
}
_LOAD_NOTE = (
    "LM Studio keeps what a model is loaded with per model and may pass over it in a preset: set "
    "it under My Models there."
)


def write(profile: Profile, wanted: Wanted) -> Exported:
    """Return a ``*.preset.json`` of LM Studio 0.3 and later, and what it cannot hold."""
    shown, secrets, private = plain(profile, wanted, env=False, args=False)
    made = _Writing(shown, wanted).exported()
    return replace(made, left=(*made.left, *secrets), private=made.private or private)


class _Writing:
    """One preset in the making; ``done`` are the options that were dealt with."""

    def __init__(self, profile: Profile, wanted: Wanted) -> None:
        self.profile = profile
        self.wanted = wanted
        self.texts: dict[str, dict[str, str]] = {"": {}, OPERATION: {}, LOAD: {}}
        self.left: list[Left] = []
        self.done: set[str] = set()

    def exported(self) -> Exported:
        for field in FIELDS:
            self._field(field)
        self._template()
        self._thinking()
        self._gpus()
        self._environment()
        private = self._kept()
        notes = (_LOAD_NOTE,) if self.texts[LOAD] else ()
        self._rest()
        text = written(self._top(), self.texts[OPERATION], self.texts[LOAD])
        return Exported(text, tuple(self.left), notes, private)

    def _value(self, key: str) -> Any:
        self.done.add(key)
        return self.profile.values.get(key)

    def _put(self, key: str, value: Any) -> None:
        section = OPERATION if key.startswith("llm.prediction.") else LOAD
        self.texts[section][key] = dumped(value)

    def _miss(self, key: str, why: str = "") -> None:
        self.done.add(key)
        text = one_line(format_value(option(key), self.profile.values[key])[: SHORT * 4], SHORT)
        self.left.append(Left(key, text, why or _WHY.get(key, _NO_SUCH)))

    def _field(self, field: Field) -> None:
        value = self._value(field.option)
        if value is None:
            return
        if field.box and value == field.off and not field.takes(value):
            self._put(field.key, {"checked": False, "value": field.low})
        elif not field.takes(value) or (
            field.option.startswith("cache_type") and value not in _CACHE_TYPES
        ):
            self._miss(field.option, _RANGE)
        else:
            plain = list(value) if isinstance(value, tuple) else value
            self._put(field.key, {"checked": True, "value": plain} if field.box else plain)

    def _template(self) -> None:
        template = self._value("chat_template")
        if template is None:
            return
        if "{" not in template:
            self._miss("chat_template")
            return
        jinja = {"jinjaPromptTemplate": {"template": template}, "stopStrings": []}
        self._put(special.TEMPLATE, {"type": "jinja", **jinja})

    def _thinking(self) -> None:
        self._switch("reasoning", special.THINKING)
        shift = self._value("context_shift")
        policies = {value: policy for policy, value in special.POLICIES.items()}
        if shift is not None:
            self._put(special.OVERFLOW, policies[shift])
        drafting = self._value("spec_type")
        if drafting == "draft-mtp":
            self._put(special.DRAFT_MTP, True)
        elif drafting == "draft-simple":
            self._put(special.DRAFT_SIMPLE, True)
        elif drafting is not None:
            self._miss("spec_type")

    def _switch(self, key: str, field: str) -> None:
        """Write an option that is on, off, or something that LM Studio has no word for."""
        value = self._value(key)
        if value in ("on", "off"):
            self._put(field, value == "on")
        elif value is not None:
            self._miss(key)

    def _gpus(self) -> None:
        self._switch("flash_attn", special.FLASH)
        layers = self._value("n_gpu_layers")
        if layers == AUTO:
            self._put(special.AUTO_FIT, True)
        elif layers in ("all", 0):
            self._put(special.AUTO_FIT, False)
            self._put(special.RATIO, "max" if layers else "off")
        elif layers is not None:
            self._miss("n_gpu_layers")
        experts = self._value("cpu_moe")
        if experts is not None:
            self._put(special.EXPERTS, "max" if experts else "off")
        split, mode = self._value("tensor_split"), self._value("split_mode")
        ratio = list(split or ())
        strategy = "custom" if ratio else "tensor" if mode == "tensor" else ""
        if strategy:
            rest = {"disabledGpus": [], "priority": [], "customRatio": ratio}
            self._put(special.SPLIT, {"strategy": strategy, **rest})
        if mode is not None and strategy != "tensor":
            self._miss("split_mode")

    def _environment(self) -> None:
        allowed = {n: v for n, v in self.profile.env.items() if n in special.ENV_ALLOWED}
        if allowed:
            self._put(special.ENV, allowed)
        for name, value in self.profile.env.items():
            if name not in allowed:
                why = f"LM Studio takes {', '.join(special.ENV_ALLOWED)} only"
                self.left.append(Left(f"env.{name}", shown_value(name, value), why))

    def _kept(self) -> bool:
        """Write what was kept and nothing else has written; return whether a secret is in it."""
        private = False
        for key, text in self.profile.kept.get(NAME, {}).items():
            section, slash, field = key.partition("/")
            place = self.texts.get(section) if slash else self.texts[""]
            if key in ("name", "identifier") or (place and (field or key) in place):
                continue
            if place is None or not is_value(text):
                shown = shown_value(key, text)
                why = "the presets of LM Studio 0.3 and later have no place for it"
                self.left.append(Left(one_line(key, SHORT), shown, why))
                continue
            hidden = withheld(key, text, with_secrets=self.wanted.with_secrets)
            if hidden:
                self.left.append(hidden)
                continue
            private = private or shown_value(key, text) == HIDDEN
            place[field or key] = text
        return private

    def _top(self) -> dict[str, str]:
        """Return the members before the fields: the names as they were where they still fit."""
        kept = self.profile.kept.get(NAME, {})
        named = value_of(kept.get("name", ""))
        same = isinstance(named, str) and name_for(named, NAME) == self.profile.name
        slug = re.sub(r"[^a-z0-9]+", "-", self.profile.name.lower()).strip("-") or "preset"
        identifier = kept.get("identifier", "")
        if not same or not is_value(identifier):
            identifier = dumped(f"@local:{slug}")
        name = kept["name"] if same else dumped(self.profile.name)
        first = {"identifier": identifier, "name": name}
        return {**first, "changed": "false", **self.texts[""]}

    def _rest(self) -> None:
        """List what the profile says beside."""
        profile = self.profile
        for key in profile.values:
            if key not in self.done:
                self._miss(key)
        if profile.description:
            shown = one_line(profile.description, SHORT)
            self.left.append(Left("description", shown, "a preset has a name only"))
        if profile.engine != AUTO:
            self.left.append(Left("engine", profile.engine, "LM Studio is the engine there"))
        for engine, words in profile.args.items():
            shown = shown_value(engine, " ".join(words))
            self.left.append(Left(f"args.{engine}", shown, "LM Studio takes no flags"))
        self.left += left_of_others(profile, NAME)
