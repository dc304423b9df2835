"""Answers come out as they arrive, whole and safe, and break off honestly."""

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.cli.safetext import SafeText
from termai.text import printable
from tests.cli.conftest import ROOT, TERMAI, environment
from tests.fakes.openai_server import Ending, FakeServer, Script, answer, error, events, stream


async def termai(*arguments: str, stdin: bytes | None = None, **env: str) -> tuple[int, str, str]:
    """Run ``termai`` beside the fake server, which lives in this event loop."""
    process = await asyncio.create_subprocess_exec(
        *TERMAI,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL if stdin is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(**env),
        cwd=ROOT,
    )
    out, told = await asyncio.wait_for(process.communicate(stdin), 60)
    return process.returncode or 0, out.decode(), told.decode()


def fake() -> FakeServer:
    """Return a server that answers as llama-server does."""
    return (
        FakeServer()
        .on("GET /props", answer("llama-server-props.json"))
        .chat(stream("llama-server-answer.sse"))
    )


def saying(*texts: str, finish: str = "stop", reasoning: str = "") -> Script:
    """Return a stream of these pieces of content, after ``reasoning``."""
    deltas = [{"reasoning_content": reasoning}] if reasoning else []
    deltas += [{"content": text} for text in texts]
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}
    pieces = [f"data: {json.dumps(chunk)}\n\n".encode() for chunk in [*chunks, end]]
    return Script([*pieces, b"data: [DONE]\n\n"])


def recorded_text(name: str) -> str:
    """Return the content of a recorded stream."""
    chunks = [json.loads(e.removeprefix(b"data: ")) for e in events(name) if b"[DONE]" not in e]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk.get("choices")]
    return "".join(delta.get("content") or "" for delta in deltas)


async def test_the_answer_goes_to_standard_output_and_nothing_else_does() -> None:
    async with fake() as server:
        code, out, told = await termai("chat", "--url", server.url, "Hello")
    assert (code, told) == (0, "")
    assert out == recorded_text("llama-server-answer.sse").strip() + "\n"
    assert server.asked()[0].json()["messages"] == [{"role": "user", "content": "Hello"}]


async def test_options_become_fields_of_the_request() -> None:
    options = ["--system", "Be brief.", "--temperature", "0.5", "--max-tokens", "7", "--seed", "3"]
    options += ["--stop", "a, b", "--stop", "c", "--top-k", "5", "--reasoning", "off"]
    async with fake() as server:
        await termai("chat", "--url", server.url, *options, "Hello")
    body = server.asked()[0].json()
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert (body["temperature"], body["max_tokens"], body["seed"]) == (0.5, 7, 3)
    assert (body["stop"], body["top_k"]) == (["a, b", "c"], 5)
    assert body["chat_template_kwargs"] == {"enable_thinking": False}


@pytest.mark.parametrize(
    ("arguments", "stdin", "prompt"),
    [
        (["Sum up:"], b"a text\n", "Sum up:\n\na text\n"),
        ([], b"only this", "only this"),
        (["only that"], b"", "only that"),
        (["only that"], None, "only that"),
    ],
)
async def test_the_prompt_is_the_argument_and_standard_input(
    arguments: list[str], stdin: bytes | None, prompt: str
) -> None:
    async with fake() as server:
        code, _, _ = await termai("chat", "--url", server.url, *arguments, stdin=stdin)
    assert code == 0
    assert server.asked()[0].json()["messages"] == [{"role": "user", "content": prompt}]


@pytest.mark.parametrize("stdin", [b"", b"  \n", None])
async def test_no_prompt_at_all_is_a_usage_error(stdin: bytes | None) -> None:
    code, out, told = await termai("chat", "--url", "http://127.0.0.1:9", stdin=stdin)
    assert (code, out) == (2, "")
    assert "There is no prompt." in told


async def test_standard_input_that_is_not_text_is_refused() -> None:
    code, _, told = await termai("chat", "--url", "http://127.0.0.1:9", stdin=b"\xff\xfe\x00")
    assert code == 2
    assert "not UTF-8" in told


async def test_a_file_may_be_standard_input(tmp_path: Path) -> None:
    (tmp_path / "prompt").write_text("from a file")
    command = f"{' '.join(TERMAI)} chat --url $URL < {tmp_path / 'prompt'}"
    async with fake() as server:
        process = await asyncio.create_subprocess_shell(
            command, env=environment(URL=server.url), stdout=asyncio.subprocess.DEVNULL
        )
        assert await asyncio.wait_for(process.wait(), 60) == 0
    assert server.asked()[0].json()["messages"][0]["content"] == "from a file"


async def test_reasoning_is_kept_out_of_standard_output() -> None:
    async with fake().chat(saying("Yes.", reasoning="Let me think.")) as server:
        _, out, told = await termai("chat", "--url", server.url, "Hello")
    assert (out, told) == ("Yes.\n", "")


