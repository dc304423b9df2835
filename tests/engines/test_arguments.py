"""Options in the spelling that the binary knows."""

from pathlib import Path
from typing import Any

import pytest

from termai.engines.arguments import arguments, lacks
from termai.engines.base import Detection
from termai.engines.llama_server import LlamaServer, detection
from termai.errors import NotFoundError, UsageError
from termai.paths import config_dir
from termai.profiles.profile import Profile
from termai.profiles.schema import OPTIONS, Adapter, Kind, Option
from tests.gguf.building import build


@pytest.fixture
def old(old_program: Path) -> Detection:
    return detection("on PATH", old_program)


@pytest.fixture
def old_gpu(old_program: Path, monkeypatch: pytest.MonkeyPatch) -> Detection:
    monkeypatch.setenv("FAKE_DEVICES", "CUDA0")
    return detection("on PATH", old_program)


def written(binary: Detection, **options: Any) -> list[str]:
    return list(arguments(Profile("p").with_values(**options), binary))


_SAMPLES: dict[str, Any] = {"device": ["CUDA0"], "host": "localhost"}


def _value(declared: Option, directory: Path) -> Any:
    """Return a value that an option does not have by itself, with its file where it names one."""
    if declared.kind is Kind.PATH or declared.kind is Kind.ADAPTERS:
        named = directory / f"{declared.key}.gguf"
        named.touch(mode=0o600)
        content = b"key" if declared.key == "api_key_file" else build({"general.type": "adapter"})
        named.write_bytes(content)
        return (Adapter(str(named)),) if declared.kind is Kind.ADAPTERS else str(named)
    if declared.kind is Kind.SWITCH:
        return not declared.default
    if declared.kind is Kind.CHOICE:
        return next(choice for choice in declared.choices if choice != declared.default)
    by_kind: dict[Kind, Any] = {Kind.TEXT: "x", Kind.PROSE: "x", Kind.LIST: ("a=int:1",)}
    by_kind |= {Kind.WHOLE: 3, Kind.NUMBER: 0.5, Kind.NUMBERS: (1.0,)}
    found = by_kind[declared.kind]
    return max(found, declared.low) if declared.kind in (Kind.WHOLE, Kind.NUMBER) else found


def refused(profile: Profile, binary: Detection) -> bool:
    """Tell whether a start is refused for an option that the binary has not."""
    try:
        LlamaServer().compose(profile, binary, model=Path("m.gguf"), port=8080)
    except UsageError:
        return True
    return False


def test_what_is_not_set_is_not_written(native: Detection) -> None:
    assert written(native) == []


@pytest.mark.parametrize(
    ("options", "new", "older"),
    [
        ({"mlock": True}, ["--load-mode", "mmap+mlock"], ["--mlock"]),
        ({"mmap": False}, ["--load-mode", "none"], ["--no-mmap"]),
        ({"mmap": False, "mlock": True}, ["--load-mode", "mlock"], ["--no-mmap", "--mlock"]),
        ({"mmap": True, "mlock": False}, ["--load-mode", "mmap"], []),
        ({"spec_draft_n_max": 6}, ["--spec-draft-n-max", "6"], ["--draft-max", "6"]),
        ({"spec_draft_n_min": 2}, ["--spec-draft-n-min", "2"], ["--draft-min", "2"]),
        ({"flash_attn": "on"}, ["--flash-attn", "on"], ["--flash-attn"]),
        ({"flash_attn": "off"}, ["--flash-attn", "off"], []),
        ({"flash_attn": "auto"}, ["--flash-attn", "auto"], []),
        ({"kv_offload": False}, ["--no-kv-offload"], ["--no-kv-offload"]),
        ({"kv_offload": True}, ["--kv-offload"], []),
        ({"context_shift": False}, ["--no-context-shift"], ["--no-context-shift"]),
        ({"context_shift": True}, ["--context-shift"], []),
        ({"n_gpu_layers": 12}, ["--n-gpu-layers", "12"], ["--n-gpu-layers", "12"]),
        ({"n_gpu_layers": "all"}, ["--n-gpu-layers", "all"], ["--n-gpu-layers", "999"]),
        ({"n_gpu_layers": "auto"}, ["--n-gpu-layers", "auto"], []),
        ({"tensor_split": (3.0, 1.5)}, ["--tensor-split", "3,1.5"], ["--tensor-split", "3,1.5"]),
        ({"temperature": 0.7}, ["--temp", "0.7"], ["--temp", "0.7"]),
        ({"max_tokens": 99}, ["--predict", "99"], ["--predict", "99"]),
        ({"parallel": 3}, ["--parallel", "3"], ["--parallel", "3"]),
        ({"parallel": -1}, ["--parallel", "-1"], []),
        ({"metrics": True}, ["--metrics"], ["--metrics"]),
        ({"metrics": False}, [], []),
        (
            {"override_kv": ("a=int:1", "b=str:x")},
            ["--override-kv", "a=int:1,b=str:x"],
            ["--override-kv", "a=int:1", "--override-kv", "b=str:x"],
        ),
    ],
)
def test_the_spelling_is_the_one_that_the_binary_knows(
    native: Detection,
    old: Detection,
    options: dict[str, Any],
    new: list[str],
    older: list[str],
) -> None:
    assert written(native, **options) == new
    assert written(old, **options) == older


