"""Command lines of llama-server as option values."""

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.profiles import flags
from termai.profiles.reading import SECRET_FLAGS
from termai.profiles.schema import OPTIONS, Adapter, Kind


def read(line: str) -> flags.Read:
    return flags.read(shlex.split(line))


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("-m a.gguf -c 16384 -ngl 99", {"path": "a.gguf", "ctx_size": 16384, "n_gpu_layers": 99}),
        ("--ctx_size 4096 --n_gpu_layers all", {"ctx_size": 4096, "n_gpu_layers": "all"}),
        ("--ctx-size=4096", {"ctx_size": 4096}),
        ("--metrics=true --mmap=off", {"metrics": True, "mmap": False}),
        ("-ngl -1", {"n_gpu_layers": "auto"}),
        ("-fa -c 512", {"flash_attn": "on", "ctx_size": 512}),
        ("-fa", {"flash_attn": "on"}),
        ("-fa 0", {"flash_attn": "off"}),
        ("--flash-attn auto", {"flash_attn": "auto"}),
        ("--no-mmap --mlock", {"mmap": False, "mlock": True}),
        ("-lm mlock", {"mmap": False, "mlock": True}),
        ("--load-mode mmap+mlock", {"mlock": True}),
        ("-lm auto", {}),
        ("-nkvo", {"kv_offload": False}),
        ("-kvo", {"kv_offload": True}),
        ("--fit off", {"fit": False}),
        ("-fitt 512", {"fit_target": 512}),
        ("-ts 3/1", {"tensor_split": (3.0, 1.0)}),
        ("-ts 3,1", {"tensor_split": (3.0, 1.0)}),
        ("-ot a=CPU -ot b=CPU", {"override_tensor": ("a=CPU", "b=CPU")}),
        ("-ctk q8_0 -ctv q8_0", {"cache_type_k": "q8_0", "cache_type_v": "q8_0"}),
        ("--temp 0.7 --temp 0.8", {"temperature": 0.8}),
        ("--repeat-penalty 1.1 -s 42", {"repeat_penalty": 1.1, "seed": 42}),
        ("--seed -1 -n -1", {"seed": -1, "max_tokens": -1}),
        ("--draft-max 8 -md d.gguf", {"spec_draft_n_max": 8, "model_draft": "d.gguf"}),
        ("--draft 8 --gpu-layers-draft 9", {"spec_draft_n_max": 8, "n_gpu_layers_draft": 9}),
        ("-hf a/b:Q4_K_M", {"path": "hub:a/b:Q4_K_M"}),
        ("-hf a/b -hff sub/c.gguf", {"path": "a/b/sub/c.gguf"}),
        ("-hfd a/b", {"model_draft": "hub:a/b"}),
        (
            "-mu https://huggingface.co/a/b/resolve/main/c.gguf?download=true",
            {"path": "a/b/c.gguf"},
        ),
        ("--lora s.gguf", {"lora": (Adapter("s.gguf", 1.0),)}),
        ("--lora-scaled s.gguf:0.5", {"lora": (Adapter("s.gguf", 0.5),)}),
        ("--lora-scaled s.gguf 0.5", {"lora": (Adapter("s.gguf", 0.5),)}),
        (
            "--lora a.gguf --lora b.gguf",
            {"lora": (Adapter("a.gguf", 1.0), Adapter("b.gguf", 1.0))},
        ),
        ("--override-kv 'a=str:x,\"b=str:y,z\"'", {"override_kv": ("a=str:x", "b=str:y,z")}),
        ("--reasoning true --reasoning-budget 0", {"reasoning": "on", "reasoning_budget": 0}),
        ("--api-key-file k --port 9000", {"api_key_file": "k", "port": 9000}),
        ("-sys 'Be brief.'", {"system_prompt": "Be brief."}),
        ("--metrics --swa-full", {"metrics": True, "swa_full": True}),
        ("-nr -cmoe -ncmoe 5", {"repack": False, "cpu_moe": True, "n_cpu_moe": 5}),
    ],
)
def test_a_flag_in_any_spelling_is_its_option(line: str, values: dict[str, Any]) -> None:
    found = read(line)
    assert found.values == values
    assert not found.args
    assert not found.left


@pytest.mark.parametrize(
    ("line", "args"),
    [
        ("--slots -c 1 --mirostat 2", ("--slots", "--mirostat", "2")),
        ("--no-jinja", ("--no-jinja",)),
        ("-lm dio", ("-lm", "dio")),
        ("-fitt 512,1024", ("-fitt", "512,1024")),
        ("--spec-type a,b", ("--spec-type", "a,b")),
        ("--brand-new -1", ("--brand-new", "-1")),
        ("--brand-new --other x", ("--brand-new", "--other", "x")),
        ("--control-vector-layer-range 1 2", ("--control-vector-layer-range", "1", "2")),
        ("-lcs cache.bin", ("-lcs", "cache.bin")),
    ],
)
def test_what_no_option_holds_is_passed_on_and_said(line: str, args: tuple[str, ...]) -> None:
    found = read(line)
    assert found.args == args
    assert not found.left
    assert args[0] in " ".join(found.notes)


