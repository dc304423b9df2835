"""No request ends the embedded engine: it runs foreign code on foreign input."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engines.serving import Running

MESSAGES = [{"role": "user", "content": "hello"}]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KEYS = """
temperature top_k top_p min_p repeat_penalty presence_penalty frequency_penalty max_tokens stop seed
grammar logit_bias min_tokens mirostat_mode tools tool_choice functions response_format n user model
chat_template_kwargs stream stream_options messages logprobs max_completion_tokens
"""
keys = st.sampled_from(KEYS.split())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": MESSAGES, "grammar": "root ::= ("}),
        ("/v1/chat/completions", {"messages": MESSAGES, "grammar": 'start ::= "a"'}),
        ("/v1/chat/completions", {"messages": MESSAGES, "logit_bias": {"99999999": 1}}),
        ("/v1/chat/completions", {"messages": MESSAGES, "logit_bias": {"-1": 1}}),
        ("/v1/completions", {"prompt": "a", "logprobs": 3}),
        ("/v1/completions", {"prompt": "a", "suffix": "b"}),
        ("/v1/completions", {"prompt": ["a", "b"]}),
        ("/detokenize", {"tokens": [99999999]}),
        ("/detokenize", {"tokens": [-1]}),
        ("/detokenize", {"tokens": "abc"}),
        ("/tokenize", {"content": 7}),
    ],
)
def test_what_would_crash_llama_cpp_is_refused(shared: Running, path: str, body: Any) -> None:
    assert shared.ask("POST", path, body).status == 400
    assert shared.chat("hello", max_tokens=2).status == 200


@pytest.mark.parametrize("prompt", ["", " ", "\x00", "\U0001f600" * 9, "<|im_end|>"])
def test_odd_prompts_are_continued(shared: Running, prompt: str) -> None:
    answer = shared.ask("POST", "/v1/completions", {"prompt": prompt, "max_tokens": 3})
    assert answer.status == 200
    assert answer.json["usage"]["completion_tokens"] == 3


def test_a_grammar_binds_the_answer(shared: Running) -> None:
    answer = shared.chat("hello", grammar='root ::= "yes" | "no"', max_tokens=9)
    assert answer.json["choices"][0]["message"]["content"] in ("yes", "no")


def test_an_empty_grammar_is_none(shared: Running) -> None:
    plain = shared.chat("hello", max_tokens=2).json["choices"][0]["message"]
    answer = shared.chat("hello", grammar="", max_tokens=2)
    assert answer.status == 200
    assert answer.json["choices"][0]["message"] == plain


def test_a_bias_forbids_and_forces_tokens(shared: Running) -> None:
    token = shared.ask("POST", "/tokenize", {"content": "Z"}).json["tokens"][0]
    answer = shared.chat("hello", logit_bias={str(token): 100}, max_tokens=5).json
    assert answer["choices"][0]["message"]["content"] == "ZZZZZ"


def test_no_body_ends_the_server(shared: Running) -> None:
    server = shared

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(keys, json_values, max_size=4))
    def ask(changes: dict[str, Any]) -> None:
        body = {"messages": MESSAGES, "max_tokens": 2, **changes}
        answer = server.ask("POST", "/v1/chat/completions", json.dumps(body).encode())
        assert answer.status in (200, 400), answer.body
        assert server.process.poll() is None

    ask()
    assert server.chat("hello", max_tokens=2).status == 200
    assert "Traceback" not in server.log
