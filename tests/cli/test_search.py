"""Finding models on a hub from the command line."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Termai
from tests.cli.test_imports import modules
from tests.fakes.hub.api import as_json
from tests.fakes.hub.files import Content
from tests.fakes.hub.server import Hub
from tests.gguf.building import vocabulary, write_sparse
from tests.models.hub.conftest import hub, no_other_hub

__all__ = ["hub", "no_other_hub"]

NAME = "publisher/model-GGUF"


def filled(hub: Hub) -> None:
    """Give the hub two repositories that a search finds."""
    about = {"total": 8_030_000_000, "architecture": "llama", "context_length": 8192}
    hub.add("ann/first-GGUF", downloads=12_345, likes=7, licence="mit", gguf=about)
    hub.add("bob/second-with-a-long-name-Instruct-GGUF", gated="auto", downloads=3, likes=9)


def published(hub: Hub, folder: Path, gated: str | bool = False) -> None:
    """Put a model in three quantizations on the hub."""
    head = {
        "general.architecture": "llama",
        "llama.block_count": 4,
        "llama.context_length": 8192,
        "llama.embedding_length": 256,
        "llama.feed_forward_length": 512,
        "llama.attention.head_count": 8,
        **vocabulary(5000),
    }
    names = ("attn_q", "attn_k", "attn_v", "attn_output")
    files: dict[str, Content | bytes] = {"mmproj-F16.gguf": b"GGUF", "README.md": b"# Model"}
    for kind in ("Q4_K", "Q8_0", "BF16"):
        shapes = [(f"blk.{n}.{name}.weight", (256, 256), kind) for n in range(4) for name in names]
        tensors = [("token_embd.weight", (256, 5000), kind), *shapes]
        label = "Q4_K_M" if kind == "Q4_K" else kind
        files[f"m-{label}.gguf"] = Content(path=write_sparse(folder / kind, head, tensors))
    repo = hub.add(NAME, licence="apache-2.0", gated=gated, gguf={"total": 1_900_000})
    hub.commit(repo, files)


def test_what_is_found_is_shown_within_80_columns(termai: Termai, hub: Hub) -> None:
    filled(hub)
    head, first, second = termai("search", "gguf").stdout.splitlines()
    assert head.split() == ["REPOSITORY", "PARAMS", "DOWNLOADS", "LICENCE"]
    assert first.split() == ["ann/first-GGUF", "8.0B", "12.3K", "mit"]
    assert second.split() == [
        "bob/second-with-a-long-name-Instruct-GGUF",
        "3",
        "gated",
    ]
    sorted_by = termai("search", "gguf", "--sort", "likes").stdout.splitlines()
    assert "LIKES" in sorted_by[0]
    assert sorted_by[1].startswith("bob/second")
    assert max(map(len, (head, first, second, *sorted_by))) <= 80


def test_json_has_all_of_it(termai: Termai, hub: Hub) -> None:
    filled(hub)
    found = json.loads(
        termai("search", "first", "--author", "ann", "--limit", "5", "--json").stdout
    )
    assert found == [
        {
            "id": "ann/first-GGUF",
            "author": "ann",
            "downloads": 12_345,
            "likes": 7,
            "trending": 0,
            "licence": "mit",
            "gated": False,
            "private": False,
            "updated": "2026-05-01T12:00:00Z",
            "architecture": "llama",
            "parameters": 8_030_000_000,
            "context_length": 8192,
            "storage": None,
        }
    ]


def test_a_repository_shows_its_quantizations_and_what_fits(
    termai: Termai, hub: Hub, tmp_path: Path
) -> None:
    published(hub, tmp_path)
    done = termai("search", NAME)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == NAME
    assert "apache-2.0" in lines[1]
    assert lines[3].split() == ["QUANTIZATION", "SIZE", "CLASS", "FITS"]
    assert [line.split()[-2] for line in lines[4:7]] == ["low", "medium", "full"]
    assert {line.split()[-1] for line in lines[4:7]} <= {"wholly", "partly", "no"}
    assert sum(line.startswith("*") for line in lines[4:7]) == 1
    assert [line for line in lines if line.startswith("with mmproj-F16.gguf")]
    assert max(map(len, lines[:8])) <= 80
    found = json.loads(termai("search", NAME, "--json").stdout)
    assert [one["name"] for one in found["quantizations"]] == ["Q4_K_M", "Q8_0", "BF16"]
    assert [one["class"] for one in found["quantizations"]] == ["low", "medium", "full"]
    for one in found["quantizations"]:
        assert one["fit"]["verdict"] in ("full", "partial", "none")
        assert one["fit"]["total"] > 0
        assert one["files"][0]["sha256"]
    assert found["best"] in ("Q4_K_M", "Q8_0", "BF16")
    assert found["commit"] == hub.repos[NAME].head
    assert [one["path"] for one in found["projectors"]] == ["mmproj-F16.gguf"]


@pytest.mark.parametrize("command", ["search --help", "hub --help", "hub", "hub login hf_x"])
def test_nothing_heavy_is_imported_before_a_hub_is_asked(command: str, hub: Hub) -> None:
    heavy = {"huggingface_hub", "httpx2", "textual", "rich", "numpy", "pydantic", "llama_cpp"}
    assert not modules(*command.split()) & heavy


def test_without_the_fit_no_header_is_read(termai: Termai, hub: Hub, tmp_path: Path) -> None:
    published(hub, tmp_path)
    done = termai("search", NAME, "--no-fit")
    assert "Q4_K_M" in done.stdout
    assert "FITS" not in done.stdout
    assert hub.files.asked == []


def test_a_gated_repository_is_shown_and_says_what_to_accept(
    termai: Termai, hub: Hub, tmp_path: Path
) -> None:
    published(hub, tmp_path, gated="manual")
    done = termai("search", NAME)
    assert done.returncode == 0, done.stderr
    assert f"Gated: accept its conditions at {hub.url}/{NAME}" in done.stdout
    assert "Q4_K_M" in done.stdout


def test_a_name_that_is_no_repository_may_be_part_of_one(termai: Termai, hub: Hub) -> None:
    filled(hub)
    assert "ann/first-GGUF" in termai("search", "ann/first").stdout
    done = termai("search", "nobody/nothing", "--json")
    assert done.returncode == 3
    assert json.loads(done.stderr)["error"]["kind"] == "not_found"


def test_nothing_found_is_said(termai: Termai, hub: Hub) -> None:
    done = termai("search", "nothing", "at", "all")
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing at all" in done.stderr
    assert json.loads(termai("search", "nothing", "--json").stdout) == []


def test_hostile_names_never_reach_the_terminal(termai: Termai, hub: Hub) -> None:
    evil = {
        "id": "a/b",
        "tags": ["license:\x1b]0;owned\x07mit"],
        "gguf": {"architecture": "\x9b2J"},
    }
    hub.answers["/api/models"] = as_json([evil, {"id": "\x1b[2J/x"}])
    for options in ([], ["--json"]):
        shown = termai("search", "x", *options).stdout
        assert "\x1b" not in shown
        assert "\x9b" not in shown
        assert "a/b" in shown


@pytest.mark.parametrize("options", [["--limit", "0"], ["--sort", "size"], ["--limit", "501"]])
def test_options_that_make_no_sense_are_refused(
    termai: Termai, hub: Hub, options: list[str]
) -> None:
    assert termai("search", "x", *options).returncode == 2
    assert hub.asked == []


def test_offline_and_away_have_their_exit_code(termai: Termai, hub: Hub) -> None:
    done = termai("search", "x", HF_HUB_OFFLINE="1")
    assert done.returncode == 6
    assert "HF_HUB_OFFLINE says" in done.stderr
    assert hub.asked == []
