"""The hub of the settings, asked once and in time; the ports that profiles want."""

import os
import socket
from collections.abc import Iterator

import pytest

from termai.doctor import networking
from termai.environment import Finding, Verdict
from termai.environment.running import run
from termai.profiles.profile import Profile
from termai.profiles.saving import save_profile
from tests.fakes.hub.api import Answer
from tests.fakes.hub.server import Hub, serving_hub

FOREIGN = ("HF_", "HUGGING_FACE", "HUGGINGFACE", "TRANSFORMERS_OFFLINE", "SSL_CERT")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
TOKEN = "hf_aVeryGoodToken"


@pytest.fixture(autouse=True)
def no_other_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(FOREIGN) or name.lower() in PROXIES or name == "XDG_CACHE_HOME":
            monkeypatch.delenv(name)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Serve an empty hub and make it the one that is asked."""
    with serving_hub() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        yield served


def look() -> dict[str, Finding]:
    return {found.name: found for found in run(networking.checks())}


def test_a_hub_that_answers_is_fine_and_gets_the_token_once(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.tokens |= {TOKEN: "ann"}
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    found = look()
    assert found["Hub"].verdict is Verdict.OK
    assert found["Hub token"].verdict is Verdict.OK
    assert not [one for one in found.values() if TOKEN in repr(one) or "ann" in repr(one)]
    sent = [
        request.path
        for request in hub.asked
        if "authorization" in {name.lower() for name in request.headers}
    ]
    assert sent == ["/api/whoami-v2"]


def test_a_wrong_token_is_a_warning(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    found = look()["Hub token"]
    assert found.verdict is Verdict.WARNING
    assert "HF_TOKEN" in found.sentence
    assert "hf_wrong" not in repr(found)
    assert hub.asked


def test_what_is_no_token_is_told_as_such_and_the_hub_all_the_same(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "not a token")
    found = look()
    assert found["Hub"].verdict is Verdict.OK
    assert found["Hub token"].verdict is Verdict.WARNING
    assert found["Hub token"].sentence == "What HF_TOKEN holds is no token."
    assert found["Hub token"].fix


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        ("nonsense:xx", "https_proxy is 'http://nonsense:xx', which is no address."),
        ("socks9://x", "https_proxy is 'socks9://x', which is no address."),
    ],
)
def test_a_proxy_that_is_no_address_is_told_and_nothing_of_the_token(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, proxy: str, says: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    found = look()
    assert (found["Hub"].verdict, found["Hub"].sentence) == (Verdict.WARNING, says)
    assert found["Hub"].fix.startswith("Expected http://")
    assert "Hub token" not in found


def test_a_socks_proxy_names_the_package_that_it_needs(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda *_: None)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    found = look()["Hub"]
    assert "ALL_PROXY names a SOCKS proxy" in found.sentence
    assert "-m pip install socksio" in found.fix


def test_a_page_that_wants_a_login_is_no_hub(hub: Hub) -> None:
    page = Answer(200, b"<html>Welcome to the hotel</html>", {"Content-Type": "text/html"})
    hub.answers["/api/models"] = page
    found = look()["Hub"]
    assert found.verdict is Verdict.WARNING
    assert "no hub says" in found.sentence


def test_no_hub_at_all_is_told_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        found = look()["Hub"]
    assert found.verdict is Verdict.WARNING
    assert "Gave no answer" not in found.sentence  # what is said of a check that does not end
    assert found.fix


def test_offline_is_told_and_kept(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = look()["Hub"]
    assert found.verdict is Verdict.NOT_NEEDED
    assert "HF_HUB_OFFLINE" in found.sentence
    assert not hub.asked


def test_an_address_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "huggingface.co")
    found = look()["Hub"]
    assert found.verdict is Verdict.WARNING
    assert "HF_ENDPOINT" in found.sentence


def test_a_taken_port_names_the_profile_that_wants_it(hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = int(other.getsockname()[1])
        save_profile(Profile(name="mine").with_values(port=port, port_strict=True))
        found = look()[f"Port {port}"]
    assert found.verdict is Verdict.WARNING
    assert "profile mine wants" in found.sentence
    assert hub.url
