"""The network: proxies of the shell, the hub and its token, asked by what is passed in."""

import threading
from pathlib import Path

import pytest

from termai.environment import Finding, Verdict, hub, proxies
from termai.environment.hub import Hub
from termai.environment.running import run
from termai.errors import AccessError, UnreachableError, UsageError
from tests.environment import trees

ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t{}\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
"""


def fine() -> None:
    return None


def refuse() -> None:
    raise UnreachableError("hub.example cannot be reached: no.", fix="Check the network.")


def wrong() -> str:
    raise AccessError("The token from HF_TOKEN is wrong.", fix="`termai hub login` asks for one.")


def look(there: Hub, root: Path = Path("/")) -> dict[str, Finding]:
    return {found.name: found for found in run(hub.checks(lambda: there, root))}


def test_a_hub_that_answers_and_takes_the_token_is_fine() -> None:
    there = Hub("hub.example", fine, lambda: "read", "proxy:3128", "HF_TOKEN")
    found = look(there)
    assert {one.verdict for one in found.values()} == {Verdict.OK}
    assert found["Hub"].sentence.startswith("hub.example answers in 0.")
    assert found["Hub"].sentence.endswith("through proxy:3128.")
    assert found["Hub token"].sentence == "hub.example takes it, to read (from HF_TOKEN)."
    assert found["Hub"].group == "Network"


def test_a_hub_out_of_reach_says_why(tmp_path: Path) -> None:
    found = look(Hub("hub.example", refuse, wrong), tmp_path)["Hub"]
    assert found.verdict is Verdict.WARNING
    assert found.sentence == "hub.example cannot be reached: no."
    assert found.fix == "Check the network."
    assert not found.cause


def test_a_machine_without_a_route_is_the_cause(tmp_path: Path) -> None:
    trees.write(tmp_path, {"proc/net/route": ROUTES.format("0000FEA9")})
    assert "no route" in look(Hub("h", refuse, wrong), tmp_path)["Hub"].cause
    trees.write(tmp_path, {"proc/net/route": ROUTES.format("00000000")})
    assert not look(Hub("h", refuse, wrong), tmp_path)["Hub"].cause
    trees.write(tmp_path, {"etc/resolv.conf": "# nameserver 1.1.1.1\nsearch example\n"})
    assert "/etc/resolv.conf" in look(Hub("h", refuse, wrong), tmp_path)["Hub"].cause


def test_a_hub_that_never_answers_is_given_up_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    free = threading.Event()

    def hang() -> None:
        free.wait()

    monkeypatch.setattr(hub, "_ANSWER_S", 0.1)
    try:
        found = look(Hub("hub.example", hang, wrong), tmp_path)["Hub"]
    finally:
        free.set()
    assert found.verdict is Verdict.WARNING
    assert found.sentence == "hub.example gives no answer within 0.1 s."
    assert found.fix


def test_a_token_that_is_not_taken_is_a_warning() -> None:
    found = look(Hub("hub.example", fine, wrong, token="HF_TOKEN"))["Hub token"]
    assert found.verdict is Verdict.WARNING
    assert "termai hub login" in found.fix


def test_without_a_token_nothing_is_asked() -> None:
    found = look(Hub("hub.example", fine, wrong))["Hub token"]
    assert found.verdict is Verdict.NOT_NEEDED


def test_offline_nothing_is_asked() -> None:
    said = "The hub is not asked: HF_HUB_OFFLINE says that it is to be left alone."
    found = look(Hub("hub.example", refuse, wrong, offline=said))
    assert set(found) == {"Hub"}
    assert (found["Hub"].verdict, found["Hub"].sentence) == (Verdict.NOT_NEEDED, said)


def test_settings_that_name_no_hub_are_told() -> None:
    def broken() -> Hub:
        raise UsageError("hub_endpoint is 'x', which is no address.", fix="Expected https://.")

    (found,) = run(hub.checks(broken)[:1])
    assert (found.verdict, found.fix) == (Verdict.WARNING, "Expected https://.")


def test_no_proxy_is_needed() -> None:
    (found,) = proxies.proxies({"PATH": "/bin"})
    assert found.verdict is Verdict.NOT_NEEDED


def test_a_proxy_is_shown_without_its_password() -> None:
    environ = {"HTTPS_PROXY": "http://ada:secret@proxy.example:3128"}
    (found,) = proxies.proxies(environ)
    assert found.verdict is Verdict.OK
    assert found.sentence == "https_proxy is proxy.example:3128."


@pytest.mark.parametrize("value", ["http://", "http://host:99999", "ftp://host", "://"])
def test_a_proxy_that_is_no_address_is_a_warning(value: str) -> None:
    (found,) = proxies.proxies({"all_proxy": value})
    assert found.verdict is Verdict.WARNING
    assert "all_proxy" in found.sentence


def test_servers_on_this_machine_are_not_asked_through_a_proxy() -> None:
    environ = {"http_proxy": "proxy:3128", "no_proxy": "localhost, .example"}
    (found,) = proxies.proxies(environ)
    assert found.verdict is Verdict.WARNING
    assert "no_proxy" in found.fix
    assert "localhost,.example,127.0.0.1" in found.fix
    for around in ("localhost,127.0.0.1", "*"):
        (found,) = proxies.proxies({**environ, "no_proxy": around})
        assert found.verdict is Verdict.OK
