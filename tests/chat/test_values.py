"""Endpoints, samplers, prompts and the meter: the values around a chat."""

import pytest

from termai.chat import prompts
from termai.chat.deltas import Usage
from termai.chat.endpoint import Endpoint
from termai.chat.messages import Message, Role, Status
from termai.chat.meter import Meter
from termai.chat.sampling import Sampling
from termai.errors import UsageError
from termai.profiles.schema import OPTIONS


def message(
    role: Role, content: str, reasoning: str = "", status: Status = Status.COMPLETE
) -> Message:
    return Message(1, 1, None, role, content, reasoning, status, 0.0, None, "")


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/models"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1/models"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1/models"),
        ("https://host/llm/v1/", "https://host/llm/v1/models"),
        ("http://[::1]:1/v1", "http://[::1]:1/v1/models"),
    ],
)
def test_an_address_is_good_with_and_without_v1(base: str, url: str) -> None:
    assert Endpoint("box", base).url("/v1/models") == url


@pytest.mark.parametrize(
    "base",
    ["", "127.0.0.1:8080", "ftp://host", "http://", "http://h:99999", "http://a b", "http:/\n"],
)
def test_what_is_no_address_is_said_so(base: str) -> None:
    with pytest.raises(UsageError, match="not the URL of a server"):
        Endpoint("box", base)


def test_a_key_shows_nowhere() -> None:
    endpoint = Endpoint("", "http://me:hunter2@host:1", api_key="sekrit")
    assert "sekrit" not in repr(endpoint)
    assert "hunter2" not in repr(endpoint) + endpoint.label + endpoint.origin


@pytest.mark.parametrize("key", ["a\nb", "schlüssel", "a\x00"])
def test_a_key_that_no_header_carries_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        Endpoint("box", "http://host", api_key=key)
    assert key not in str(caught.value)


def test_this_machine_is_recognised() -> None:
    here = ["http://127.0.0.1:1", "http://localhost", "http://[::1]:8080", "http://127.8.8.8"]
    assert all(Endpoint("", url).is_loopback for url in here)
    assert not Endpoint("", "http://192.168.0.2").is_loopback
    assert not Endpoint("", "http://localhost.example.org").is_loopback


def test_only_set_samplers_are_sent() -> None:
    assert Sampling().as_request() == {}
    chosen = Sampling(temperature=0.0, seed=-1, max_tokens=-1, stop=("x",), top_k=0)
    assert chosen.as_request() == {"temperature": 0.0, "top_k": 0, "stop": ["x"]}


def test_every_sampler_that_a_profile_can_set_is_taken_from_it() -> None:
    values = {o.key: ["x"] if o.key == "stop" else o.default for o in OPTIONS}
    taken = Sampling.from_mapping(values).as_request()
    wanted = {o.key for o in OPTIONS if o.section == "sampling"} - {"seed", "max_tokens"}
    assert set(taken) == wanted


@pytest.mark.parametrize(
    "values", [{"temperature": "hot"}, {"top_k": 1.5}, {"seed": True}, {"stop": "x"}]
)
def test_a_sampler_of_the_wrong_type_is_named(values: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=next(iter(values))):
        Sampling.from_mapping(values)


def test_samplers_add_up() -> None:
    both = Sampling(temperature=0.0).with_defaults(Sampling(temperature=1.0, seed=7))
    assert both == Sampling(temperature=0.0, seed=7)


def test_a_request_begins_with_the_system_prompt() -> None:
    path = [message(Role.USER, "a"), message(Role.ASSISTANT, "b"), message(Role.USER, "c")]
    assert prompts.build(path, system_prompt="s") == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]


def test_roles_alternate_when_a_reply_failed_before_its_first_word() -> None:
    failed = message(Role.ASSISTANT, "", status=Status.FAILED)
    path = [message(Role.USER, "a"), failed, message(Role.USER, "b")]
    assert prompts.build(path) == [{"role": "user", "content": "a\n\nb"}]


def test_reasoning_is_sent_back_only_when_wanted() -> None:
    path = [message(Role.USER, "a"), message(Role.ASSISTANT, "b", "hm")]
    assert "reasoning_content" not in prompts.build(path)[1]
    assert prompts.build(path, with_reasoning=True)[1]["reasoning_content"] == "hm"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("\n\n  Hello   there\nmore", "Hello there"),
        ("", ""),
        ("\x1b[31mred\x1b[0m\x07", "red"),
        ("word " * 30, "word word word word word word word word word word word word…"),
        ("x" * 100, "x" * 59 + "…"),
    ],
)
def test_a_title_is_the_first_line_cut(text: str, title: str) -> None:
    assert prompts.suggest_title(text) == title


def test_the_server_counts_better_than_the_meter() -> None:
    meter = Meter(asked=1.0)
    for now in (1.5, 1.75, 2.0):
        meter.count(now, reasoning=now < 1.6)
    mine = meter.stats(None, 100)
    assert (mine.time_to_first_token_s, mine.completion_tokens, mine.tokens_per_second) == (
        0.5,
        3,
        4.0,
    )
    assert (mine.reasoning_tokens, mine.reasoning_s) == (1, 0.25)
    assert mine.context_used is None
    told = meter.stats(Usage(10, 20, 99.0), 100)
    assert (told.context_used, told.tokens_per_second, told.ctx_size) == (30, 99.0, 100)


def test_a_burst_has_no_rate() -> None:
    meter = Meter()
    meter.count(1.0, reasoning=False)
    meter.count(1.001, reasoning=False)
    assert meter.stats(None, None).tokens_per_second is None
