"""Ollama's Modelfiles: read as Ollama reads them, written so that Ollama reads the same."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import InvalidFileError, UsageError
from termai.profiles.foreign import detect
from termai.profiles.foreign.base import Imported, Source, Wanted
from termai.profiles.foreign.ollama import FORMAT, modelfile
from termai.profiles.foreign.ollama.modelfile import INSTRUCTIONS
from termai.profiles.foreign.ollama.parameters import PARAMETERS
from termai.profiles.foreign.ollama.reading import read
from termai.profiles.foreign.ollama.writing import write
from termai.profiles.profile import Profile
from termai.profiles.schema import Adapter, option
from tests.profiles.strategies import LINES, PROSE, of_option

MARIO = '''# a comment
FROM llama3.2
# sets the temperature to 1 [higher is more creative]
PARAMETER temperature 1
parameter num_ctx 4096
PARAMETER num_gpu -1
PARAMETER stop "<|start_header_id|>"
PARAMETER stop """### User:
"""
PARAMETER num_keep 24
PARAMETER mirostat 2

SYSTEM """You are "Mario"
from Super Mario Bros."""
TEMPLATE """{{ if .System }}<|im_start|>system
{{ .System }}<|im_end|>{{ end }}"""
MESSAGE user Is Toronto in Canada?
MESSAGE assistant yes
LICENSE MIT
'''


def one(text: str, path: Path | None = None) -> Imported:
    [imported] = read(Source(text, path))
    return imported


def args_of(text: str) -> list[tuple[str, str, str]]:
    found = modelfile.parse(text, "it").instructions
    return [(command.word, command.name, command.args) for command in found]


def test_everything_of_a_modelfile_is_read_or_listed() -> None:
    imported = one(MARIO)
    profile = imported.profile
    assert profile.name == "llama3.2"
    assert profile.values == {
        "path": "llama3.2",
        "temperature": 1.0,
        "ctx_size": 4096,
        "n_gpu_layers": "auto",
        "stop": ("<|start_header_id|>", "### User:\n"),
        "system_prompt": 'You are "Mario"\nfrom Super Mario Bros.',
    }
    assert [(item.key, item.kept) for item in imported.left] == [
        ("PARAMETER num_keep", True),
        ("PARAMETER mirostat", True),
        ("TEMPLATE", True),
        ("MESSAGE", True),
        ("LICENSE", True),
    ]
    assert profile.kept["ollama"]["MESSAGE"] == (
        "MESSAGE user Is Toronto in Canada?\nMESSAGE assistant yes"
    )
    assert any("top_p 0.95 where Ollama has 0.9" in note for note in imported.notes)
    assert any("comments" in note for note in imported.notes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('FROM "     model 1"', [("FROM", "", "     model 1")]),
        ("FROM     FOOO BAR    ", [("FROM", "", "FOOO BAR")]),
        ("from foo\r\nsystem x\r", [("FROM", "", "foo"), ("SYSTEM", "", "x")]),
        ("\ufeffFROM foo", [("FROM", "", "foo")]),
        ('FROM foo\nSYSTEM """"""', [("FROM", "", "foo"), ("SYSTEM", "", "")]),
        ('FROM foo\nSYSTEM ""', [("FROM", "", "foo"), ("SYSTEM", "", "")]),
        ('FROM foo\nSYSTEM "\'"', [("FROM", "", "foo"), ("SYSTEM", "", "'")]),
        ('FROM foo\nSYSTEM """a "b" c"""  ', [("FROM", "", "foo"), ("SYSTEM", "", 'a "b" c')]),
        ('FROM foo\nSYSTEM "a\nb"', [("FROM", "", "foo"), ("SYSTEM", "", "a\nb")]),
        ("FROM foo # not one", [("FROM", "", "foo # not one")]),
        ("PARAMETER what the \nFROM a", [("PARAMETER", "what", "the"), ("FROM", "", "a")]),
        (
            'FROM foo\nMESSAGE system """\nParse.\n"""\n\t\t',
            [("FROM", "", "foo"), ("MESSAGE", "system", "\nParse.\n")],
        ),
        ("  # c\n\n\tFROM\tfoo", [("FROM", "", "foo")]),
        ('FROM foo\nSYSTEM"""\na"""', [("FROM", "", "foo"), ("SYSTEM", "", "\na")]),
    ],
)
def test_the_grammar_is_ollamas(text: str, expected: list[tuple[str, str, str]]) -> None:
    """The cases are those of Ollama's own parser/parser_test.go."""
    assert args_of(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM foo\nBADCOMMAND param1 value1", "line 2: expected one of FROM, .*'BADCOMMAND'"),
        ("FROM foo\nPARAMETER param1\n", "line 2: expected PARAMETER with"),
        ("FROM foo\nMESSAGE badguy I am", "line 2: expected MESSAGE with one of system, user"),
        ("FROM foo\nMESSAGE system\n", "line 2: expected MESSAGE"),
        ('FROM foo\nSYSTEM """This is ""\n', "line 2: expected the quote that SYSTEM begins"),
        ('FROM foo\nSYSTEM "\n\n', "line 2: expected the quote"),
        ("FROM\nfoo", "line 1: expected FROM with a value"),
        ("FROM: foo", "line 1: expected FROM with a value"),
        ("{}", "line 1: expected one of FROM, .*, found '{}'"),
        ("PARAMETER temperature 1", "expected a line FROM with a model"),
        ("", "expected a line FROM with a model"),
        ("FROM foo\nPARAMETER num_ctx many", "line 2: PARAMETER num_ctx: expected a whole number"),
        ("FROM foo\nPARAMETER num_ctx 1_000", "num_ctx: expected a whole number, found"),
        ("FROM foo\nPARAMETER num_ctx " + "9" * 5000, "num_ctx: expected a whole number"),
        ("FROM foo\nPARAMETER num_ctx -5", "num_ctx: expected a whole number from 0 to 100000000"),
        ("FROM foo\nPARAMETER temperature nan", "temperature: expected a number from 0 to 10"),
        ("FROM foo\nPARAMETER temperature hot", "temperature: expected a number"),
        ("FROM foo\nPARAMETER use_mmap yes", "use_mmap: expected true or false, found"),
        ("FROM " + "x" * 5000, "line 1: FROM: expected a path"),
        ("FROM foo\n" + "PARAMETER stop x\n" * 300, "PARAMETER stop: expected a list of texts"),
        ("FROM foo\n" * 5000, "at most 4096 instructions"),
        ("FROM " + "x" * (1 << 20), "at most 1048576 characters"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(InvalidFileError, match=said) as caught:
        one(text, Path("/somewhere/Modelfile"))
    assert caught.value.message.startswith("/somewhere/Modelfile")
    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("named", "path"),
    [
        ("qwen3:8b", "qwen3:8b"),
        ("hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M",) * 2,
        ("https://huggingface.co/a/b", "hub:a/b"),
        ("/models/x.gguf", "/models/x.gguf"),
        ("~/models/x.gguf", "~/models/x.gguf"),
        ("./beside.gguf", "HERE/beside.gguf"),
        ("beside.gguf", "HERE/beside.gguf"),
        ("missing.gguf", "missing.gguf"),
        (r"C:\models\x.gguf", r"C:\models\x.gguf"),
    ],
)
def test_what_from_names_becomes_a_reference(tmp_path: Path, named: str, path: str) -> None:
    (tmp_path / "beside.gguf").touch()
    expected = path.replace("HERE", str(tmp_path)).replace("hf.co/", "hub:")
    imported = one(f"FROM {named}\n", tmp_path / "Modelfile")
    assert imported.profile.values["path"] == expected


def test_a_blob_takes_the_name_that_ollama_show_gives() -> None:
    blob = "/home/me/.ollama/models/blobs/sha256-" + "0" * 64
    text = f'# Modelfile generated by "ollama show"\n# FROM llama3.2:latest\n\nFROM {blob}\n'
    imported = one(text)
    assert imported.profile.values["path"] == "llama3.2:latest"
    assert any("llama3.2:latest" in note for note in imported.notes)
    assert one(f"FROM {blob}\n").profile.values["path"] == blob
    assert one(f"FROM {blob}\n").profile.name == "ollama"


def test_projector_adapter_and_draft_model(tmp_path: Path) -> None:
    text = (
        "FROM ./model.gguf\nFROM ./mmproj-F16.gguf\nFROM ./model-2.gguf\n"
        "ADAPTER ./first.gguf\nADAPTER ./style.gguf\nDRAFT ./small.gguf\n"
    )
    for name in ("model", "mmproj-F16", "style", "small"):
        (tmp_path / f"{name}.gguf").touch()
    imported = one(text, tmp_path / "Modelfile")
    assert imported.profile.values == {
        "path": f"{tmp_path}/model.gguf",
        "mmproj": f"{tmp_path}/mmproj-F16.gguf",
        "lora": (Adapter(f"{tmp_path}/style.gguf"),),
        "model_draft": f"{tmp_path}/small.gguf",
        "spec_type": "draft-simple",
    }
    assert [item.value for item in imported.left] == ["./model-2.gguf", "./first.gguf"]


def test_a_directory_is_no_model(tmp_path: Path) -> None:
    imported = one("FROM .\n", tmp_path / "Modelfile")
    assert "path" not in imported.profile.values
    assert "GGUF files only" in imported.left[0].why


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Modelfile", "llama3.2"),
        ("mario.Modelfile", "mario"),
        ("Modelfile.mario", "mario"),
        ("modelfile-luigi", "luigi"),
    ],
)
def test_the_name_comes_from_the_file_or_the_model(file: str, name: str) -> None:
    assert one(MARIO, Path("/nowhere") / file).profile.name == name


