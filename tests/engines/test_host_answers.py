"""The embedded engine's answers: one after the other, whole, and with an error that says so."""

import http.client
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from termai.profiles.schema import Adapter
from tests.engines import tiny
from tests.engines.conftest import Serve
from tests.engines.serving import Running
from tests.support import wait_until


def text_of(events: list[Any]) -> str:
    deltas = [e["choices"][0]["delta"] for e in events if e != "[DONE]" and e["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)


@contextmanager
def long_stream(server: Running) -> Iterator[http.client.HTTPResponse]:
    """Begin an endless answer and read its first bytes, so that it has its turn."""
    connection = server.connect()
    body = {"messages": [{"role": "user", "content": "hi"}], "stream": True}
    connection.request("POST", "/v1/chat/completions", json.dumps(body))
    response = connection.getresponse()
    assert response.read(6) == b"data: "
    try:
        yield response
    finally:
        response.close()
        connection.close()


def test_an_answer_is_the_same_whole_and_streamed(shared: Running) -> None:
    whole = shared.chat("hello", max_tokens=24).json
    streamed = shared.chat("hello", max_tokens=24, stream=True)
    assert streamed.headers["content-type"].startswith("text/event-stream")
    assert text_of(streamed.events) == whole["choices"][0]["message"]["content"]
    assert streamed.events[-1] == "[DONE]"


def test_the_last_chunk_carries_usage_when_asked_and_timings_always(shared: Running) -> None:
    options = {"stream": True, "max_tokens": 8}
    *_, end, usage, done = shared.chat(
        "hello", stream_options={"include_usage": True}, **options
    ).events
    assert done == "[DONE]"
    assert usage["choices"] == []
    counted = usage["usage"]
    assert counted["prompt_tokens"] > 8
    assert counted["completion_tokens"] >= 8
    assert counted["total_tokens"] == counted["prompt_tokens"] + counted["completion_tokens"]
    assert end["choices"][0]["finish_reason"] == "length"
    assert end["timings"]["predicted_n"] == counted["completion_tokens"]
    assert end["timings"]["predicted_ms"] > 0
    assert all("usage" not in e for e in shared.chat("hello", **options).events[:-1])


def test_a_prompt_that_was_read_before_is_not_read_again(serve: Serve) -> None:
    server = serve()
    first = server.chat("hello", max_tokens=4).json["timings"]
    second = server.chat("hello", max_tokens=4).json["timings"]
    assert (first["cache_n"], first["prompt_n"]) == (0, first["prompt_n"])
    assert second["cache_n"] >= first["prompt_n"] - 1
    assert second["cache_n"] + second["prompt_n"] == first["prompt_n"]


def test_questions_asked_at_once_all_get_whole_answers(serve: Serve) -> None:
    server = serve()
    options = {"max_tokens": 40}
    expected = server.chat("hello", **options).json["choices"][0]["message"]["content"]
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(server.chat, "hello", stream=i % 2 == 0, **options) for i in range(4)]
        answers = [job.result(60) for job in jobs]
    for index, answer in enumerate(answers):
        assert answer.status == 200
        if index % 2:
            assert answer.json["choices"][0]["message"]["content"] == expected
        else:
            assert answer.events[-1] == "[DONE]"
            assert text_of(answer.events) == expected
            ends = [e for e in answer.events[:-1] if e["choices"][0]["finish_reason"]]
            assert len(ends) == 1


def test_probes_are_answered_while_the_model_is_busy(serve: Serve) -> None:
    server = serve(ctx_size=4096)
    with long_stream(server) as stream:
        for path in ("/health", "/v1/models", "/props"):
            assert server.ask("GET", path, timeout=3).status == 200
        counted = server.ask("POST", "/extras/tokenize/count", {"input": "hello"}, timeout=3)
        assert counted.json["count"] > 0
        rest = stream.read(2000)
    assert rest.count(b"finish_reason") > 2
    assert b"[DONE]" not in rest


def test_the_model_is_free_again_when_a_client_leaves_its_stream(serve: Serve) -> None:
    server = serve(ctx_size=4096)
    with long_stream(server):
        pass
    assert server.chat("hello", max_tokens=2).status == 200
    assert decoded(server) < 2000


def test_the_model_is_free_again_when_a_client_leaves_before_its_answer(serve: Serve) -> None:
    server = serve(ctx_size=4096)
    body = {"prompt": "x " * 500, "max_tokens": 3000}
    used = server.cpu_seconds()
    waiting, queued = server.connect(), server.connect()
    waiting.request("POST", "/v1/completions", json.dumps(body))
    wait_until(lambda: server.cpu_seconds() > used + 0.1)
    queued.request("POST", "/v1/completions", json.dumps({**body, "stream": True}))
    waiting.close()
    queued.close()
    assert server.chat("hello", max_tokens=2).status == 200
    assert decoded(server) < 2000


def decoded(server: Running) -> int:
    """Return how many tokens were generated in all answers that came to their end."""
    return sum(int(n) for n in re.findall(r" eval time = .*/\s+(\d+) runs", server.log))


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
def test_a_prompt_longer_than_the_context_is_an_error_that_says_so(
    shared: Running, path: str, stream: bool
) -> None:
    text = "x " * 600
    body = {"messages": [{"role": "user", "content": text}], "prompt": text, "stream": stream}
    answer = shared.ask("POST", path, body)
    assert answer.status == 400
    error = answer.json["error"]
    assert error["code"] == "context_length_exceeded"
    assert "512" in error["message"]
    assert "ctx_size" in error["message"]


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b"{", "JSON"),
        (b"[1]", "JSON object"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "JSON"),
        ({"messages": "hello"}, "messages"),
        ({"messages": []}, "messages"),
        ({}, "messages"),
        ({"messages": [{"role": "user", "content": "a"}], "temperature": "hot"}, "temperature"),
        ({"messages": [{"role": "user", "content": "a"}], "top_p": 7}, "top_p"),
        ({"messages": [{"role": "user", "content": "a"}], "chat_template_kwargs": 1}, "chat_temp"),
        ({"messages": [{"role": "user", "content": "a"}], "grammar": "root ::= ("}, "grammar"),
        ({"messages": [{"role": "user", "content": "a"}], "logprobs": True, "top_logprobs": 2}, ""),
    ],
)
def test_a_request_that_makes_no_sense_is_the_callers_error(
    shared: Running, body: Any, names: str
) -> None:
    answer = shared.ask("POST", "/v1/chat/completions", body)
    assert answer.status == 400
    assert names in answer.json["error"]["message"]
    assert "Traceback" not in shared.log
    assert shared.chat("hello", max_tokens=2).status == 200


