"""Repositories as the real client reads them from a hub on loopback."""

import time
from typing import Any

import pytest

from termai.errors import NotFoundError, UnreachableError, UsageError
from termai.gguf.quantization import Precision
from termai.models.hub import choose, repository, resolve
from tests.fakes.hub.api import as_json, info
from tests.fakes.hub.server import Hub

NAME = "publisher/model-GGUF"


def names(hub: Hub, *files: str) -> list[str]:
    """Return the names of the quantizations that files make, their sizes in the given order."""
    hub.add(NAME, {file: bytes(place) for place, file in enumerate(files, 1)})
    return [variant.name for variant in repository(NAME).quantizations]


def test_what_the_hub_says_of_a_repository_is_there(hub: Hub) -> None:
    repo = hub.add(
        NAME,
        {"model-Q4_K_M.gguf": b"12", "README.md": b"# Model"},
        downloads=12,
        likes=3,
        licence="apache-2.0",
        gated="manual",
        gguf={"total": 8_000_000_000, "architecture": "llama", "context_length": 8192},
    )
    found = repository(NAME)
    assert (found.id, found.commit, found.endpoint) == (NAME, repo.head, hub.url)
    assert (found.downloads, found.likes, found.licence) == (12, 3, "apache-2.0")
    assert (found.gated, found.private) == (True, False)
    assert (found.parameters, found.architecture) == (8_000_000_000, "llama")
    assert found.context_length == 8192
    assert found.updated == "2026-05-01T12:00:00Z"
    assert found.page == f"{hub.url}/{NAME}"
    model, card = found.files
    stored = repo.commits[repo.head]["model-Q4_K_M.gguf"]
    assert (model.path, model.size, model.sha256) == ("model-Q4_K_M.gguf", 2, stored.sha256)
    assert (card.path, card.size, card.sha256) == ("README.md", 7, "")
    assert len(card.oid) == 40
    assert found.problems == ()


def test_split_sets_are_joined_wherever_they_are(hub: Hub) -> None:
    files = {f"Q8_0/model-Q8_0-0000{n}-of-00003.gguf": bytes(n) for n in (3, 1, 2)}
    files |= {f"BF16/model-BF16-0000{n}-of-00002.gguf": bytes(20) for n in (1, 2)}
    files |= {"model-Q4_K_M.gguf": bytes(4)}
    hub.add(NAME, files)
    found = repository(NAME).quantizations
    assert [variant.name for variant in found] == ["Q4_K_M", "Q8_0", "BF16"]
    assert [variant.size for variant in found] == [4, 6, 40]
    assert [file.name[-19:-14] for file in found[1].files] == ["00001", "00002", "00003"]
    assert [v.precision for v in found] == [Precision.LOW, Precision.MEDIUM, Precision.FULL]


def test_a_set_that_lacks_a_part_is_left_out_and_said(hub: Hub) -> None:
    found_names = names(
        hub, "m-Q8_0-00001-of-00003.gguf", "m-Q8_0-00003-of-00003.gguf", "m-Q2_K.gguf"
    )
    assert found_names == ["Q2_K"]
    assert repository(NAME).problems == ("m-Q8_0 is left out: 2 of its 3 parts are there.",)


def test_projectors_are_beside_every_quantization_the_usual_one_first(hub: Hub) -> None:
    files = (
        "mmproj-F32.gguf",
        "m-Q4_K_M.gguf",
        "mmproj-BF16.gguf",
        "mmproj-F16.gguf",
        "m-Q8_0.gguf",
    )
    assert names(hub, *files) == ["Q4_K_M", "Q8_0"]
    found = repository(NAME)
    for variant in found.quantizations:
        beside = [file.path for file in variant.projectors]
        assert beside == ["mmproj-F16.gguf", "mmproj-BF16.gguf", "mmproj-F32.gguf"]
    assert found.projectors == found.quantizations[0].projectors


def test_what_is_no_model_is_left_out(hub: Hub) -> None:
    files = (
        "imatrix_unsloth.gguf",
        "m.imatrix.gguf",
        "ggml-vocab-bpe.gguf",
        "config.json",
        "m.bin",
    )
    assert names(hub, *files, "m-IQ2_XXS.gguf") == ["IQ2_XXS"]


