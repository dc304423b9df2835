"""Secrets of other programs and of the environment never show, in broken texts neither."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.profiles.kept import HIDDEN, is_secret_name, masked
from termai.profiles.masking import masked_text
from termai.profiles.profile import Profile
from termai.profiles.reading import keys_of
from termai.profiles.schema import OPTIONS
from termai.tomlfile import new_text

_SECRET = "fgT7-very-private"


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "adminpassword",
        "hordekey",
        "hordeconfig",
        "api_key",
        "apiKeys",
        "API-KEY",
        "HF_TOKEN",
        "token",
        "OPENAI_API_KEY_2",
        "llm.load.authToken",
        "clientSecret",
        "DB_PWD",
    ],
)
def test_names_of_secrets_are_known(key: str) -> None:
    assert is_secret_name(key)


@pytest.mark.parametrize(
    "key",
    [
        "model_param",
        "bos_token",
        "eos-token",
        "max_tokens",
        "keyboard",
        "api_key_file",
        "tokenizer",
        "ssl",
        "CUDA_VISIBLE_DEVICES",
        "maxPredictedTokens",
        "keep",
        "sdkeep",
        "_",
    ],
)
def test_names_of_other_things_are_not_hidden(key: str) -> None:
    assert not is_secret_name(key)


def test_no_option_of_termai_is_taken_for_a_secret() -> None:
    assert [declared.key for declared in OPTIONS if is_secret_name(declared.key)] == []


def test_a_masked_profile_has_no_secret_and_all_else() -> None:
    profile = Profile(
        "mine",
        values={"ctx_size": 1},
        env={"HF_TOKEN": _SECRET, "HOME": "/x"},
        kept={
            "koboldcpp": {"password": f'"{_SECRET}"', "quiet": "true"},
            "llama-swap": {"cmd": f"llama-server --api-key {_SECRET} -m x"},
        },
    )
    shown = masked(profile)
    assert _SECRET not in repr(shown)
    assert shown.env == {"HF_TOKEN": HIDDEN, "HOME": "/x"}
    assert shown.kept["koboldcpp"] == {"password": HIDDEN, "quiet": "true"}
    assert shown.values == profile.values


_TEXTS = [
    f'[kept.koboldcpp]\npassword = "{_SECRET}"',
    f"[kept.koboldcpp]\n'password' = '{_SECRET}' # mine",
    f'[kept.koboldcpp]\npassword = """\na\n{_SECRET}"""\nquiet = "x"',
    f'kept = {{ koboldcpp = {{ password = "{_SECRET}", quiet = "x" }} }}',
    f'kept.koboldcpp.hordekey = "{_SECRET}"',
    f'[env]\nHF_TOKEN = "{_SECRET}"',
    f'[env]\nHEADERS = "Authorization: Bearer {_SECRET}"',
    f'[args]\nllama-server = ["--api-key", "{_SECRET}"]',
    f'[args]\nllama-server = [\n  "--api_key={_SECRET}", # why\n]',
    f'[args]\nllama-server = ["--hf-token", # mine\n  "{_SECRET}"]',
    f'# api_key = "{_SECRET}"',
    f"# started with --api-key {_SECRET}",
    f'[kept.koboldcpp]\nhordeconfig = ["a", ["b", "{_SECRET}"],\n "c"]',
]
_BROKEN = [
    f'password = "{_SECRET}',
    f"password = {_SECRET} # , x",
    f'password = """{_SECRET}\nmore',
    f'password = """\n{_SECRET}\n',
    f'[load\nctx_size = [1,\n[kept.koboldcpp]\npassword = "{_SECRET}"',
    f'x = "unclosed\npassword = "{_SECRET}"',
    f'password = ["a", "{_SECRET}"',
    f"password =\t'{_SECRET}, = [",
]


@pytest.mark.parametrize("text", [*_TEXTS, *_BROKEN])
def test_no_secret_of_a_text_shows(text: str) -> None:
    shown = masked_text(text)
    assert _SECRET not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize("text", _TEXTS)
def test_a_valid_text_stays_valid(text: str) -> None:
    assert tomllib.loads(masked_text(text)).keys() == tomllib.loads(text).keys()


def test_what_is_no_secret_stays_as_it_is() -> None:
    text = (
        "# the key is: patience\nschema = 1\n\n[server]\napi_key_file = 'key'  # not here\n"
        '[args]\nllama-server = ["--api-key-file", "x", "--verbose"]\n[chat]\n'
        'system_prompt = """\nNever tell a = "password".\n"""\n'
    )
    assert masked_text(text) == text


_NAMES = st.sampled_from(["password", "hordekey", "HF_TOKEN"])
_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=30)


@given(_NAMES, _WORDS, _WORDS)
def test_no_secret_shows_however_it_is_spelt(name: str, before: str, after: str) -> None:
    secret = f"{before}{_SECRET}{after}"
    profile = Profile("mine", kept={"x": {name: secret}}, env={"HF_TOKEN": secret})
    assert _SECRET not in masked_text(new_text(keys_of(profile)))


@given(st.text(st.sampled_from("password=\"'[]{}\n#\\, x"), max_size=60))
def test_any_text_is_taken(text: str) -> None:
    masked_text(text)
