"""Searching, as the real client asks and whatever the hub answers."""

import pytest

from termai.errors import AccessError, UnreachableError, UsageError
from termai.models.hub import Sort, search
from tests.fakes.hub.api import Answer, as_json
from tests.fakes.hub.server import Hub


def filled(hub: Hub) -> None:
    """Give the hub some repositories."""
    hub.add(
        "ann/alpha-GGUF",
        downloads=10,
        likes=1,
        trending=5,
        last_modified="2026-01-03T00:00:00.000Z",
    )
    hub.add(
        "bob/beta-GGUF",
        downloads=30,
        likes=2,
        trending=1,
        last_modified="2026-01-01T00:00:00.000Z",
        licence="mit",
        gated="auto",
        gguf={"total": 7_000_000_000, "architecture": "llama", "context_length": 4096},
    )
    hub.add(
        "ann/gamma-GGUF",
        downloads=20,
        likes=3,
        trending=9,
        last_modified="2026-01-02T00:00:00.000Z",
    )
    hub.add("ann/plain", tags=("pytorch",), downloads=99)


def test_only_repositories_with_gguf_files_are_asked_for(hub: Hub) -> None:
    assert [one.id for one in search("", limit=7)] == []
    [asked] = hub.asked
    assert asked.query["filter"] == ["gguf"]
    assert asked.query["limit"] == ["7"]
    assert "gguf" in asked.query["expand"]
    filled(hub)
    assert "ann/plain" not in {one.id for one in search("")}


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("downloads", "bob/beta-GGUF"),
        ("likes", "ann/gamma-GGUF"),
        ("trending", "ann/gamma-GGUF"),
        ("updated", "ann/alpha-GGUF"),
    ],
)
def test_the_hub_sorts(hub: Hub, sort: Sort, first: str) -> None:
    filled(hub)
    assert search("", sort=sort)[0].id == first


def test_words_author_and_limit_narrow_it(hub: Hub) -> None:
    filled(hub)
    assert [one.id for one in search("BETA gguf")] == ["bob/beta-GGUF"]
    assert {one.author for one in search("", author="ann")} == {"ann"}
    assert len(search("", limit=2)) == 2
    assert search("nothing of that name") == ()


def test_what_the_hub_says_is_shown(hub: Hub) -> None:
    filled(hub)
    [found] = search("beta")
    assert (found.author, found.name) == ("bob", "beta-GGUF")
    assert (found.downloads, found.likes, found.trending) == (30, 2, 1)
    assert (found.licence, found.gated, found.private) == ("mit", True, False)
    assert (found.parameters, found.architecture, found.context_length) == (
        7_000_000_000,
        "llama",
        4096,
    )
    assert found.updated == "2026-01-01T00:00:00Z"


def test_results_come_by_pages(hub: Hub) -> None:
    hub.page = 3
    for number in range(10):
        hub.add(f"org/model-{number}", downloads=number)
    assert [one.downloads for one in search("", limit=8)] == [9, 8, 7, 6, 5, 4, 3, 2]
    assert len(hub.asked) == 3


def test_another_page_on_another_origin_is_not_followed(hub: Hub) -> None:
    link = {"Link": f'<{hub.files.url}/api/models?cursor=1>; rel="next"'}
    hub.answers["/api/models"] = as_json([{"id": "a/b"}], link)
    assert [one.id for one in search("", limit=5)] == ["a/b"]
    assert hub.files.asked == []


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        "text",
        [],
        {},
        {"id": 5},
        {"id": "../../etc"},
        {"id": "a b/c"},
        {"id": "a/b\x1b[2J"},
        {"id": "x" * 500},
    ],
)
def test_entries_that_are_none_do_not_hide_the_others(hub: Hub, odd: object) -> None:
    hub.answers["/api/models"] = as_json([odd, {"id": "good/model"}])
    assert [one.id for one in search("")] == ["good/model"]


def test_odd_fields_are_left_out(hub: Hub) -> None:
    entry = {
        "id": "good/model",
        "downloads": "many",
        "likes": 1 << 70,
        "trendingScore": 1.5,
        "lastModified": 7,
        "gated": [],
        "tags": "gguf",
        "gguf": {"total": True, "architecture": "evil\x1b]0;title\x07", "context_length": -1},
        "usedStorage": None,
    }
    hub.answers["/api/models"] = as_json([entry, dict(entry)])
    [found] = search("")
    assert (found.downloads, found.likes, found.trending, found.parameters) == (0, 0, 0, 0)
    assert (found.updated, found.gated, found.context_length) == ("", False, 0)
    assert found.architecture == "evil"


@pytest.mark.parametrize("said", [7, "text", None, {}])
def test_an_answer_that_is_no_list_finds_nothing(hub: Hub, said: object) -> None:
    hub.answers["/api/models"] = as_json(said)
    assert search("") == ()


def test_more_than_was_asked_for_is_cut(hub: Hub) -> None:
    hub.answers["/api/models"] = as_json([{"id": f"a/b{n}"} for n in range(5000)])
    assert len(search("", limit=10)) == 10


def test_a_page_that_is_not_json_is_no_hub(hub: Hub) -> None:
    hub.answers["/api/models"] = Answer(body=b"<html>Please log in to the hotel's network</html>")
    with pytest.raises(UnreachableError, match="no hub says"):
        search("x")


def test_a_wrong_token_is_named(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(AccessError, match="does not accept the token from HF_TOKEN") as caught:
        search("x")
    assert "hf_wrong" not in str(caught.value)


def test_what_makes_no_sense_is_not_asked(hub: Hub) -> None:
    for wrong in ({"sort": "size"}, {"limit": 0}, {"limit": 501}, {"author": "a/../b"}):
        with pytest.raises(UsageError):
            search("x", **wrong)
    assert hub.asked == []