def test_all_layers_go_to_the_gpu_where_an_older_build_knows_no_auto(old_gpu: Detection) -> None:
    assert written(old_gpu, n_gpu_layers="auto") == ["--n-gpu-layers", "999"]


def test_switches_that_take_a_value_get_one(native: Detection) -> None:
    assert written(native, fit=False) == ["--fit", "off"]
    assert written(native, fit=True) == ["--fit", "on"]


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"cpu_moe": True}, "cpu_moe"),
        ({"reasoning": "on"}, "reasoning"),
        ({"fit": False}, "fit"),
        ({"swa_full": True}, "swa_full"),
        ({"cache_reuse": 256}, "cache_reuse"),
    ],
)
def test_an_option_that_the_binary_lacks_is_named(
    old: Detection, options: dict[str, Any], key: str
) -> None:
    with pytest.raises(UsageError, match=f"no `{key}`") as caught:
        written(old, **options)
    assert str(old.program) in str(caught.value)
    assert key in caught.value.fix


@pytest.mark.parametrize("declared", OPTIONS, ids=lambda declared: declared.key)
def test_what_a_binary_lacks_is_told_without_writing_it(
    native: Detection, old: Detection, declared: Option, tmp_path: Path
) -> None:
    value = _SAMPLES.get(declared.key, _value(declared, tmp_path))
    profile = Profile("p").with_values(**{declared.key: value})
    for binary in (native, old):
        assert lacks(declared, profile, binary) == refused(profile, binary)


def test_an_option_that_asks_for_what_happens_anyway_is_no_reason_to_refuse(
    old: Detection,
) -> None:
    assert written(old, cpu_moe=False, reasoning="auto", fit=True, swa_full=False) == []


def test_thinking_is_switched_off_by_a_budget_where_there_is_no_switch(native: Detection) -> None:
    from dataclasses import replace

    lacking = replace(native, options=native.options - {"--reasoning"})
    assert written(lacking, reasoning="off") == ["--reasoning-budget", "0"]
    assert written(lacking, reasoning="on") == []


def test_adapters_are_written_with_their_scales(
    native: Detection, old: Detection, tmp_path: Path
) -> None:
    plain, odd = tmp_path / "style.gguf", tmp_path / "a,b.gguf"
    for path in (plain, odd):
        path.write_bytes(build({"general.type": "adapter"}))
    lora = (Adapter(str(plain), 0.8), Adapter(str(odd), 1.0))
    assert written(native, lora=lora) == ["--lora-scaled", f'{plain}:0.8,"{odd}:1.0"']
    assert written(old, lora=lora) == [
        *("--lora-scaled", str(plain), "0.8"),
        *("--lora-scaled", str(odd), "1.0"),
    ]


def test_an_adapter_with_a_colon_in_its_path_cannot_be_scaled(
    native: Detection, tmp_path: Path
) -> None:
    path = tmp_path / "a:b.gguf"
    path.write_bytes(build({"general.type": "adapter"}))
    assert written(native, lora=(Adapter(str(path), 1.0),)) == ["--lora", str(path)]
    with pytest.raises(UsageError, match="colon"):
        written(native, lora=(Adapter(str(path), 0.5),))


def test_a_template_file_is_looked_for_beside_the_configuration(native: Detection) -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        written(native, chat_template_file="own.jinja")
    config_dir().mkdir(parents=True)
    own = config_dir() / "own.jinja"
    own.write_text("{{ messages }}")
    assert written(native, chat_template_file="own.jinja") == ["--chat-template-file", str(own)]


@pytest.mark.parametrize("key", ["mmproj", "model_draft"])
def test_a_further_model_that_is_missing_is_reported_before_the_start(
    native: Detection, key: str
) -> None:
    with pytest.raises(NotFoundError):
        written(native, **{key: "/nowhere/model.gguf"})
