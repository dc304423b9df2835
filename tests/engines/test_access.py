"""Who may reach a server: addresses, key files, and the refusal to listen widely without one."""

from pathlib import Path

import pytest

from termai.engines import access
from termai.errors import InvalidFileError, NotFoundError, TermaiError, UsageError
from termai.paths import config_dir
from termai.profiles.hosts import is_loopback


def key_file(content: str = "secret\n", mode: int = 0o600) -> Path:
    config_dir().mkdir(parents=True, exist_ok=True)
    path = config_dir() / "key"
    path.write_text(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1", "[::1]"])
def test_addresses_of_this_machine_need_no_key(host: str) -> None:
    assert is_loopback(host)
    access.check_exposure(host, None)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "box.example", "127.0.0.1,0.0.0.0", "", "/tmp/x.sock"]
)
def test_listening_wider_without_a_key_is_refused_with_the_reason(host: str) -> None:
    with pytest.raises(UsageError, match="names no api_key_file") as caught:
        access.check_exposure(host, None)
    assert "ssh -L" in caught.value.fix


def test_listening_wider_with_a_key_is_allowed() -> None:
    access.check_exposure("0.0.0.0", key_file())


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("[::1]", "http://[::1]:8080"),
        ("box.example", "http://box.example:8080"),
    ],
)
def test_the_url_names_a_host_one_can_connect_to(host: str, url: str) -> None:
    assert access.url_of(host, 8080) == url


def test_a_relative_key_file_lies_in_the_configuration_directory() -> None:
    path = key_file("# mine\n\nsecret\nanother\n")
    assert access.key_file("key") == path
    assert access.read_keys(path) == ("secret", "another")
    assert access.read_key(path) == "secret"


@pytest.mark.parametrize(
    ("content", "found"), [("# mine\nsecret\n", True), ("sec#ret\n", False), ("s\n#", True)]
)
def test_only_a_line_that_begins_with_a_hash_is_a_comment(content: str, found: bool) -> None:
    assert access.has_comments(key_file(content)) is found


def test_no_key_file_is_no_key() -> None:
    assert access.key_file(None) is None
    assert access.key_file("") is None


def test_a_missing_key_file_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="does not exist"):
        access.key_file("key")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_file_that_others_can_read_is_refused(mode: int) -> None:
    path = key_file(mode=mode)
    with pytest.raises(InvalidFileError, match="can be read by others") as caught:
        access.key_file("key")
    assert caught.value.fix == f"Run `chmod 600 {path}`."


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing but words\n", "   \n"])
def test_a_key_file_without_a_key_is_refused(content: str) -> None:
    key_file(content)
    with pytest.raises(InvalidFileError, match="holds no key"):
        access.key_file("key")


@pytest.mark.parametrize(
    "content",
    [
        "secret \n",
        " secret\n",
        "se cret\n",
        "secret\r\n",
        "schl\u00fcssel\n",
        "fine\nse cret\n",
        "fine\n  # secret\n",
    ],
)
def test_a_key_that_no_request_could_carry_is_refused_without_showing_it(content: str) -> None:
    key_file(content)
    with pytest.raises(InvalidFileError) as caught:
        access.key_file("key")
    assert "secret" not in str(caught.value)


def test_a_directory_is_no_key_file() -> None:
    (config_dir() / "key").mkdir(parents=True)
    with pytest.raises(TermaiError):
        access.key_file("key")


def test_a_key_file_below_a_home_that_nobody_has_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="~nobody-of-that-name"):
        access.key_file("~nobody-of-that-name/key")