def test_what_is_said_twice_counts_once_and_is_listed() -> None:
    imported = one("FROM a\nPARAMETER top_k 1\nPARAMETER top_k 2\nSYSTEM x\nSYSTEM y\n")
    assert imported.profile.values == {"path": "a", "top_k": 2, "system_prompt": "y"}
    assert [(item.key, item.value) for item in imported.left] == [
        ("PARAMETER top_k", "1"),
        ("SYSTEM", "x"),
    ]


def test_the_old_parameters_that_options_still_mean() -> None:
    values = one("FROM a\nPARAMETER use_mlock true\nPARAMETER rope_frequency_base 1e6\n").profile
    assert values.values == {"path": "a", "mlock": True, "rope_freq_base": 1e6}


@pytest.mark.parametrize("text", [MARIO, "from x", '\n# y\nPARAMETER top_k 1\nFROM "a b"'])
def test_it_is_told_from_other_files(text: str) -> None:
    assert detect(Source(text)).name == "ollama"
    assert detect(Source("nothing", Path("my.Modelfile"))).name == "ollama"


@pytest.mark.parametrize("text", ["FROM debian\nRUN apt-get update\n", "from x import y", "{}"])
def test_other_files_are_not_claimed(text: str) -> None:
    claimed = FORMAT.claims(text)
    assert claimed is (text == "from x import y")