def test_a_message_that_the_template_refuses_is_the_callers_error(
    serve: Serve, tmp_path: Path
) -> None:
    template = "{{ raise_exception('only users may speak') }}"
    path = tiny.write_model(tmp_path / "strict.gguf", template=template)
    for stream in (True, False):
        answer = serve(path=path).chat("hello", stream=stream)
        assert answer.status == 400
        assert "only users may speak" in answer.json["error"]["message"]


def test_an_answer_that_is_cut_off_does_not_end_as_a_whole_one_does(serve: Serve) -> None:
    server = serve(ctx_size=4096)
    with long_stream(server) as stream:
        server.process.terminate()
        with suppress(http.client.IncompleteRead):
            assert b"[DONE]" not in stream.read()


def test_a_request_that_is_too_large_is_refused(shared: Running) -> None:
    answer = shared.ask("POST", "/tokenize", b" " * (65 << 20))
    assert answer.status == 413


def test_what_is_not_there_is_an_error_object_too(shared: Running) -> None:
    answer = shared.ask("POST", "/v1/embeddings", {"input": "hello"})
    assert answer.status == 404
    assert "/v1/embeddings" in answer.json["error"]["message"]


def test_the_template_of_the_model_is_used_and_can_be_told_to_think(shared: Running) -> None:
    plain = shared.chat("hello", max_tokens=1).json["usage"]["prompt_tokens"]
    thinking = shared.chat(
        "hello", max_tokens=1, chat_template_kwargs={"enable_thinking": True}
    ).json["usage"]["prompt_tokens"]
    assert thinking == plain + len("<think>")


def test_a_model_without_a_template_gets_chatml(serve: Serve, tmp_path: Path) -> None:
    path = tiny.write_model(tmp_path / "bare.gguf", template="")
    assert serve(path=path).chat("hello", max_tokens=2).status == 200


def test_samplers_of_the_profile_apply_where_a_request_says_nothing(serve: Serve) -> None:
    server = serve(temperature=0.0, max_tokens=3)
    body = {"messages": [{"role": "user", "content": "hello"}]}
    answers = [server.ask("POST", "/v1/chat/completions", body).json for _ in range(2)]
    assert answers[0]["choices"][0]["message"] == answers[1]["choices"][0]["message"]
    assert answers[0]["usage"]["completion_tokens"] < 10


def test_without_a_seed_every_start_and_request_draws_anew(serve: Serve) -> None:
    body = {"prompt": "hello", "max_tokens": 20, "temperature": 5.0, "top_k": 0, "top_p": 1.0}
    body |= {"min_p": 0.0}
    texts = {
        server.ask("POST", "/v1/completions", body).json["choices"][0]["text"]
        for server in (serve(), serve())
        for _ in range(2)
    }
    assert len(texts) == 4


def test_the_same_seed_gives_the_same_answer(shared: Running) -> None:
    body = {"prompt": "hello", "max_tokens": 20, "temperature": 2.0, "seed": 11}
    answers = [shared.ask("POST", "/v1/completions", body).json for _ in range(2)]
    assert answers[0]["choices"] == answers[1]["choices"]


def test_nothing_is_penalized_unless_asked(shared: Running) -> None:
    """llama_cpp.server has repeat_penalty 1.1 where nobody asks for one."""
    asked = shared.chat("hello", max_tokens=30, repeat_penalty=1.0).json
    unasked = shared.chat("hello", max_tokens=30).json
    assert asked["choices"][0]["message"] == unasked["choices"][0]["message"]


