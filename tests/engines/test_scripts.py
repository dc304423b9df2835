"""Shell scripts and systemd units that start a profile without termai."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.engines import exchange, scripts
from termai.engines.base import Launch
from termai.errors import NotFoundError
from termai.models.resolve import resolve
from termai.profiles.foreign.base import Source
from termai.profiles.profile import Profile
from termai.profiles.schema import EMBEDDED
from termai.servers.preview import command_line
from tests.engines.serving import running
from tests.support import free_port

PASTED = """# as found in a README
A_WORD='x $HOME "y"' ./llama-server \\
  -m builtin:smoke -c 512 -t 1 --no-mmap -np 1 \\
  --alias 'The $mall "one"' --slots --port {port}
"""


def pasted(port: int) -> Profile:
    (found,) = exchange.read(Source(PASTED.format(port=port)))
    assert not found.left
    return found.profile


def launched(argv: tuple[str, ...], port: int, env: dict[str, str] | None = None) -> Launch:
    url = f"http://127.0.0.1:{port}"
    return Launch("x", argv, env or {}, (), "127.0.0.1", port, Path("x"), url)


def test_a_pasted_line_starts_the_real_server(tmp_path: Path) -> None:
    port = free_port()
    profile = pasted(port)
    argv = command_line(profile)
    assert argv[argv.index("--load-mode") + 1] == "none"
    with running(launched(argv, port, dict(profile.env)), tmp_path / "log") as server:
        server.wait_ready()
        models = server.ask("GET", "/v1/models").json
        assert models["data"][0]["id"] == 'The $mall "one"'
        assert server.ask("GET", "/props").json["default_generation_settings"]["n_ctx"] == 512


def test_the_shell_script_starts_it_too(tmp_path: Path) -> None:
    port = free_port()
    profile = pasted(port)
    path = exchange.save_export(exchange.write(profile, "shell"), tmp_path / "run.sh")
    with running(launched((str(path),), port), tmp_path / "log") as server:
        server.wait_ready()
        models = server.ask("GET", "/v1/models").json
        assert models["data"][0]["id"] == 'The $mall "one"'
        environment = Path(f"/proc/{server.process.pid}/environ").read_bytes()
        assert b'A_WORD=x $HOME "y"' in environment.split(b"\0")


def test_a_script_of_the_embedded_engine_starts_it(tmp_path: Path) -> None:
    port = free_port()
    values = {"path": "builtin:smoke", "ctx_size": 512, "threads": 1, "port": port}
    profile = Profile("small", engine=EMBEDDED).with_values(**values)
    path = exchange.save_export(exchange.write(profile, "shell"), tmp_path / "run.sh")
    with running(launched((str(path),), port), tmp_path / "log") as server:
        server.wait_ready()


def test_an_export_to_a_line_is_what_a_shell_reads(tmp_path: Path) -> None:
    text = exchange.write(pasted(8080), "llama-server").text.replace(
        "llama-server", "printf '%s\\n'"
    )
    printed = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True)
    assert printed.stdout.splitlines()[:2] == ["--model", str(resolve("builtin:smoke"))]
    assert 'The $mall "one"' in printed.stdout.splitlines()


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    profile = pasted(8080)
    path = tmp_path / scripts.unit_name(profile)
    exchange.save_export(exchange.write(profile, "systemd"), path)
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not on this machine")
    (tmp_path / "run").mkdir(mode=0o700)
    verified = subprocess.run(
        [analyze, "verify", "--user", str(path)],
        capture_output=True,
        text=True,
        env={"XDG_RUNTIME_DIR": str(tmp_path / "run"), "HOME": str(tmp_path)},
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")


def test_the_unit_holds_the_same_command_as_a_start() -> None:
    profile = pasted(8080)
    text = exchange.write(profile, "systemd").text.replace(" \\\n", " ")
    command = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    assert tuple(by_systemd(command.removeprefix("ExecStart="))) == command_line(profile)
    assert r'Environment="A_WORD=x $HOME \"y\""' in text
    assert "Restart=on-failure" in text


def by_systemd(line: str, *, variables: bool = True) -> list[str]:
    """Return the words of a setting as systemd.syntax(7) and systemd.service(5) have it."""
    words = []
    for match in re.finditer(r'"((?:[^"\\]|\\.)*)"|(\S+)', line, re.DOTALL):
        text = match[2] if match[1] is None else _unescaped(match[1])
        text = text.replace("%%", "%")
        words.append(text.replace("$$", "$") if variables else text)
    return words


def _unescaped(text: str) -> str:
    named = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"'}

    def one(match: re.Match[str]) -> str:
        return named[match[1]] if match[1] in named else chr(int(match[1][1:], 16))

    return re.sub(r'\\([ntr\\"]|u[0-9a-f]{4}|U[0-9a-f]{8})', one, text)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_systemd_reads_every_word_as_it_is(words: list[str]) -> None:
    line = " ".join(scripts.argument(word) for word in words)
    assert "\n" not in line
    assert by_systemd(line) == words
    environment = " ".join(scripts.unit_word(word) for word in words)
    assert by_systemd(environment, variables=False) == words


def test_specifiers_and_variables_are_doubled() -> None:
    assert scripts.argument("100%$HOME") == '"100%%$$HOME"'
    assert scripts.unit_word("100%$HOME") == '"100%%$HOME"'
    assert scripts.argument("") == '""'
    assert scripts.argument(";") == '";"'


def test_keys_stay_in_their_files(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.touch(mode=0o600)
    key.write_text("hunter2\n")
    profile = Profile("mine", env={"HF_TOKEN": "hf_hunter2"}).with_values(
        path="builtin:smoke", api_key_file=str(key), host="0.0.0.0"
    )
    for name in ("shell", "systemd"):
        exported = exchange.write(profile, name)
        assert str(key) in exported.text
        assert "hunter2" not in exported.text + repr(exported.left)
        assert [left.key for left in exported.left] == ["env.HF_TOKEN"]
        told = exchange.write(profile, name, with_secrets=True)
        assert told.private
        assert "hf_hunter2" in told.text


def test_what_no_server_is_started_with_is_named() -> None:
    profile = Profile("mine", kept={"koboldcpp": {"a": "1"}}).with_values(
        path="builtin:smoke", port_strict=True, system_prompt="Hi.", stop=["x"]
    )
    named = [left.key for left in exchange.write(profile, "shell").left]
    assert sorted(named) == [
        "chat.system_prompt",
        "kept.koboldcpp",
        "sampling.stop",
        "server.port_strict",
    ]


def test_a_script_needs_what_a_start_needs() -> None:
    with pytest.raises(NotFoundError, match="/nowhere"):
        exchange.write(Profile("x").with_values(path="/nowhere.gguf"), "shell")


def test_a_script_reads_back_as_the_profile() -> None:
    profile = pasted(8123)
    text = exchange.write(profile, "shell").text
    (again,) = exchange.read(Source(text))
    assert again.profile.env == profile.env
    assert again.profile.value("port") == 8123
    assert again.profile.value("alias") == profile.value("alias")
