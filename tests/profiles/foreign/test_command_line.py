"""Pasted command lines, as READMEs, scripts and shell histories have them."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import InvalidFileError
from termai.profiles.foreign import detect, read
from termai.profiles.foreign.base import Imported, Source
from termai.profiles.foreign.shell_words import commands


def pasted(text: str) -> Imported:
    source = Source(text)
    assert detect(source).name == "llama-server"
    (found,) = read(source)
    return found


README = """```bash
# Start the server
CUDA_VISIBLE_DEVICES=0,1 ./build/bin/llama-server \\
    -m "models/My Model.gguf" \\
    --ctx-size 16384 -ngl 99 \\
    -fa on   # flash attention
```
"""
WINDOWS = (
    "set CUDA_VISIBLE_DEVICES=1\r\nllama-server.exe ^\r\n -m C:\\models\\a.gguf ^\r\n -c 4096\r\n"
)
POWERSHELL = '$env:CUDA_VISIBLE_DEVICES = "1"\n.\\llama-server.exe -m ".\\a b.gguf" `\n  -c 4096\n'
HISTORY = """  498  echo 'it''s
  499  cd llama.cpp
  500  export GGML_CUDA_ENABLE_UNIFIED_MEMORY=1
  501  nohup ./server -m a.gguf -c 2048 > server.log 2>&1 &
  502  ./server -m b.gguf -c 4096
