"""Who is let in: gated and private repositories, tokens, and where a token never goes."""

import logging
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from termai.errors import AccessError, NotFoundError, TermaiError, UsageError
from termai.models.hub import accounts, card, headers, remote_header, repository, resolve, tokens
from tests.fakes.hub.api import Answer, as_json, refusal
from tests.fakes.hub.server import Hub
from tests.gguf.building import build

NAME = "owner/secret-GGUF"
FILE = "m-Q4_K_M.gguf"
TOKEN = "hf_aVeryGoodToken"
OTHER = "hf_ofSomebodyElse"


@pytest.fixture
def gated(hub: Hub) -> Hub:
    """Serve a gated repository that ann may read and bob may not."""
    hub.tokens |= {TOKEN: "ann", OTHER: "bob"}
    model = build({"general.architecture": "llama"}, [("a.weight", (32,), "F32")]) + bytes(128)
    hub.add(NAME, {FILE: model}, gated="manual", readers={"ann"})
    return hub


def told(call: Callable[[], object], kind: type[TermaiError]) -> str:
    """Return the whole of what is told when a call fails."""
    with pytest.raises(kind) as caught:
        call()
    assert caught.type is kind
    return f"{caught.value} {caught.value.detail}"


def test_a_gated_repository_says_what_to_accept_and_where(gated: Hub) -> None:
    found = repository(NAME)
    assert found.gated
    for call in (
        lambda: resolve(NAME, "main", FILE),
        lambda: remote_header(found, found.quantizations[0]),
    ):
        words = told(call, AccessError)
        assert f"{NAME} is gated" in words
        assert f"{gated.url}/{NAME}" in words
        assert "termai hub login" in words


