"""Exported and imported again, a profile says the same, except for what the export named."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings

from termai.profiles.foreign import detect, format_named, read
from termai.profiles.foreign.base import Exported, Imported, Source, Wanted
from termai.profiles.profile import Profile
from termai.profiles.schema import EMBEDDED, NATIVE, Adapter
from tests.profiles.foreign.same import PROFILES, said, without

SUFFIXES = {"llama-server": ".sh", "llama-router": ".ini", "llama-swap": ".yaml", "termai": ".toml"}


def written(profile: Profile, name: str, wanted: Wanted | None = None) -> Exported:
    write = format_named(name).write
    assert write
    return write(profile, wanted or Wanted())


def there_and_back(profile: Profile, name: str) -> tuple[Exported, Imported]:
    exported = written(profile, name)
    source = Source(exported.text)
    assert detect(source).name == name
    return exported, read(source, name)[0]


@given(PROFILES)
@example(Profile("one", values={"path": "C:\\models\\a.gguf", "alias": "llama-server.exe"}))
@example(Profile("one", values={"lora": (Adapter("a,b", 1.0), Adapter('c"d', 0.5))}))
@example(Profile("one", values={"path": "-m", "alias": "--port", "chat_template": "a\n# b\\\n'c"}))
@example(Profile("one", values={"path": "hub:no repository"}))
@example(Profile("one", values={"path": "hub:a/b:Q4_K_M", "model_draft": "hub:a/b"}))
@example(Profile("one", values={"mmap": True, "mlock": True, "kv_offload": False}))
@example(Profile("one", env={"A": "x'y\"z$HOME"}))
def test_a_command_line(profile: Profile) -> None:
    exported, again = there_and_back(profile, "llama-server")
    assert said(again.profile) == said(without(profile, exported.left))
    assert again.profile.env == profile.env
    assert again.profile.args == profile.args
    assert not again.left


@given(PROFILES)
@example(Profile("one", values={"alias": "a;b", "chat_template": "x\ny"}))
@example(Profile("one", values={"path": " a "}))
def test_router_presets(profile: Profile) -> None:
    exported, again = there_and_back(profile, "llama-router")
    assert said(again.profile) == said(without(profile, exported.left))
    assert {left.key for left in exported.left} >= {f"env.{name}" for name in profile.env}
    assert not again.left


@given(PROFILES)
@example(Profile("one", values={"path": "a ${PORT} b", "alias": "x\\"}))
@example(Profile("one", values={"sleep_idle_seconds": 60}))
@example(Profile("one", values={"sleep_idle_seconds": 0}))
@example(Profile("one", values={"path": "# a", "alias": "#"}))
def test_llama_swap(profile: Profile) -> None:
    exported, again = there_and_back(profile, "llama-swap")
    assert said(again.profile) == said(without(profile, exported.left))
    assert again.profile.args == profile.args
    not_held = {left.key.removeprefix("env.") for left in exported.left}
    assert again.profile.env == {k: v for k, v in profile.env.items() if k not in not_held}


@given(PROFILES)
@settings(max_examples=30)
def test_a_profile_of_termai(profile: Profile) -> None:
    exported, again = there_and_back(profile, "termai")
    assert not exported.left
    assert again.profile.values == profile.values
    assert (again.profile.env, again.profile.args) == (profile.env, profile.args)


@pytest.mark.parametrize("name", sorted(SUFFIXES))
def test_nothing_is_left_of_a_usual_profile(name: str) -> None:
    values = {"path": "/m/a.gguf", "ctx_size": 8192, "n_gpu_layers": "all", "temperature": 0.7}
    profile = Profile("one", values=values)
    exported, again = there_and_back(profile, name)
    assert not exported.left
    assert again == Imported(Profile(again.profile.name, values=values))


@pytest.mark.parametrize("name", sorted(SUFFIXES))
def test_its_file_is_known_by_its_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"X{SUFFIXES[name].upper()}"
    assert detect(Source(written(Profile("one"), name).text, path)).name == name


@pytest.mark.parametrize("name", ["llama-server", "llama-router", "llama-swap"])
def test_what_cannot_go_along_is_named(name: str) -> None:
    profile = Profile(
        "one",
        engine=EMBEDDED,
        values={"path": "a.gguf", "stop": ("x",), "system_prompt": "Hi.", "port_strict": True},
        args={EMBEDDED: ("--x",), NATIVE: ("--slots",)},
        env={"HF_TOKEN": "hf_secret", "A": "b"},
        kept={"koboldcpp": {"password": "sesame", "sdmodel": "x"}},
    )
    exported, again = there_and_back(profile, name)
    named = {left.key for left in exported.left}
    wanted = {"engine", "args.llama-cpp-python", "sampling.stop", "chat.system_prompt"}
    assert named >= {*wanted, "server.port_strict", "kept.koboldcpp", "env.HF_TOKEN"}
    for secret in ("hf_secret", "sesame"):
        assert secret not in exported.text + repr(exported.left)
    assert again.profile.args == {NATIVE: ("--slots",)}


@pytest.mark.parametrize("name", ["llama-server", "llama-swap", "termai"])
def test_secrets_are_written_when_they_are_asked_for(name: str) -> None:
    profile = Profile("one", values={"path": "a.gguf"}, env={"HF_TOKEN": "hf_secret"})
    assert not written(profile, name).private
    exported = written(profile, name, Wanted(with_secrets=True))
    assert exported.private
    assert "hf_secret" in exported.text


def test_models_are_named_by_where_they_are() -> None:
    profile = Profile("one", values={"path": "qwen", "lora": (Adapter("style", 0.5),)})
    wanted = Wanted(locate=lambda reference: f"/models/{reference}.gguf")
    text = written(profile, "llama-server", wanted).text
    assert "--model /models/qwen.gguf" in text
    assert "--lora-scaled /models/style.gguf:0.5" in text