async def test_tags_of_reasoning_are_no_part_of_the_answer() -> None:
    async with fake().chat(saying("<thi", "nk>Hm.</th", "ink>\n\nYes.")) as server:
        _, out, _ = await termai("chat", "--url", server.url, "Hello")
    assert out == "Yes.\n"


async def test_json_has_answer_reasoning_and_measurements() -> None:
    async with fake().chat(saying("Yes\x1b[2J.", reasoning="Hm.", finish="length")) as server:
        code, out, told = await termai("chat", "--url", server.url, "--json", "Hello")
    found = json.loads(out)
    assert (code, told) == (0, "")
    assert found["content"] == "Yes\x1b[2J."
    assert found["reasoning"] == "Hm."
    assert found["finish_reason"] == "length"
    assert {"prompt_tokens", "completion_tokens", "tokens_per_second", "model"} <= set(found)
    assert 0 < found["time_to_first_token_s"] < 60
    assert "\x1b" not in out


async def test_escape_sequences_of_the_model_never_come_out() -> None:
    evil = ["a\x1b", "[2Jb\x1b]0;title", "\x07c\x9b3", "1md\r", "\ne\x1b[6", "nf\u202e!"]
    async with fake().chat(saying(*evil)) as server:
        _, out, _ = await termai("chat", "--url", server.url, "Hello")
    assert out == "abcd\nef!\n"


async def test_a_locale_that_lacks_characters_does_not_end_the_answer() -> None:
    async with fake().chat(saying("Grüße.")) as server:
        code, out, _ = await termai(
            "chat", "--url", server.url, "Hello", PYTHONIOENCODING="ascii", LC_ALL="C"
        )
    assert (code, out) == (0, "Gr??e.\n")


async def test_an_answer_that_was_cut_says_so() -> None:
    async with fake().chat(saying("Half an ans", finish="length")) as server:
        code, out, told = await termai("chat", "--url", server.url, "Hello")
    assert (code, out) == (0, "Half an ans\n")
    assert "cut" in told


async def test_an_answer_that_breaks_off_is_kept_and_reported() -> None:
    broken = saying("Half an ", "answer")
    script = Script(broken.pieces[:2], ending=Ending.CUT)
    async with fake().chat(script) as server:
        code, out, told = await termai("chat", "--url", server.url, "Hello")
    assert (code, out) == (6, "Half an answer\n")
    assert "broke off in the middle of the answer" in told


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    code, _, told = await termai("chat", "--url", "http://127.0.0.1:9", "Hello", "--json")
    assert code == 6
    assert json.loads(told)["error"]["kind"] == "unreachable"


async def test_the_key_comes_from_the_environment_or_a_file_and_is_never_shown(
    tmp_path: Path,
) -> None:
    key = tmp_path / "key"
    key.write_text("sk-from-file\n")
    key.chmod(0o600)
    refused = error(401, {"error": {"message": "bad key sk-from-env", "code": 401}})
    async with fake() as server:
        await termai("chat", "--url", server.url, "--api-key-file", str(key), "Hello")
        assert server.asked()[0].headers["authorization"] == "Bearer sk-from-file"
        server.chat(refused)
        code, out, told = await termai(
            "chat", "--url", server.url, "Hello", TERMAI_API_KEY="sk-from-env"
        )
    assert server.asked()[1].headers["authorization"] == "Bearer sk-from-env"
    assert code == 6
    assert "sk-from-env" not in out + told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--temperature", "hot"], "a number from 0 to 10"),
        (["--top-k", "1.5"], "a whole number"),
        (["--reasoning", "maybe"], "one of auto, on, off"),
        (["--url", "ftp://x"], "is not the URL of a server"),
        (["--url", "http://127.0.0.1:9", "--server", "x"], "exclude each other"),
        (["--model", "x"], "go with --url"),
    ],
)
async def test_what_makes_no_sense_is_refused(arguments: list[str], said: str) -> None:
    code, _, told = await termai("chat", "Hello", *arguments)
    assert code == 2
    assert said in told


async def test_without_a_server_there_is_nobody_to_ask() -> None:
    code, _, told = await termai("chat", "Hello")
    assert code == 3
    assert "No server runs." in told
    code, _, told = await termai("chat", "--server", "x", "Hello")
    assert code == 3
    assert "No server x runs." in told


PARTS = st.sampled_from(["\x1b", "[", "2J", "\x9b", "]0;", "\x07", "a", "\r", "\n", "ü", "\u202e"])


@given(st.lists(st.lists(PARTS).map("".join)))
def test_streamed_text_is_as_safe_as_whole_text(pieces: list[str]) -> None:
    safe = SafeText()
    out = "".join([*map(safe.feed, pieces), safe.flush()])
    assert printable(out) == out


@given(st.lists(st.text(alphabet="abc\n ü\t", max_size=5)))
def test_harmless_text_comes_out_as_it_is_and_at_once(pieces: list[str]) -> None:
    safe = SafeText()
    assert [safe.feed(piece) for piece in pieces] == pieces