def test_an_account_that_is_not_let_in_is_told_apart(
    gated: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", OTHER)
    words = told(lambda: resolve(NAME, "main", FILE), AccessError)
    assert "The account of the token from HF_TOKEN has not been let in" in words
    assert f"{gated.url}/{NAME}" in words
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert resolve(NAME, "main", FILE).size


def test_a_wrong_token_is_named_with_its_place(gated: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens.store("hf_revoked")
    for place in (str(tokens.token_path()), "HF_TOKEN"):
        if place == "HF_TOKEN":
            monkeypatch.setenv("HF_TOKEN", "hf_revoked")
        for call in (lambda: repository(NAME), lambda: resolve(NAME, "main", FILE)):
            words = told(call, AccessError)
            assert f"does not accept the token from {place}" in words
            assert f"{gated.url}/settings/tokens" in words
            assert "hf_revoked" not in words


def test_private_and_missing_are_not_told_apart_without_a_token(hub: Hub) -> None:
    hub.tokens[TOKEN] = "ann"
    hub.add("ann/private", {FILE: b"1"}, private=True, readers={"ann"})
    for name in ("ann/private", "ann/none"):
        words = told(lambda name=name: repository(name), NotFoundError)  # type: ignore[misc]
        assert "does not exist, or it is private" in words
    tokens.store(TOKEN)
    assert repository("ann/private").private
    words = told(lambda: repository("ann/none"), NotFoundError)
    assert "that the account of the token" in words


def test_a_token_that_lacks_a_permission_is_named(hub: Hub) -> None:
    hub.tokens[TOKEN] = "ann"
    tokens.store(TOKEN)
    words = "Your token lacks the permission \x1b[31mread\x1b[0m."
    hub.answers["/api/models/a/b"] = refusal(403, "", words.encode().decode("latin-1"))
    said = told(lambda: repository("a/b"), AccessError)
    assert "does not let the token from" in said
    assert "lacks the permission read" in said
    assert "\x1b" not in said


def test_tokens_are_found_in_the_usual_places_in_their_order(
    hub: Hub, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tokens.token() is None
    assert "Authorization" not in headers()
    default = home / "home" / ".cache" / "huggingface" / "token"
    steps = (
        (default, "XDG_CACHE_HOME", home / "cache"),
        (home / "cache" / "huggingface" / "token", "HF_HOME", home / "hf"),
        (home / "hf" / "token", "HF_TOKEN_PATH", home / "elsewhere"),
    )
    for path, variable, value in steps:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f" {TOKEN}-{variable}\n\n")
        found = tokens.token()
        assert found
        assert (found.value, found.source) == (f"{TOKEN}-{variable}", str(path))
        monkeypatch.setenv(variable, str(value))
        assert tokens.token() is None
    monkeypatch.setenv("HUGGING_FACE_HUB_TOKEN", "hf_old")
    monkeypatch.setenv("HF_TOKEN", "hf_new")
    assert headers()["Authorization"] == "Bearer hf_new"
    monkeypatch.delenv("HF_TOKEN")
    assert headers()["Authorization"] == "Bearer hf_old"


def test_huggingface_hub_finds_what_was_stored(hub: Hub, home: Path) -> None:
    hub.tokens[TOKEN] = "ann"
    path = Path(accounts.login(TOKEN).source)
    assert path == home / "home" / ".cache" / "huggingface" / "token"
    code = "from huggingface_hub import get_token; print(get_token())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == TOKEN


def test_a_login_by_browser_is_renewed_before_it_ends(hub: Hub) -> None:
    hub.answers["/oauth/token"] = as_json({"access_token": "hf_oauth_new", "expires_in": 28_800})
    path = tokens.token_path()
    path.parent.mkdir(parents=True)
    path.write_text("hf_oauth_old")
    soon = f"refresh_token = again\nexpires_at = {int(time.time()) + 60}\n"
    path.with_name("stored_tokens").write_text(f"[ann]\nhf_token = hf_oauth_old\n{soon}")
    code = "from termai.models.hub import tokens; print(tokens.token().value)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "hf_oauth_new"
    assert done.stderr == ""
    assert path.read_text() == "hf_oauth_new"
    path.write_text("hf_of_another_kind")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "hf_of_another_kind"


def test_a_token_is_kept_for_its_owner_alone(hub: Hub) -> None:
    hub.tokens[TOKEN] = "ann"
    path = tokens.token_path()
    path.parent.mkdir(parents=True)
    path.write_text("hf_before")
    path.chmod(0o644)
    account = accounts.login(f"  {TOKEN}\n")
    assert (account.name, account.token_name, account.role) == ("ann", "box", "read")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == TOKEN
    assert [entry.name for entry in path.parent.iterdir()] == ["token"]
    assert accounts.whoami().name == "ann"


@pytest.mark.parametrize(
    "value", ["hf_wrong", "", "two words", "hf_\x00", "hf_é", "x" * 5000, "a\nb c"]
)
def test_what_the_hub_does_not_take_is_not_kept(hub: Hub, value: str) -> None:
    tokens.store("hf_before")
    with pytest.raises((AccessError, UsageError)) as caught:
        accounts.login(value)
    assert tokens.token_path().read_text() == "hf_before"
    assert not value.strip() or value not in str(caught.value)


def test_a_variable_that_wins_is_said(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.tokens[TOKEN] = "ann"
    monkeypatch.setenv("HF_TOKEN", OTHER)
    assert accounts.login(TOKEN).shadowed_by == "HF_TOKEN"
    words = told(accounts.logout, AccessError)
    assert "HF_TOKEN still holds a token" in words
    assert not tokens.token_path().exists()
    monkeypatch.delenv("HF_TOKEN")
    assert accounts.logout() is None
    assert "No token is kept here" in told(accounts.whoami, AccessError)


def test_a_file_that_holds_no_token_is_named_and_not_shown(hub: Hub) -> None:
    path = tokens.token_path()
    path.parent.mkdir(parents=True)
    path.write_text("my secret phrase with spaces")
    words = told(tokens.token, UsageError)
    assert str(path) in words
    assert "secret phrase" not in words


def test_a_token_goes_to_the_hub_alone(
    gated: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    found = repository(NAME)
    remote_header(found, found.quantizations[0])
    resolved = resolve(NAME, "main", FILE)
    assert resolved.headers == {}
    assert "Authorization" not in headers(resolved.url)
    assert headers(f"{gated.url}/x")["Authorization"] == f"Bearer {TOKEN}"
    asked = [request.headers.get("authorization") for request in gated.asked]
    assert set(asked) == {f"Bearer {TOKEN}"}
    assert gated.files.asked
    for request in gated.files.asked:
        assert not {"authorization", "cookie"} & {name.lower() for name in request.headers}
        assert TOKEN not in str(request)
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(tokens.token())
    assert TOKEN not in repr(resolved)


def test_a_token_stays_here_when_the_hub_redirects_its_api_elsewhere(
    gated: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    away = {"Location": f"{gated.files.url}/elsewhere"}
    for path in (f"/api/models/{NAME}", f"/{NAME}/resolve/main/README.md"):
        gated.answers[path] = Answer(302, headers=away)
    for call in (lambda: repository(NAME), lambda: card(NAME)):
        with pytest.raises(TermaiError):
            call()
    assert len(gated.files.asked) == 2
    for request in gated.files.asked:
        assert "authorization" not in {name.lower() for name in request.headers}
