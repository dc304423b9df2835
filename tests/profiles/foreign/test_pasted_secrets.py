"""No secret of a pasted command is shown or passed on, however it is given."""

import pytest

from termai.profiles.foreign import read
from termai.profiles.foreign.base import Imported, Source

_LONG = "sk-abcdefghijklmnopqrSECRET"


def pasted(text: str) -> Imported:
    (found,) = read(Source(text), "llama-server")
    return found


LINES = [
    "docker run -eHF_TOKEN=SECRET img/llama.cpp:server -m a.gguf",
    "docker run -ite HF_TOKEN=SECRET img/llama.cpp:server -m a.gguf",
    "docker run --env=HF_TOKEN=SECRET img/llama.cpp:server -m a.gguf",
    "docker run --label pw=SECRET img/llama.cpp:server -m a.gguf",
    "docker run --name http://u:SECRET@h img/llama.cpp:server -m a.gguf",
    "sshpass -p SECRET ssh box llama-server -m a.gguf",
    "sshpass -pSECRET ssh box llama-server -m a.gguf",
    "with-key --key=SECRET llama-server -m a.gguf",
    "HF_TOKEN=$(cat x)SECRET llama-server -m a.gguf",
    "PGPASS=SECRET llama-server -m a.gguf",
    "MYPASS=SECRET llama-server -m a.gguf",
    "HTTPS_PROXY=http://u:SECRET@p:1 llama-server -m a.gguf",
    "HTTPS_PROXY=http://u:$PW-SECRET@p:1 llama-server -m a.gguf",
    'llama-server -m a.gguf --api-key "$KEY-SECRET"',
    'llama-server -m a.gguf "--api-key SECRET"',
    f"llama-server -m a.gguf {_LONG}",
    "llama-server -m a.gguf --API-KEY SECRET",
    "llama-server -m a.gguf --API_KEY=SECRET",
    "llama-server -m a.gguf -api-key SECRET",
    "llama-server -m a.gguf --some-password SECRET",
    "llama-server -mu https://u:SECRET@host/a.gguf",
    """llama-server -m a.gguf --chat-template-kwargs '{"apiKey": "SECRET"}'""",
    f"llama-server -m a.gguf --override-kv x=str:{_LONG}",
    "[Service]\nEnvironment=HF_TOKEN=SECRET\nExecStart=llama-server -m a.gguf\n",
    "[Service]\nExecStartPre=login --password SECRET\nExecStart=llama-server -m a.gguf\n",
]


@pytest.mark.parametrize("text", LINES)
def test_it_stays_out(text: str) -> None:
    found = pasted(text)
    assert "SECRET" not in repr(found)
    assert found.left or found.notes


def test_what_stands_in_front_is_named_without_what_it_is_given() -> None:
    (note,) = pasted("sshpass -p SECRET ssh box llama-server -m a.gguf").notes
    assert note.endswith("sshpass -p ….")


def test_a_flag_of_docker_in_one_word_with_its_value_is_read() -> None:
    text = "docker run -itp9000:8080 -v/srv/m:/m -eA=b img/llama.cpp:server -m /m/a.gguf"
    profile = pasted(text).profile
    assert profile.values == {"port": 9000, "path": "/srv/m/a.gguf"}
    assert profile.env == {"A": "b"}


def test_a_switch_that_sounds_like_a_secret_is_none() -> None:
    profile = pasted("llama-server -m a.gguf --cors-credentials -c 512").profile
    assert profile.values["ctx_size"] == 512
    assert profile.args == {"llama-server": ("--cors-credentials",)}


def test_a_second_command_is_said_to_be_left() -> None:
    found = pasted("llama-server -m a.gguf\necho x\nllama-server -m b.gguf\nllama-server -m c.gguf")
    assert found.profile.values["path"] == "a.gguf"
    assert "line 3, 4" in found.notes[0]
    assert not pasted("llama-server -m a.gguf\necho x\n").notes


@pytest.mark.parametrize("name", ["LD_PRELOAD", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH"])
def test_a_variable_that_brings_code_along_is_warned_of(name: str) -> None:
    (note,) = pasted(f"{name}=/tmp/x llama-server -m a.gguf").notes
    assert name in note
    assert not pasted("A=1 llama-server -m a.gguf").notes


def test_what_is_repeated_is_said_once() -> None:
    found = pasted("llama-server -m a.gguf" + " -x y" * 1000 + " -x z")
    assert len(found.notes) == 3
    assert found.profile.args == {"llama-server": ("-x", "y", "-x", "z")}