def test_mixes_of_one_quantization_are_kept_apart(hub: Hub) -> None:
    assert names(hub, "m-Q4_K_XL.gguf", "m-UD-Q4_K_XL.gguf", "m-Q4_K_M.gguf") == [
        "Q4_K_XL",
        "UD-Q4_K_XL",
        "Q4_K_M",
    ]


def test_other_models_in_a_repository_go_by_their_own_names(hub: Hub) -> None:
    files = ("m-Q4_K_M.gguf", "m-Q8_0.gguf", "m-draft-Q8_0.gguf", "old/m-Q8_0.gguf", "plain.gguf")
    assert names(hub, *files) == ["Q4_K_M", "Q8_0", "m-draft-Q8_0", "m-Q8_0", "plain"]


def test_a_quantization_may_be_named_by_the_directory_alone(hub: Hub) -> None:
    assert names(hub, "Q4_K_M/model-00001-of-00002.gguf", "Q4_K_M/model-00002-of-00002.gguf") == [
        "Q4_K_M"
    ]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Q4_K_M", "Q4_K_M"),
        ("q4_k_m", "Q4_K_M"),
        ("iq", "IQ2_M"),
        ("FP16", "F16"),
        ("ud-", "UD-Q5_K_XL"),
    ],
)
def test_a_quantization_is_chosen_by_name_case_or_beginning(
    hub: Hub, asked: str, found: str
) -> None:
    names(hub, "m-Q4_K_M.gguf", "m-Q4_K_S.gguf", "m-IQ2_M.gguf", "m-F16.gguf", "m-UD-Q5_K_XL.gguf")
    assert choose(repository(NAME), asked).name == found


def test_a_choice_that_is_none_names_what_there_is(hub: Hub) -> None:
    names(hub, "m-Q4_K_M.gguf", "m-Q4_K_S.gguf")
    found = repository(NAME)
    with pytest.raises(NotFoundError, match=r"no quantization Q9_9\. It has: Q4_K_M, Q4_K_S\."):
        choose(found, "Q9_9")
    with pytest.raises(UsageError, match=r"q4 of .* may be Q4_K_M, Q4_K_S"):
        choose(found, "q4")
    with pytest.raises(NotFoundError, match="It has"):
        choose(found, "")


def test_a_repository_without_gguf_says_where_to_look(hub: Hub) -> None:
    assert names(hub, "model.safetensors") == []
    with pytest.raises(NotFoundError, match=r"no GGUF model.*termai search model-GGUF"):
        choose(repository(NAME), "Q4_K_M")


def test_a_renamed_repository_is_found_under_its_new_name(hub: Hub) -> None:
    hub.add(NAME, {"m-Q4_K_M.gguf": b"1"})
    hub.moved["old/name"] = NAME
    assert repository("old/name").id == NAME


def test_revisions_are_pinned_to_their_commit(hub: Hub) -> None:
    repo = hub.add(NAME, {"m-Q4_K_M.gguf": b"old"})
    first = repo.head
    hub.commit(repo, {"m-Q4_K_M.gguf": b"newer"}, branch="v2/beta")
    assert repository(NAME).commit == first
    assert repository(NAME, first).quantizations[0].size == 3
    assert repository(NAME, "v2/beta").quantizations[0].size == 5
    with pytest.raises(NotFoundError, match="no revision nope"):
        repository(NAME, "nope")


@pytest.mark.parametrize(
    "name", ["", "a b", "../x", "a/b/c", "a/..b", "https://x.y/z", "a/b\n", "é/b"]
)
def test_what_is_no_name_is_never_asked_for(hub: Hub, name: str) -> None:
    with pytest.raises(UsageError, match="no repository of a hub"):
        repository(name)
    assert hub.asked == []


def answer(hub: Hub, **changes: Any) -> None:
    """Let the hub answer with changed fields."""
    repo = hub.repos[NAME]
    said = {**info(repo, repo.head, blobs=True), **changes}
    hub.answers[f"/api/models/{NAME}"] = as_json({k: v for k, v in said.items() if v is not ...})


def test_names_that_would_escape_are_left_out_and_said(hub: Hub) -> None:
    hub.add(NAME, {"m-Q4_K_M.gguf": b"1"})
    bad = [
        "../../x-Q8_0.gguf",
        "/etc/x-Q6_K.gguf",
        "a\\b-Q5_0.gguf",
        "a//b-Q2_K.gguf",
        "x\x1b[2J-Q3_K.gguf",
    ]
    siblings = [{"rfilename": name, "size": 5} for name in [*bad, "good-Q4_0.gguf"]]
    answer(hub, siblings=siblings)
    found = repository(NAME)
    assert [variant.name for variant in found.quantizations] == ["Q4_0"]
    assert [file.path for file in found.files] == ["good-Q4_0.gguf"]
    [problem] = found.problems
    assert "../../x-Q8_0.gguf" in problem
    assert problem.isprintable()