def test_what_a_modelfile_cannot_hold_is_listed_with_why() -> None:
    profile = replace(
        Profile("mine", description="Two words\nhere").with_values(
            path="qwen3:8b",
            parallel=2,
            api_key_file="key",
            cache_type_k="q8_0",
            lora=[Adapter("a.gguf", 0.5), Adapter("b.gguf")],
            system_prompt='a"""\nb',
        ),
        engine="llama-server",
        env={"HF_TOKEN": "hf_secret", "OMP_NUM_THREADS": "1"},
        args={"llama-server": ("--slots",)},
        kept={"koboldcpp": {"x": "1"}},
    )
    exported = write(profile, Wanted())
    assert exported.text == "# Two words here\nFROM qwen3:8b\nADAPTER b.gguf\n"
    listed = {item.key: item for item in exported.left}
    assert set(listed) == {
        *("parallel", "api_key_file", "cache_type_k", "lora", "system_prompt", "engine"),
        *("args.llama-server", "env.HF_TOKEN", "env.OMP_NUM_THREADS", "kept.koboldcpp"),
    }
    assert "OLLAMA_NUM_PARALLEL" in listed["parallel"].why
    assert "hf_secret" not in repr(exported)


def test_without_a_model_there_is_no_modelfile() -> None:
    with pytest.raises(UsageError, match="names no model"):
        write(Profile("mine"), Wanted())


def test_models_are_named_as_ollama_finds_them() -> None:
    profile = Profile("p").with_values(path="hub:a/b:Q8_0")
    assert write(profile, Wanted()).text == "FROM hf.co/a/b:Q8_0\n"
    found = Wanted(locate=lambda _: "/models/b file.gguf ")
    assert write(profile, found).text == 'FROM """/models/b file.gguf """\n'


def test_secrets_that_were_kept_are_written_only_when_asked_for() -> None:
    profile = replace(
        Profile("p").with_values(path="a"),
        kept={"ollama": {"PARAMETER api_key": "PARAMETER api_key abc"}},
    )
    plain = write(profile, Wanted())
    assert "abc" not in repr(plain)
    assert not plain.private
    whole = write(profile, Wanted(with_secrets=True))
    assert whole.text == "FROM a\nPARAMETER api_key abc\n"
    assert whole.private