@pytest.mark.parametrize("unlimited", [{"max_tokens": -1}, {"max_tokens": None}, {}])
def test_an_answer_without_a_limit_ends_with_the_context(
    serve: Serve, unlimited: dict[str, Any]
) -> None:
    answer = serve(ctx_size=256).chat("hello", **unlimited).json
    assert answer["choices"][0]["finish_reason"] == "length"
    assert 200 < answer["usage"]["total_tokens"] <= 260


def test_adapters_are_applied_with_their_scales(serve: Serve, models: Path) -> None:
    path = str(models / "adapter.gguf")
    texts = [
        serve(lora=lora).chat("hello", max_tokens=16).json["choices"][0]["message"]
        for lora in ((), (Adapter(path, 0.0),), (Adapter(path, 1.0),))
    ]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


@pytest.mark.parametrize(
    "options",
    [
        {"flash_attn": "on", "cache_type_k": "q8_0", "cache_type_v": "q8_0"},
        {"flash_attn": "off", "kv_offload": False, "mmap": False},
        {"rope_scaling": "yarn", "rope_scale": 2.0, "yarn_orig_ctx": 2048},
        {"batch_size": 64, "ubatch_size": 32, "threads": 2, "threads_batch": 2},
        {"override_kv": ("llama.rope.freq_base=float:20000",), "alias": "mine"},
        {"n_gpu_layers": "all", "split_mode": "none", "main_gpu": 0, "tensor_split": (1.0,)},
        {"ctx_size": 0},
    ],
    ids=lambda options: ",".join(options),
)
def test_a_profile_of_load_options_is_taken(serve: Serve, options: dict[str, Any]) -> None:
    assert serve(**options).chat("hello", max_tokens=4).status == 200


def test_unset_the_context_is_the_trained_one_up_to_a_bound(serve: Serve) -> None:
    server = serve(ctx_size=None)
    assert server.ask("GET", "/props").json["default_generation_settings"]["n_ctx"] == 4096


def test_flash_attention_is_left_to_llama_cpp_when_auto(serve: Serve) -> None:
    for option, said in (("auto", "auto"), ("on", "enabled"), ("off", "disabled")):
        assert re.search(rf"flash_attn += {said}\n", serve(flash_attn=option).log)


class TestWithAKey:
    """Every route needs the key but /health."""

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/v1/models"),
            ("GET", "/models"),
            ("GET", "/props"),
            ("GET", "/docs"),
            ("GET", "/openapi.json"),
            ("GET", "/"),
            ("POST", "/v1/chat/completions"),
            ("POST", "/v1/completions"),
            ("POST", "/tokenize"),
            ("POST", "/extras/tokenize"),
            ("POST", "/extras/tokenize/count"),
            ("POST", "/extras/detokenize"),
            ("POST", "/health"),
        ],
    )
    def test_without_the_key_nothing_is_told(self, locked: Running, method: str, path: str) -> None:
        wrong = ("wrong", "# ours", "open-sesameopen-barley", "open-")
        for headers in (
            {},
            *({"authorization": f"Bearer {key}"} for key in wrong),
            *({"x-api-key": key} for key in wrong),
        ):
            answer = locked.ask(method, path, {}, headers=headers)
            assert answer.status == (401 if path != "/health" else 405)
            assert "open-sesame" not in answer.body.decode()

    @pytest.mark.parametrize("key", ["open-sesame", "open-barley"])
    def test_with_any_of_the_keys_one_is_let_in(self, locked: Running, key: str) -> None:
        assert locked.ask("GET", "/health").status == 200
        for headers in ({"authorization": f"Bearer {key}"}, {"x-api-key": key}):
            assert locked.ask("GET", "/v1/models", headers=headers).status == 200
        assert key not in locked.log


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:3000", True),
        ("http://127.0.0.1:8080", True),
        ("https://evil.example", False),
        ("http://localhost.evil.example", False),
        ("null", False),
    ],
)
def test_pages_of_other_origins_are_not_let_in(shared: Running, origin: str, allowed: bool) -> None:
    answer = shared.ask("GET", "/v1/models", headers={"origin": origin})
    assert ("access-control-allow-origin" in answer.headers) is allowed
    preflight = shared.ask(
        "OPTIONS",
        "/v1/chat/completions",
        headers={"origin": origin, "access-control-request-method": "POST"},
    )
    assert ("access-control-allow-origin" in preflight.headers) is allowed
    for found in (answer, preflight):
        assert "access-control-allow-credentials" not in found.headers


def test_origins_of_the_profile_are_let_in(serve: Serve) -> None:
    server = serve(cors_origins=("https://chat.example",))
    for origin, allowed in (("https://chat.example", True), ("http://localhost", False)):
        answer = server.ask("GET", "/v1/models", headers={"origin": origin})
        assert ("access-control-allow-origin" in answer.headers) is allowed