@pytest.mark.parametrize(
    ("line", "key", "why"),
    [
        ("-c 16k", "-c", "whole number"),
        ("-c 1e3", "-c", "whole number"),
        ("--temp warm", "--temp", "a number"),
        ("--temp nan", "--temp", "a number"),
        ("--port 70000", "--port", "1 to 65535"),
        ("-ctk q9", "-ctk", "one of f32"),
        ("-fa perhaps", "-fa", "auto, on, off"),
        ("-lm fast", "-lm", "mmap+mlock"),
        ("-hf nonsense", "-hf", "ORG/NAME"),
        ("-mu https://example.com/x.gguf", "-mu", "downloads"),
        ("--lora-scaled a", "--lora-scaled", "FILE:SCALE"),
        ("-c", "-c", "missing"),
        ("word", "word", "no flag"),
        ("-v", "-v", "log"),
        ("--log-file x", "--log-file", "log"),
        ("--models-dir x", "--models-dir", "router"),
        ("-p hello", "-p", "chat"),
        ("--jinja", "--jinja", "always"),
        ("-hff c.gguf", "--hf-file", "--hf-repo"),
        ("-hf a/b -hff ../../c.gguf", "--hf-file", "--hf-repo"),
        ("-c " + "9" * 5000, "-c", "whole number"),
    ],
)
def test_what_a_profile_cannot_say_is_listed_with_its_reason(line: str, key: str, why: str) -> None:
    found = read(line)
    assert [left.key for left in found.left] == [key]
    assert why in found.left[0].why
    assert len(found.left[0].value) <= 60
    assert not found.args


@pytest.mark.parametrize("flag", sorted(SECRET_FLAGS))
def test_a_secret_is_named_and_not_repeated(flag: str) -> None:
    for line in (f"{flag} hunter2 -c 1", f"{flag}=hunter2 -c 1"):
        found = read(line)
        assert found.values == {"ctx_size": 1}
        assert found.left[0].value == "(hidden)"
        assert "hunter2" not in repr(found)


def test_every_declared_spelling_means_its_option() -> None:
    for declared in OPTIONS:
        for flag in (declared.flag, declared.off_flag, *declared.aliases):
            if flag and flag not in ("--load-mode", "-lm"):
                found = flags.meaning(flag)
                assert found is not None, flag
                assert found.option is declared


def test_no_spelling_belongs_to_two_options() -> None:
    seen: dict[str, str] = {}
    for declared in OPTIONS:
        for flag in (declared.flag, declared.off_flag, *declared.aliases):
            if flag and flag not in ("--load-mode", "-lm"):
                assert seen.setdefault(flag, declared.key) == declared.key


@pytest.mark.parametrize(
    ("name", "value", "values"),
    [
        ("LLAMA_ARG_CTX_SIZE", "4096", {"ctx_size": 4096}),
        ("LLAMA_ARG_N_GPU_LAYERS", "all", {"n_gpu_layers": "all"}),
        ("LLAMA_ARG_BATCH", "512", {"batch_size": 512}),
        ("LLAMA_ARG_N_PARALLEL", "3", {"parallel": 3}),
        ("LLAMA_ARG_THINK_BUDGET", "0", {"reasoning_budget": 0}),
        ("LLAMA_ARG_ENDPOINT_METRICS", "1", {"metrics": True}),
        ("LLAMA_ARG_ENDPOINT_METRICS", "0", {}),
        ("LLAMA_ARG_NO_MMAP", "1", {"mmap": False}),
        ("LLAMA_ARG_MMAP", "0", {"mmap": False}),
        ("LLAMA_ARG_KV_OFFLOAD", "false", {"kv_offload": False}),
        ("LLAMA_ARG_HF_REPO", "a/b", {"path": "hub:a/b"}),
        ("LLAMA_ARG_MODEL", "/m.gguf", {"path": "/m.gguf"}),
    ],
)
def test_its_variables_are_options_too(name: str, value: str, values: dict[str, Any]) -> None:
    found, rest = flags.read_env({name: value, "CUDA_VISIBLE_DEVICES": "0"})
    assert found.values == values
    assert rest == {"CUDA_VISIBLE_DEVICES": "0"}


def test_what_is_known_of_flags_it_does_not_know_comes_from_the_caller() -> None:
    assert flags.read(["--new", "word"], {"--new": False}).left[0].key == "word"
    assert flags.read(["--new", "-x"], {"--new": True}).args == ("--new", "-x")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=12))
def test_nothing_makes_it_raise_and_nothing_is_lost(words: list[str]) -> None:
    found = flags.read(words)
    for declared in OPTIONS:
        if declared.key in found.values and declared.kind is Kind.WHOLE:
            assert found.values[declared.key] is not None
    said = len(found.values) + len(found.args) + len(found.left)
    assert bool(said) == bool(words)


FLAGS = st.sampled_from(sorted({f for o in OPTIONS for f in (o.flag, o.off_flag, *o.aliases) if f}))


@given(
    st.lists(st.one_of(FLAGS, st.from_regex(r"-?[0-9a-z.,:/]{0,6}", fullmatch=True)), max_size=14)
)
def test_any_line_of_flags_gives_values_that_their_options_take(words: list[str]) -> None:
    from termai.profiles.values import check

    for key, value in flags.read(words).values.items():
        declared = next(one for one in OPTIONS if one.key == key)
        assert check(declared, value) == value


WITH_VALUE = FLAGS.map(lambda flag: f"{flag}=1")


@given(st.lists(st.one_of(FLAGS, WITH_VALUE, st.text("abc-=019", max_size=5)), max_size=12))
def test_groups_are_the_words(words: list[str]) -> None:
    assert [word for group in flags.grouped(words) for word in group] == words