def test_what_is_kept_spoils_no_file() -> None:
    kept = {"TEMPLATE": 'TEMPLATE """open', "MESSAGE": "FROM other", "LICENSE": "LICENSE MIT"}
    exported = write(replace(Profile("p").with_values(path="a"), kept={"ollama": kept}), Wanted())
    assert exported.text == "FROM a\nLICENSE MIT\n"
    assert [item.key for item in exported.left] == ["TEMPLATE", "MESSAGE"]


def test_a_modelfile_comes_back_with_what_termai_does_not_know() -> None:
    again = write(one(MARIO).profile, Wanted()).text
    assert one(again).profile == one(MARIO).profile
    for word in ("TEMPLATE", "MESSAGE", "LICENSE"):
        assert [c for c in args_of(again) if c[0] == word] == [
            c for c in args_of(MARIO) if c[0] == word
        ]


def _held(key: str) -> st.SearchStrategy[Any]:
    """Return the values of an option that a Modelfile can hold."""
    values = of_option(option(key))
    awkward = {"n_gpu_layers": 999, "threads": 0}
    return values.filter(lambda value: value != awkward[key]) if key in awkward else values


def _fits(text: str) -> bool:
    return modelfile.written("SYSTEM", text) is not None


PATHS = LINES.filter(lambda text: text.strip() and "sha256" not in text and "mmproj" not in text)
HOLDABLE = st.fixed_dictionaries(
    {"path": PATHS},
    optional={
        **{parameter.key: _held(parameter.key) for parameter in PARAMETERS.values()},
        "mmproj": PATHS.map(lambda text: text.replace("/", "").replace("\\", "") + "mmproj"),
        "model_draft": PATHS,
        "lora": PATHS.map(lambda text: (Adapter(text),)),
        "system_prompt": PROSE.filter(_fits),
        "stop": st.lists(PROSE.filter(_fits), min_size=1, max_size=3).map(tuple),
    },
)


@given(HOLDABLE)
def test_a_profile_that_a_modelfile_can_hold_comes_back_the_same(values: dict[str, Any]) -> None:
    drafting = {"spec_type": "draft-simple"} if "model_draft" in values else {}
    profile = Profile("mine").with_values(**values, **drafting)
    exported = write(profile, Wanted())
    assert exported.left == ()
    imported = one(exported.text)
    assert imported.profile.values == profile.values
    assert imported.left == ()


KEPT = st.sampled_from(["TEMPLATE", "LICENSE", "RENDERER", "PARAMETER num_keep", "MESSAGE user"])


@given(st.lists(st.tuples(KEPT, PROSE.filter(_fits)), max_size=5))
def test_what_is_kept_comes_back_byte_for_byte(given_: list[tuple[str, str]]) -> None:
    lines = [modelfile.written(word, text) or "" for word, text in given_]
    first = one("\n".join(["FROM a", *lines]))
    exported = write(first.profile, Wanted(with_secrets=True))
    assert one(exported.text).profile == first.profile
    for line in lines:
        assert line in exported.text


WORDS = st.sampled_from([*INSTRUCTIONS, "from", "NONSENSE", "#", '"', '"""', "stop", "user", ""])
PIECES = st.lists(st.one_of(WORDS, PROSE, st.text(max_size=8)), max_size=12)


@given(st.lists(PIECES.map(" ".join), max_size=8).map("\n".join))
def test_any_text_gives_a_profile_or_an_error_that_names_the_file(text: str) -> None:
    FORMAT.claims(text)
    refused = ""
    try:
        imported = one(text, Path("/nowhere/Modelfile"))
    except InvalidFileError as error:
        refused = error.message
    if refused:
        assert refused.startswith("/nowhere/Modelfile")
        return
    Profile("checked").with_values(**imported.profile.values)
    write(imported.profile.with_values(path="a"), Wanted())


def test_long_quoted_text_is_read_in_one_pass() -> None:
    """A megabyte of short lines, each of which might end the quote: no more than linear."""
    text = 'FROM a\nLICENSE """' + 'a "b"\n' * 160_000 + '"""\n'
    imported = one(text)
    assert [(item.key, item.kept) for item in imported.left] == [("LICENSE", False)]
    assert not FORMAT.claims("\n" * 60_000 + "1")
