"""One rule says what a secret is; nothing that shows or exports a profile is of another opinion."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.cli import profile_text
from termai.engines import exchange
from termai.profiles.diff import differences
from termai.profiles.flags.facts import REFUSED, SHORT, VALUELESS
from termai.profiles.kept import HIDDEN, hides, holds_secret, is_secret_flag, masked, masked_words
from termai.profiles.masking import masked_text
from termai.profiles.profile import Profile
from termai.profiles.reading import SECRET_FLAGS, keys_of
from termai.profiles.schema import OPTIONS, Adapter
from termai.tomlfile import new_text

_KEY = "sk-abcdefghijklmnopqrSECRET"
_HUB = "hf_abcdefghijklmnopqrstSECRET"
_VALUES = {"path": "builtin:smoke", "ctx_size": 512, "threads": 1}

PROFILES = {
    "description": Profile("p", values=_VALUES, description=f"my key {_KEY}"),
    "args": Profile(
        "p",
        values=_VALUES,
        args={"llama-server": ("--chat-template-kwargs", f'{{"token": "{_HUB}"}}', "--slots")},
    ),
    "named args": Profile(
        "p",
        values=_VALUES,
        args={"llama-server": ("--chat-template-kwargs", '{"apiKey": "SECRET"}')},
    ),
    "env": Profile("p", values=_VALUES, env={"A": "1", "MYPASS": "SECRET"}),
    "env in a value": Profile("p", values=_VALUES, env={"HTTPS_PROXY": "http://u:SECRET@p:1"}),
    "kept": Profile("p", values=_VALUES, kept={"llama-swap": {"proxy": "http://u:SECRET@h"}}),
    "kept deep": Profile(
        "p", values=_VALUES, kept={"koboldcpp": {"sdconfig": '{"a": {"apikey":"SECRET"}}'}}
    ),
    "value": Profile("p", values={**_VALUES, "system_prompt": f"Use {_KEY}."}),
    "list": Profile("p", values={**_VALUES, "stop": ("x", _KEY)}),
    "adapter": Profile("p", values={**_VALUES, "lora": (Adapter("https://u:SECRET@h/a", 1.0),)}),
}
_CASES = sorted(PROFILES)
_FORMATS = sorted(one.name for one in exchange.EXPORTS)


@pytest.mark.parametrize("case", _CASES)
def test_nothing_that_shows_a_profile_shows_a_secret(case: str) -> None:
    profile = PROFILES[case]
    other = Profile("p", values={"path": "builtin:smoke"})
    shown = [
        profile_text.as_toml(profile),
        repr(profile_text.whole(profile)),
        repr(profile_text.summary(profile)),
        repr(masked(profile)),
        repr(differences(profile, other)) + repr(differences(other, profile)),
        masked_text(new_text(keys_of(profile))),
    ]
    for text in shown:
        assert "SECRET" not in text
    for text in (shown[0], shown[1], shown[4], shown[5]):
        assert HIDDEN in text


@pytest.mark.parametrize("name", _FORMATS)
@pytest.mark.parametrize("case", _CASES)
def test_no_export_holds_a_secret_that_was_not_asked_for(case: str, name: str) -> None:
    exported = exchange.write(PROFILES[case], name)
    assert "SECRET" not in exported.text + repr(exported.left) + repr(exported.notes)
    assert exported.left or case.startswith("kept")
    assert not exported.private


@pytest.mark.parametrize("case", ["description", "args", "env", "kept deep", "value"])
def test_what_is_asked_for_is_written_into_a_private_file(case: str) -> None:
    exported = exchange.write(PROFILES[case], "termai", with_secrets=True)
    assert "SECRET" in exported.text
    assert exported.private


def test_what_is_no_secret_goes_along() -> None:
    exported = exchange.write(PROFILES["args"], "llama-server")
    assert "--slots" in exported.text
    assert [left.key for left in exported.left] == ["args.llama-server --chat-template-kwargs"]


def test_of_the_known_flags_only_those_of_secrets_are_such() -> None:
    options = {flag for one in OPTIONS for flag in (one.flag, one.off_flag, *one.aliases) if flag}
    known = {*options, *VALUELESS, *SHORT, *REFUSED, *SECRET_FLAGS}
    assert {flag for flag in known if is_secret_flag(flag)} == set(SECRET_FLAGS)


@pytest.mark.parametrize(
    "text",
    [
        "ftp://u:SECRET@h/x",
        "http://h/a?token=SECRET&x=1",
        '{"a": [{"apiKey": "SECRET"}]}',
        '{"a": "{\\"apiKey\\": \\"SECRET\\"}"}',
        r'{"api\u004bey": "SECRET"}',
        "{setParams: {api-key: SECRET}}",
        "A=1 PASSWORD=SECRET",
        "--header x --api-key=SECRET",
        'cmd: ["--hf-token", "SECRET"]',
        "-hft SECRET",
    ],
)
def test_a_secret_within_a_text_is_seen(text: str) -> None:
    assert holds_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:8999/v1",
        "https://h:80/a@b",
        "git@host:me/x",
        '{"apikey": "", "password": null, "token": false}',
        "tokenizer.ggml.add_bos_token=bool:false",
        "--api-key-file key -c 1",
        '{"properties": {"key": {"type": "string"}}}',
        "0.2",
        "",
    ],
)
def test_what_only_resembles_one_is_not(text: str) -> None:
    assert not holds_secret(text)


def test_words_of_people_are_judged_by_the_form_of_keys_only() -> None:
    assert not hides("", 'Answer with {"key": "value"}, password: none.', prose=True)
    assert hides("", f"Use {_KEY}.", prose=True)
    text = '[chat]\nsystem_prompt = \'Say {"key": "x"}\'\n[kept.a]\nstop = \'{"key": "x"}\'\n'
    assert masked_text(text).count(HIDDEN) == 1


def test_the_word_behind_a_flag_of_a_secret_is_hidden() -> None:
    words = ("--API-KEY", "a", "--port", "1", "-hft", "--api-key", "b")
    assert masked_words(words) == ("--API-KEY", HIDDEN, "--port", "1", "-hft", HIDDEN, "b")


@given(st.text(st.sampled_from("apikey-:={}\"'\\ @/?&_u0"), max_size=200))
def test_any_text_is_judged(text: str) -> None:
    holds_secret(text)
    masked_words(shlex.split(text.replace('"', "").replace("'", "").replace("\\", "")))


@pytest.mark.parametrize("part", ["a", "a:", "://", "--a", "key ", "?a", "\\", "a=", '"'])
def test_a_long_text_is_judged_fast(part: str) -> None:
    assert not holds_secret(part * (60_000 // len(part)))