def test_odd_fields_do_not_hide_the_good_ones(hub: Hub) -> None:
    hub.add(NAME, {"m-Q4_K_M.gguf": b"1"})
    siblings: list[object] = [
        *(None, 7, "text", [], {}, {"rfilename": 3}, {"rfilename": ""}, {"rfilename": None}),
        {"rfilename": "a-Q8_0.gguf", "size": "big"},
        {"rfilename": "b-Q6_K.gguf", "size": -1},
        {"rfilename": "c-Q5_K_M.gguf", "size": 1 << 80},
        {
            "rfilename": "d-Q2_K.gguf",
            "size": 9,
            "lfs": {"sha256": "zz", "pointerSize": "x"},
            "blobId": 5,
        },
        {"rfilename": "e-Q3_K_M.gguf", "lfs": {"size": 11, "sha256": "AB" * 32}},
    ]
    answer(
        hub,
        siblings=siblings,
        gguf={"total": "many", "architecture": "\x1b[31mx" * 99},
        downloads=None,
        likes=-3,
        tags=[None, "license:mit\x07"],
        lastModified="yesterday",
        gated={"x": 1},
        cardData=[],
    )
    found = repository(NAME)
    assert [(v.name, v.size) for v in found.quantizations] == [("Q2_K", 9), ("Q3_K_M", 11)]
    assert found.quantizations[0].files[0].sha256 == ""
    assert found.quantizations[1].files[0].sha256 == "ab" * 32
    assert (found.parameters, found.downloads, found.likes, found.updated) == (0, 0, 0, "")
    assert (found.licence, found.gated) == ("mit", False)
    assert found.architecture.isprintable()
    assert any("3 GGUF files are left out" in problem for problem in found.problems)


def test_sizes_that_are_missing_are_taken_from_the_tree(hub: Hub) -> None:
    hub.page = 2
    files = {f"m{n}-Q4_K_M.gguf": bytes(10 + n) for n in range(5)}
    hub.add(NAME, files)
    answer(hub, siblings=[{"rfilename": name} for name in files])
    found = repository(NAME)
    assert sorted(v.size for v in found.quantizations) == [10, 11, 12, 13, 14]
    assert found.problems == ()


@pytest.mark.parametrize("said", [[], "text", 7, None, {}, {"sha": 5}, {"sha": "../../x"}])
def test_an_answer_that_no_hub_gives_is_named(hub: Hub, said: object) -> None:
    hub.answers[f"/api/models/{NAME}"] = as_json(said)
    with pytest.raises(UnreachableError):
        repository(NAME)


def test_thousands_of_files_take_no_time(hub: Hub) -> None:
    hub.add(NAME)
    kinds = ("Q2_K", "Q4_K_M", "Q8_0", "BF16")
    siblings: list[object] = [
        {"rfilename": f"d{n}/m{n}-{kind}.gguf", "size": n + 1}
        for n in range(5000)
        for kind in kinds
    ]
    answer(hub, siblings=siblings)
    started = time.perf_counter()
    found = repository(NAME)
    assert time.perf_counter() - started < 5
    assert len(found.quantizations) == 20_000
    assert len({variant.name for variant in found.quantizations}) == 20_000


def test_files_are_found_where_the_hub_keeps_them(hub: Hub) -> None:
    repo = hub.add(NAME, {"m-Q4_K_M.gguf": b"model", "README.md": b"# x"})
    found = resolve(NAME, repo.head, "m-Q4_K_M.gguf")
    assert found.url.startswith(hub.files.url)
    assert (found.size, found.commit) == (5, repo.head)
    assert found.sha256 == repo.commits[repo.head]["m-Q4_K_M.gguf"].sha256
    assert found.headers == {}
    card = resolve(NAME, "main", "README.md")
    assert card.url.startswith(hub.url)
    assert (card.size, card.sha256, card.commit) == (3, "", repo.head)
    with pytest.raises(NotFoundError, match=r"has no file none\.gguf"):
        resolve(NAME, "main", "none.gguf")
