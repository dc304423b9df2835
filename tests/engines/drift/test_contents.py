"""Values in [args] that llama-server takes as words and ends at, once it reads them."""

import subprocess
from pathlib import Path

import pytest

from termai.engines import drift
from termai.engines.base import Detection
from termai.engines.llama_server import LlamaServer
from termai.errors import UsageError
from tests.engines.drift.asking import brought_up_to_date, having, refusal
from tests.support import free_port

_AT_ONCE = (
    ("--override-kv", "a=foo:1"),
    ("--override-kv", "a=int:1,b"),
    ("--override-kv", "a=int:1,"),
    ("-ot", "a=cpu"),
    ("--override-tensor", "a=CPU,b"),
    ("--chat-template-kwargs", "{thinking: true}"),
    ("--json-schema", "{"),
    ("--grammar-file", "gone.gbnf"),
    ("--chat-template-file", "gone.jinja"),
    ("--slot-save-path", "gone"),
    ("--media-path", "gone"),
)
_WHILE_LOADING = (
    ("--lora", "gone.gguf"),
    ("--lora-scaled", "gone.gguf:0.5"),
    ("--mmproj", "gone.gguf"),
    ("--path", "gone"),
    ("-ot", "a(=CPU"),
    ("-ot", "*=CPU"),
    ("-ot", "(?i)a=CPU"),
    ("--ui-config", "{a"),
    ("--mcp-servers-json", "{a"),
    ("--ssl-key-file", "gone", "--ssl-cert-file", "gone"),
)
_TAKEN = (
    ("--override-kv", 'a=int:1,"b=str:x, y"'),
    ("--override-tensor", "a[0-9]=CPU,[]=CPU"),
    ("--chat-template-kwargs", '{"thinking": true}'),
    ("--json-schema", '{"type": "object"}'),
    ("--grammar-file", "here"),
    ("--slot-save-path", "."),
    ("--ssl-key-file", "gone"),
    ("--lookup-cache-dynamic", "gone"),
)


def fatal(words: tuple[str, ...], binary: Detection) -> tuple[drift.Drift, ...]:
    return tuple(found for found in drift.check(having(*words), binary) if found.fatal)


@pytest.mark.parametrize("words", _AT_ONCE, ids=" ".join)
def test_what_the_program_ends_at_is_told(native: Detection, words: tuple[str, ...]) -> None:
    assert refusal(native, words)
    (found,) = fatal(words, native)
    assert words[0] in found.problem
    assert found.problem.endswith(".")


@pytest.mark.parametrize("words", _WHILE_LOADING, ids=" ".join)
def test_what_the_program_ends_at_while_it_loads_is_told(
    native: Detection, model: Path, words: tuple[str, ...]
) -> None:
    program = (native.program, "-m", model, "--port", str(free_port()), "-c", "256")
    ended = subprocess.run([*program, *words], cwd=Path.home(), capture_output=True, timeout=60)
    assert ended.returncode
    assert fatal(words, native)


@pytest.mark.parametrize("words", _TAKEN, ids=" ".join)
def test_what_the_program_takes_is_not_refused(native: Detection, words: tuple[str, ...]) -> None:
    (Path.home() / "here").write_text('root ::= "a"')
    assert fatal(words, native) == ()


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (("--alias", "hf_aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"), True),
        (("--mcp-servers-json", '{"env": {"X": "sk-proj-a1B2c3D4e5F6g7H8i9J0k1L2"}}'), True),
        (("--alias=ghp_0123456789abcdefghijklmnopqrstuvwxyz",), True),
        (("--props", "hf_aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"), True),
        (("--mcp-servers-json", '{"h": "Bearer 0123456789abcdef.x"}'), True),
        (("--alias", "sk-learn-classifier-of-flowers-2"), False),
        (("--alias", "hf_internal_testing_model_of_the_year"), False),
        (("--alias", "hf_internaltestingmodelofthewholeyear"), False),
        (("--alias", "Bearer of the ring"), False),
        (("--alias", "key: value, token=x"), False),
        (("--chat-template-kwargs", '{"token": "thinking", "password": "x"}'), False),
    ],
)
def test_a_key_under_any_flag_is_refused_and_plain_words_are_not(
    native: Detection, model: Path, words: tuple[str, ...], refused: bool
) -> None:
    profile = having(*words)
    told = [one for one in drift.check(profile, native) if "is a key" in one.problem]
    assert [one.fatal for one in told] == [True] * refused
    assert words[-1].removeprefix("--alias=") not in repr(told)
    if refused:
        with pytest.raises(UsageError, match=r"a key among its values.*everybody") as error:
            LlamaServer().compose(profile, native, model=model, port=8080)
        assert "[env]" in error.value.fix
    elif "=" not in words[0]:
        assert words[1] in LlamaServer().compose(profile, native, model=model, port=8080).argv


def test_a_file_that_only_termai_finds_is_moved_to_its_option(native: Detection) -> None:
    words = ("--mmproj", "~/mmproj.gguf")
    (found,) = fatal(words, native)
    assert found.updates
    assert brought_up_to_date(having(*words), native) == having(mmproj="~/mmproj.gguf")
