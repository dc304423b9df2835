"""A hub that refuses, is away, or is not the one that answers."""

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from termai import settings
from termai.errors import AccessError, NotFoundError, UnreachableError
from termai.models.downloads import partial, records
from termai.models.downloads.failures import PassingError
from termai.models.downloads.hub_access import access
from termai.models.downloads.limit import Limit
from termai.models.downloads.patience import Patience
from termai.models.downloads.plan import Plan
from termai.models.downloads.states import Status
from termai.models.downloads.transfer import Transfer, client
from tests.fakes.hub.faults import Fault, Kind
from tests.fakes.hub.files import Content
from tests.fakes.hub.server import serving_hub
from tests.models.downloads.bringing import (
    HALF,
    HASTY,
    assert_whole,
    begin_half,
    bring,
)
from tests.models.downloads.hub import OneRepo
from tests.models.hub.test_reaching import with_tls
from tests.support import free_port, wait_until


def in_background(plan: Plan) -> tuple[threading.Thread, list[BaseException]]:
    """Bring a plan in a thread; the list has what it failed with."""
    failure: list[BaseException] = []

    def run() -> None:
        try:
            bring(plan)
        except BaseException as error:  # noqa: BLE001  # told by the thread that waits
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, failure


class _Portal(BaseHTTPRequestHandler):
    """A network's own page in place of whatever was asked for."""

    protocol_version = "HTTP/1.1"
    asked = 0

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer by turns with and without a length."""
        type(self).asked += 1
        page = b"<html>Welcome to the hotel</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Connection", "close")
        if self.asked % 2:
            self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)
        self.close_connection = True


@pytest.mark.parametrize("begun", [False, True], ids=["fresh", "begun"])
def test_the_page_of_a_network_that_wants_a_login_is_not_taken(
    hub: OneRepo, plan: Plan, content: Content, *, begun: bool
) -> None:
    if begun:
        begin_half(plan, content)
    port = free_port()
    behind = replace(plan, endpoint=f"http://127.0.0.1:{port}")
    _Portal.asked = 0
    with ThreadingHTTPServer(("127.0.0.1", port), _Portal) as portal:
        serving = threading.Thread(target=portal.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        waiting, failure = in_background(behind)
        wait_until(lambda: _Portal.asked > 8, what="tries")
        portal.shutdown()
        serving.join()
    there = plan.partial(plan.files[0]).read_bytes()
    assert there == (content.data[:HALF] if begun else b"")
    with serving_hub(hub.hub, port=port):
        waiting.join(20)
    assert not failure
    assert_whole(plan, content)
    assert hub.starts() == [len(there)]


def test_a_repository_that_became_gated_is_not_asked_again(hub: OneRepo, plan: Plan) -> None:
    hub.repo.gated = "auto"
    with pytest.raises(AccessError, match="gated"):
        bring(plan)
    assert len(hub.resolved()) == 1


def test_a_commit_that_is_gone_is_not_asked_for_again(hub: OneRepo, plan: Plan) -> None:
    del hub.repo.commits[plan.commit]
    with pytest.raises(NotFoundError, match="not on the hub any more"):
        bring(plan)
    assert len(hub.resolved()) == 1


def test_a_file_that_is_gone_is_not_tried_again(hub: OneRepo, plan: Plan) -> None:
    hub.repo.commits[plan.commit].clear()
    with pytest.raises(NotFoundError, match=r"no file model\.gguf"):
        bring(plan)
    assert len(hub.resolved()) == 1


def test_a_token_goes_to_the_hub_alone(
    hub: OneRepo, plan: Plan, content: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.hub.tokens["hf_secret"] = "ann"
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    bring(plan)
    assert_whole(plan, content)
    assert [r.headers.get("authorization") for r in hub.resolved()] == ["Bearer hf_secret"]
    assert not any("Authorization" in asked.headers for asked in hub.files.asked)


def test_a_hub_that_is_not_there_is_given_up_in_the_end(hub: OneRepo, plan: Plan) -> None:
    hub.files.faults.add(Fault(Kind.STATUS, status=503, times=-1, where="hub"))
    with pytest.raises(UnreachableError, match="No byte came") as caught:
        bring(plan, Patience(first_s=0.01, most_s=0.05, give_up_s=0.3))
    assert "resume" in caught.value.fix


def test_a_hub_that_is_away_for_a_while_is_waited_for(
    hub: OneRepo, plan: Plan, content: Content, home: Path
) -> None:
    """As after a laptop's sleep: nothing listens, and then it does again."""
    port = free_port()
    away = replace(plan, endpoint=f"http://127.0.0.1:{port}")
    waiting, failure = in_background(away)
    directory = records.downloads_dir() / plan.id
    wait_until(
        lambda: (now := records.read_progress(directory)) and now.status is Status.WAITING,
        what="a failed try",
    )
    with serving_hub(hub.hub, port=port):
        waiting.join(20)
    assert not failure
    assert_whole(plan, content)


def test_a_name_that_is_not_resolved_may_be_later(hub: OneRepo, plan: Plan, tmp_path: Path) -> None:
    nowhere = replace(plan, endpoint="http://nowhere.invalid")
    transport = access(nowhere)
    with client(transport, HASTY) as http, partial.opened(tmp_path / "part") as mine:
        assert mine
        transfer = Transfer(http, transport, Limit(lambda: 0.0), nowhere, plan.files[0])
        with pytest.raises(PassingError, match=r"nowhere\.invalid"):
            transfer.stream(mine, lambda _: None)


def test_a_certificate_that_nobody_vouches_for_is_final(plan: Plan, tmp_path: Path) -> None:
    with (
        with_tls(tmp_path) as (address, _),
        pytest.raises(UnreachableError, match="is not trusted") as caught,
    ):
        bring(replace(plan, endpoint=address))
    assert not isinstance(caught.value, PassingError)


def test_offline_says_so_at_once(hub: OneRepo, plan: Plan) -> None:
    settings.save(hub_offline=True)
    with pytest.raises(UnreachableError, match="hub_offline"):
        bring(plan)
    assert not hub.resolved()