"""
DOCKER = (
    "docker run -it --rm --gpus all -v ~/models:/models -p 9000:8080 -e LLAMA_ARG_N_PARALLEL=2 "
    "--name llama ghcr.io/ggml-org/llama.cpp:server-cuda -m /models/a.gguf --host 0.0.0.0 "
    "--port 8080 -c 512"
)
UNIT = """[Service]
Environment=CUDA_VISIBLE_DEVICES=0
ExecStart=-/usr/bin/llama-server -m /srv/a.gguf --port 8081
"""


@pytest.mark.parametrize(
    ("text", "values", "env"),
    [
        (
            README,
            {
                "path": "models/My Model.gguf",
                "ctx_size": 16384,
                "n_gpu_layers": 99,
                "flash_attn": "on",
            },
            {"CUDA_VISIBLE_DEVICES": "0,1"},
        ),
        (
            WINDOWS,
            {"path": "C:\\models\\a.gguf", "ctx_size": 4096},
            {"CUDA_VISIBLE_DEVICES": "1"},
        ),
        (POWERSHELL, {"path": ".\\a b.gguf", "ctx_size": 4096}, {"CUDA_VISIBLE_DEVICES": "1"}),
        (
            DOCKER,
            {"path": "~/models/a.gguf", "ctx_size": 512, "parallel": 2, "port": 9000},
            {},
        ),
        (UNIT, {"path": "/srv/a.gguf", "port": 8081}, {"CUDA_VISIBLE_DEVICES": "0"}),
        ("$ llama serve -hf a/b:Q8_0 -c 512", {"path": "hub:a/b:Q8_0", "ctx_size": 512}, {}),
        ("user@host:~$ sudo env A=1 llama-server -m x", {"path": "x"}, {"A": "1"}),
        ("A='b c' exec /opt/llama-server-b6000 -m x", {"path": "x"}, {"A": "b c"}),
        ("LLAMA_ARG_CTX_SIZE=512 llama-server -m x -c 99", {"path": "x", "ctx_size": 99}, {}),
        ("llama-server -m $HOME/a.gguf", {"path": "~/a.gguf"}, {}),
        ("-m x.gguf -c 99", {"path": "x.gguf", "ctx_size": 99}, {}),
        (
            "llama-server \u2013m x \u2013\u2013ctx-size 99".replace("\u2013\u2013", "\u2013"),
            {"path": "x", "ctx_size": 99},
            {},
        ),
        ("llama-server -m x; llama-server -m y", {"path": "x"}, {}),
        ("cd a && llama-server -m x | tee log", {"path": "x"}, {}),
        ("git checkout main\n./main -m x -n 9", {"path": "x", "max_tokens": 9}, {}),
        ("llama-server \\\n  -m x \\\n  # -c 1\n", {"path": "x"}, {}),
    ],
)
def test_it_is_read_as_it_was_meant(text: str, values: dict[str, Any], env: dict[str, str]) -> None:
    profile = pasted(text).profile
    assert profile.values == values
    assert profile.env == env
    assert not profile.args


def test_the_first_server_of_a_history_is_taken_with_what_was_exported_before() -> None:
    found = pasted(HISTORY)
    assert found.profile.values == {"path": "a.gguf", "ctx_size": 2048}
    assert any("log" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("llama-server -m $MODEL", "$MODEL"),
        ('llama-server -m "$(ls *.gguf)"', "$(ls *.gguf)"),
        ("llama-server -m `find x`", "`find"),
        ("llama-server.exe -m %MODELS%\\a.gguf", "%MODELS%"),
    ],
)
def test_a_variable_is_not_filled_in_and_said(text: str, word: str) -> None:
    found = pasted(text)
    assert any(word in note and "not filled in" in note for note in found.notes)


def test_a_variable_in_the_environment_is_left() -> None:
    found = pasted("LD_LIBRARY_PATH=\"$LD_LIBRARY_PATH:/opt\" A='$B' llama-server -m x")
    assert found.profile.env == {"A": "$B"}
    assert [left.key for left in found.left] == ["env.LD_LIBRARY_PATH"]


def test_secrets_stay_out() -> None:
    found = pasted("HF_TOKEN=hf_hunter2 MY_API_KEY=hunter2 llama-server -m x --api-key hunter2")
    assert found.profile.values == {"path": "x"}
    assert found.profile.env == {}
    assert len(found.left) == 3
    assert "hunter2" not in repr(found)


def test_what_stands_in_front_is_said() -> None:
    found = pasted("taskset -c 0-3 llama-server -m x")
    assert found.notes[0].endswith("taskset -c 0-3.")


def test_a_container_is_left_with_a_word() -> None:
    notes = " ".join(pasted(DOCKER).notes)
    for said in ("container", "--gpus all", "127.0.0.1"):
        assert said in notes


def test_a_server_for_the_network_is_said_to_need_a_key() -> None:
    assert "api_key_file" in pasted("llama-server -m x --host 0.0.0.0").notes[0]
    assert not pasted("llama-server -m x --host 0.0.0.0 --api-key-file k").notes
    assert not pasted("llama-server -m x --host localhost").notes


def test_a_mount_leads_out_of_the_container() -> None:
    text = "podman run --mount type=bind,source=/srv/m,target=/m img/llama.cpp:server -m /m/a.gguf"
    assert pasted(text).profile.values["path"] == "/srv/m/a.gguf"


def test_paths_beside_the_script_become_absolute(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").touch()
    (found,) = read(Source("llama-server -m ./a.gguf -mm b.gguf", tmp_path / "run.sh"))
    assert found.profile.values["path"] == str(tmp_path / "a.gguf")
    assert found.profile.values["mmproj"] == "b.gguf"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("llama-server -m '/x/My Model.Q4_K_M.gguf'", "My Model.Q4_K_M"),
        ("llama-server -m x -a 'qwen:8b'", "qwen-8b"),
        ("llama-server -m '/x/\x1b[31m.gguf'", "imported"),
        ("llama-server -c 1", "imported"),
    ],
)
def test_a_name_is_proposed(text: str, name: str) -> None:
    assert pasted(text).profile.name == name


def test_an_open_quote_is_named_with_its_line() -> None:
    with pytest.raises(InvalidFileError, match=r"line 2: expected the quote \" that begins here"):
        read(Source('A=1\nllama-server -m "x\n'), "llama-server")


def test_a_text_without_a_server_says_what_was_expected() -> None:
    with pytest.raises(InvalidFileError, match="expected a command that runs llama-server"):
        read(Source("echo hello"), "llama-server")


def test_nothing_is_run(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    pasted(f"llama-server -m $(touch {trap}) `touch {trap}`; touch {trap}")
    assert not trap.exists()


WORDS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=8),
    min_size=1,
    max_size=6,
)


@given(WORDS)
def test_quoted_words_come_back(words: list[str]) -> None:
    (command,) = commands(f"# quoted\n{shlex.join(words)}", "x")
    assert [word.text for word in command.words] == words
    assert not any(word.unresolved for word in command.words)


def refused(text: str) -> str:
    """Return why a text is refused, empty where it is read."""
    try:
        read(Source(text), "llama-server")
    except InvalidFileError as error:
        return str(error)
    return ""


@given(st.text(st.sampled_from("ab -='\"\\$`%^#;&|<>(){}\n\t"), max_size=40))
def test_any_text_is_words_or_an_open_quote(text: str) -> None:
    try:
        found = commands(text, "x")
    except InvalidFileError:
        assert {'"', "'"} & set(text)
        return
    assert all(command.words and command.line >= 1 for command in found)


@given(st.text(max_size=200))
def test_any_text_behind_a_server_is_read_or_refused_with_its_line(text: str) -> None:
    why = refused(f"llama-server {text}")
    assert not why or "line" in why
