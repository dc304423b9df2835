"""Hubs that are elsewhere, away, slow, busy or no hubs, and proxies before them."""

import gzip
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from termai import settings
from termai.errors import InvalidFileError, UnreachableError, UsageError
from termai.models.hub import (
    OfflineError,
    endpoint,
    proxy,
    remote_header,
    repository,
    search,
    transport,
)
from termai.models.hub.place import Place, online, place
from termai.models.hub.unreachable import explained
from tests.fakes.hub.api import Answer
from tests.fakes.hub.faults import Fault, Kind
from tests.fakes.hub.proxy import serving_proxy
from tests.fakes.hub.server import Hub
from tests.gguf.building import build
from tests.support import free_port

API = "/api/models"


def test_the_hub_is_hugging_face_unless_something_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint() == "https://huggingface.co"
    assert proxy() is None
    settings.save(hub_endpoint="https://mirror.example/", proxy="proxy.example:3128")
    assert endpoint() == "https://mirror.example"
    assert proxy() == "http://proxy.example:3128"
    monkeypatch.setenv("HF_ENDPOINT", "http://10.0.0.1:8080/hub/")
    assert endpoint() == "http://10.0.0.1:8080/hub"


def test_the_settings_name_a_mirror(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("a/b", {"m-Q4_K_M.gguf": b"1"})
    monkeypatch.delenv("HF_ENDPOINT")
    settings.save(hub_endpoint=hub.url)
    assert repository("a/b").endpoint == hub.url
    assert [one.id for one in search("b")] == ["a/b"]


@pytest.mark.parametrize(
    "address", ["mirror", "ftp://x.y", "https://", "http://x:99999999", "http://a b"]
)
def test_an_address_that_is_none_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with pytest.raises(UsageError, match="HF_ENDPOINT is"):
        search("x")
    monkeypatch.delenv("HF_ENDPOINT")
    settings.save(proxy="gopher://x")
    with pytest.raises(UsageError, match=r"proxy in config\.toml"):
        search("x")


def test_nobody_but_the_mirror_is_asked(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.add("a/b", {"m-Q4_K_M.gguf": b"1"})
    monkeypatch.delenv("HF_ENDPOINT")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings.save(hub_endpoint=hub.url)
    code = """
from termai.models.hub import card, repository, resolve, search
found = repository("a/b")
resolve(found.id, found.commit, "m-Q4_K_M.gguf")
print(search("b")[0].id, repr(card("a/b")))
"""
    with serving_proxy() as elsewhere:
        monkeypatch.setenv("HTTPS_PROXY", elsewhere.url)
        monkeypatch.setenv("HTTP_PROXY", elsewhere.url)
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.stdout, done.stderr) == ("a/b ''\n", "")
        assert elsewhere.asked == []
    assert {request.path.split("/")[1] for request in hub.asked} == {"api", "a"}
    assert not [path for path in hub.paths() if "agent" in path or "telemetry" in path]


@pytest.mark.usefixtures("hurried")
def test_a_password_in_an_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = (
        f"http://me:secret@127.0.0.1:{free_port()}",
        "htp://me:secret@host",
        "http://me:secret://more@host:x",
        "me:secret@host",
        f"htp://me:secret{'t' * 300}@host",
    )
    for address in addresses:
        monkeypatch.setenv("HF_ENDPOINT", address)
        for call in (place, lambda: search("x")):
            with pytest.raises(UsageError, match="HF_ENDPOINT") as caught:
                call()
            assert "secret" not in str(caught.value)


def test_offline_is_said_at_once_and_nobody_is_asked(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.save(hub_offline=True)
    for call in (lambda: search("x"), lambda: repository("a/b"), online):
        started = time.perf_counter()
        with pytest.raises(OfflineError, match="hub_offline in config"):
            call()
        assert time.perf_counter() - started < 0.5
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert search("x") == ()
    settings.save(hub_offline=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    asked = len(hub.asked)
    with pytest.raises(OfflineError, match="HF_HUB_OFFLINE says"):
        search("x")
    assert len(hub.asked) == asked


def test_a_hub_that_is_away_is_told_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    started = time.perf_counter()
    with pytest.raises(UnreachableError, match=rf"127\.0\.0\.1:{port} cannot be reached") as caught:
        repository("a/b")
    assert time.perf_counter() - started < 4
    assert "HF_ENDPOINT or hub_endpoint" in caught.value.fix


@pytest.mark.usefixtures("hurried")
def test_a_host_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://no-such-host.invalid")
    with pytest.raises(UnreachableError, match=r"no-such-host\.invalid cannot be reached"):
        search("x")


@contextmanager
def silent() -> Iterator[str]:
    """Take connections and never say a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.usefixtures("hurried")
def test_a_hub_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with silent() as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        started = time.perf_counter()
        with pytest.raises(UnreachableError, match="stopped in the middle"):
            search("x")
        assert time.perf_counter() - started < 4


@contextmanager
def dribbling(
    beginning: bytes, *, answered: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """Answer some requests, then the next with a beginning and one byte at a time, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            if tls:
                connection = tls.wrap_socket(connection, server_side=True)
            with connection:
                for _ in range(answered):
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
                connection.recv(65536)
                connection.sendall(beginning)
                while not ended.wait(0.05):
                    try:
                        connection.sendall(b" ")
                    except OSError:
                        return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            ended.set()
            thread.join(5)


HEADER = b"HTTP/1.1 200 OK\r\nServer: "
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("answered", [0, 1], ids=["new", "kept connection"])
@pytest.mark.parametrize("beginning", [BODY, HEADER], ids=["body", "header"])
def test_an_answer_that_never_ends_is_given_up(
    monkeypatch: pytest.MonkeyPatch, beginning: bytes, answered: int
) -> None:
    with dribbling(beginning, answered=answered) as url:
        monkeypatch.setenv("HF_ENDPOINT", url)
        for _ in range(answered):
            assert search("x") == ()
        started = time.perf_counter()
        with pytest.raises(UnreachableError, match="too slow"):
            search("x")
        assert 1 < time.perf_counter() - started < 4


@pytest.mark.usefixtures("hurried")
def test_an_answer_by_tls_that_never_ends_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = certified(tmp_path)
    with dribbling(HEADER, tls=context) as url:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        monkeypatch.setenv("HF_ENDPOINT", f"https://localhost:{url.rpartition(':')[2]}")
        started = time.perf_counter()
        with pytest.raises(UnreachableError, match="too slow"):
            search("x")
        assert 1 < time.perf_counter() - started < 4


@pytest.mark.usefixtures("hurried")
def test_a_proxy_whose_answer_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with dribbling(HEADER) as url:
        monkeypatch.setenv("HF_ENDPOINT", "https://hub.invalid")
        settings.save(proxy=url)
        started = time.perf_counter()
        with pytest.raises(UnreachableError, match="too slow"):
            search("x")
        assert 1 < time.perf_counter() - started < 4


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_hub_is_asked_again(hub: Hub, status: int) -> None:
    hub.add("a/b", {"m-Q4_K_M.gguf": b"1"})
    hub.faults.add(Fault(Kind.STATUS, status=status, times=2, where="hub", match=API))
    assert [one.id for one in search("b")] == ["a/b"]
    hub.faults.add(Fault(Kind.STATUS, status=status, times=-1, where="hub", match=API))
    before = len(hub.asked)
    with pytest.raises(UnreachableError):
        repository("a/b")
    assert len(hub.asked) - before == 3


@pytest.mark.usefixtures("hurried")
def test_retry_after_is_kept_to_within_reason(hub: Hub) -> None:
    hub.add("a/b", {"m-Q4_K_M.gguf": b"1"})
    hub.faults.add(Fault(Kind.STATUS, status=429, retry_after="0", where="hub"))
    assert search("b")
    hub.faults.add(Fault(Kind.STATUS, status=429, retry_after="3600", where="hub"))
    before = len(hub.asked)
    with pytest.raises(UnreachableError, match="left alone for 3600 seconds"):
        search("b")
    assert len(hub.asked) - before == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, "120"),
        ({"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}, r"\d+"),
        (
            {"RateLimit": '"api";r=0;t=55', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'},
            55,
        ),
    ],
)
def test_a_hub_says_in_several_ways_how_long_to_wait(
    hub: Hub, headers: dict[str, str], seconds: str
) -> None:
    hub.answers[API] = Answer(429, headers=headers)
    with pytest.raises(UnreachableError, match=rf"left alone for {seconds} seconds"):
        search("b")
    assert len(hub.asked) == 1


@pytest.mark.parametrize("odd", ["soon", "-5", "9" * 400, "Fri, 99 Foo 2100"])
def test_an_odd_time_to_wait_is_none(odd: str) -> None:
    answer = httpx2.Response(429, headers={"Retry-After": odd})
    assert transport.retry_after(answer) in (0, 999_999_999)


@pytest.mark.usefixtures("hurried")
def test_a_connection_that_breaks_is_made_again(hub: Hub) -> None:
    hub.add("a/b", {"m-Q4_K_M.gguf": b"1"})
    for kind in (Kind.RESET, Kind.TRUNCATE, Kind.STALL):
        hub.faults.add(Fault(kind, after=5, where="hub", match=API))
        assert [one.id for one in search("b")] == ["a/b"]
    hub.faults.add(Fault(Kind.RESET, after=5, times=-1, where="hub", match=API))
    with pytest.raises(UnreachableError, match="broke"):
        search("b")


def test_answers_are_bounded_however_they_are_packed(hub: Hub) -> None:
    bomb = gzip.compress(bytes(65 << 20))
    hub.answers[API] = Answer(body=bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(InvalidFileError, match="longer than 64 MiB"):
        search("x")
    hub.answers[API] = Answer(
        body=gzip.compress(b'[{"id": "a/b"}]'), headers={"Content-Encoding": "gzip"}
    )
    assert [one.id for one in search("x")] == ["a/b"]
    hub.answers[API] = Answer(body=b"\x00", headers={"Content-Encoding": "br"})
    with pytest.raises(InvalidFileError, match="encoded as 'br'"):
        search("x")
    hub.answers[API] = Answer(body=b"[" * 100_000)
    with pytest.raises(UnreachableError, match="no hub says"):
        search("x")


def test_the_proxy_of_the_settings_is_used_for_all_of_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build({"general.architecture": "llama"}, [("a.weight", (32,), "F32")]) + bytes(128)
    hub.add("a/b", {"m-Q4_K_M.gguf": model})
    with serving_proxy() as one, serving_proxy() as other:
        settings.save(proxy=one.url)
        found = repository("a/b")
        remote_header(found, found.quantizations[0])
        through = {url.partition("://")[2].partition("/")[0] for url in one.asked}
        assert through == {hub.url.removeprefix("http://"), hub.files.url.removeprefix("http://")}
        settings.save(proxy="")
        monkeypatch.setenv("HTTP_PROXY", other.url)
        repository("a/b")
        assert len(other.asked) == 1
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        repository("a/b")
        assert len(other.asked) == 1


@pytest.mark.usefixtures("hurried")
def test_a_proxy_that_refuses_or_is_away_is_named(hub: Hub) -> None:
    with serving_proxy() as one:
        one.refuses = True
        settings.save(proxy=one.url.replace("://", "://user:secret@"))
        with pytest.raises(UnreachableError) as caught:
            search("x")
        assert "407" in str(caught.value)
        assert "secret" not in str(caught.value)
    gone = free_port()
    settings.save(proxy=f"http://user:secret@127.0.0.1:{gone}")
    with pytest.raises(UnreachableError, match=f"through the proxy 127.0.0.1:{gone}") as away:
        search("x")
    assert "secret" not in str(away.value)


@pytest.mark.usefixtures("hurried")
def test_a_port_without_tls_is_named(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url.replace("http://", "https://"))
    with pytest.raises(UnreachableError, match="No TLS connection to 127"):
        search("x")


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return what makes a server of TLS, and its own certificate."""
    if shutil.which("openssl") is None and not os.environ.get("CI"):
        pytest.skip("openssl is not installed")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    made += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


@contextmanager
def with_tls(folder: Path) -> Iterator[tuple[str, Path]]:
    """Serve an empty search by TLS; yield its address and its own certificate."""
    context, certificate = certified(folder)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(2):
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(connection, server_side=True) as secured:
                        secured.recv(65536)
                        secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
                except OSError:
                    connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"https://localhost:{server.getsockname()[1]}", certificate
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)  # wakes a thread that waits for a second one
            thread.join(5)


def test_a_certificate_that_nobody_vouches_for_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with with_tls(tmp_path) as (url, certificate):
        monkeypatch.setenv("HF_ENDPOINT", url)
        with pytest.raises(UnreachableError, match=r"certificate of localhost:\d+ is not trusted"):
            search("x")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert search("x") == ()


def test_what_failed_is_explained_in_words() -> None:
    here = Place("https://hub.example")
    cases = {
        httpx2.ConnectTimeout("slow"): "hub.example does not answer",
        httpx2.ReadError(""): "The connection to hub.example broke: ReadError",
        httpx2.ConnectError(
            "[Errno -2] Name or service not known"
        ): "reached: Name or service not known",
    }
    for error, words in cases.items():
        assert words in str(explained(error, "https://hub.example/api", here))
