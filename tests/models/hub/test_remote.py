"""Headers read from a hub: the same as from the file, in few bytes, once."""

import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from termai.errors import AccessError, InvalidFileError, TermaiError, UnreachableError
from termai.gguf.header import Header, read_header
from termai.gguf.splits import read_model
from termai.models.hub import (
    Repository,
    Variant,
    header_of,
    kept,
    remote,
    remote_header,
    remote_headers,
)
from termai.models.hub import repository as ask
from termai.models.hub.remote import Counts
from tests.fakes.hub.faults import Fault, Kind
from tests.fakes.hub.files import Content
from tests.fakes.hub.server import Hub
from tests.gguf.building import ARRAY, I32, STRING, U32, Typed, build, vocabulary, write_sparse
from tests.support import wait_until

NAME = "publisher/model-GGUF"
TOKENS = 151_000
QUANTS = {"Q4_K_M": (15, "Q4_K"), "Q6_K": (18, "Q6_K"), "Q8_0": (7, "Q8_0"), "BF16": (32, "BF16")}


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the arrays of the repository that another test read."""
    monkeypatch.setattr(remote, "_shelf", remote._Shelf())


def metadata(kind: int, words: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the metadata of a model in the order in which the usual programs write it."""
    begin = {"general.architecture": "llama", "general.name": "m" * kind, "llama.block_count": 36}
    end = {"tokenizer.chat_template": "{% x %}" * 500, "general.file_type": kind}
    return {**begin, **words, **end, **more}


def words(tokens: int) -> dict[str, Any]:
    """Return a vocabulary with its merges right behind it, as llama.cpp's converter writes it."""
    made = vocabulary(tokens, tokens - 1000)
    merges = made.pop("tokenizer.ggml.merges")
    arrays = {key: value for key, value in made.items() if not key.endswith("_id")}
    ids = {key: value for key, value in made.items() if key.endswith("_id")}
    return {**arrays, "tokenizer.ggml.merges": merges, **ids}


def tensors(kind: str, first: int = 0, count: int = 36) -> list[tuple[str, tuple[int, ...], str]]:
    """Return the tensors of some layers."""
    names = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    layers = range(first, first + count)
    return [(f"blk.{layer}.{name}.weight", (4096, 256), kind) for layer in layers for name in names]


def published(hub: Hub, files: dict[str, Path]) -> Repository:
    """Put files on the hub, announced with hashes that need not be computed, and read it."""
    repo = hub.add(NAME)
    contents = {name: Content(path=path) for name, path in files.items()}
    hub.commit(repo, contents, sha256={name: f"{n:064x}" for n, name in enumerate(files, 1)})
    return ask(NAME)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write quantizations of one model with a large vocabulary."""
    folder = tmp_path_factory.mktemp("models")
    shared = words(TOKENS)
    return {
        f"m-{quant}.gguf": write_sparse(folder / quant, metadata(kind, shared), tensors(type_))
        for quant, (kind, type_) in QUANTS.items()
    }


def same(one: Header, other: Header) -> bool:
    """Whether two headers say the same."""
    keys = ("version", "big_endian", "metadata", "tensors", "alignment", "length", "file_size")
    return all(getattr(one, key) == getattr(other, key) for key in keys)


def read(found: Repository, name: str) -> tuple[Header, Counts]:
    """Return the header of a quantization and what it took."""
    counts: list[Counts] = []
    variant = next(v for v in found.quantizations if v.name == name)
    header = remote_header(found, variant, counted=counts.append)
    total = Counts(sum(c.requests for c in counts), sum(c.fetched for c in counts))
    return header, total


def test_headers_of_one_model_are_the_files_own_and_share_their_vocabulary(
    hub: Hub, models: dict[str, Path]
) -> None:
    found = published(hub, models)
    took = {}
    for name in QUANTS:
        header, took[name] = read(found, name)
        local = read_header(models[f"m-{name}.gguf"])
        assert same(header, local)
        assert header.length > 6_000_000
    first, *others = took.values()
    assert first.fetched < 1.1 * header.length
    assert first.requests <= 4
    for counts in others:
        assert counts.fetched < 100_000
        assert counts.requests == 2
    total = sum(counts.fetched for counts in took.values())
    wait_until(lambda: hub.files.sent == total, what="what was sent is what was counted")
    print(f"\nbytes fetched: {took} for headers of {header.length:,} bytes")


def test_a_header_is_read_once(hub: Hub, models: dict[str, Path]) -> None:
    found = published(hub, models)
    header, _ = read(found, "Q8_0")
    asked = len(hub.asked), len(hub.files.asked)
    again, counts = read(found, "Q8_0")
    assert same(header, again)
    assert counts == Counts()
    assert (len(hub.asked), len(hub.files.asked)) == asked
    for path in kept.directory().iterdir():
        assert path.stat().st_size < 100_000
        path.write_bytes(path.read_bytes()[:-9])
    assert same(read(found, "Q8_0")[0], header)


def test_a_changed_file_is_read_anew(hub: Hub, models: dict[str, Path], tmp_path: Path) -> None:
    found = published(hub, models)
    read(found, "Q8_0")
    new = write_sparse(tmp_path / "new", metadata(7, words(500)), tensors("Q8_0"))
    hub.commit(
        hub.repos[NAME], {"m-Q8_0.gguf": Content(path=new)}, sha256={"m-Q8_0.gguf": "f" * 64}
    )
    header, _ = read(ask(NAME), "Q8_0")
    assert same(header, read_header(new))


@pytest.mark.parametrize("change", ["other words", "more words", "other order", "key between"])
def test_a_vocabulary_that_differs_is_read_whole(hub: Hub, tmp_path: Path, change: str) -> None:
    first, second = words(20_000), words(20_000)
    if change == "other words":
        second["tokenizer.ggml.tokens"] = [f"#{w}" for w in second["tokenizer.ggml.tokens"]]
    elif change == "more words":
        second = words(21_000)
    elif change == "other order":
        second = dict(sorted(second.items()))
    else:
        merges = second.pop("tokenizer.ggml.merges")
        second |= {"tokenizer.ggml.pre2": "x", "tokenizer.ggml.merges": merges}
    files = {
        "m-Q4_K_M.gguf": write_sparse(tmp_path / "a", metadata(15, first), tensors("Q4_K")),
        "m-Q8_0.gguf": write_sparse(tmp_path / "b", metadata(7, second), tensors("Q8_0")),
    }
    found = published(hub, files)
    for name in ("Q4_K_M", "Q8_0"):
        assert same(read(found, name)[0], read_header(files[f"m-{name}.gguf"]))


def test_words_of_the_same_length_at_the_end_do_not_matter_but_values_do(
    hub: Hub, tmp_path: Path
) -> None:
    first = words(20_000)
    second = {**first, "tokenizer.ggml.eos_token_id": 77, "general.author": "somebody" * 20}
    files = {
        "m-Q4_K_M.gguf": write_sparse(tmp_path / "a", metadata(15, first), tensors("Q4_K")),
        "m-Q8_0.gguf": write_sparse(tmp_path / "b", metadata(7, second), tensors("Q8_0", count=50)),
    }
    found = published(hub, files)
    read(found, "Q4_K_M")
    header, counts = read(found, "Q8_0")
    assert same(header, read_header(files["m-Q8_0.gguf"]))
    assert header.number("tokenizer.ggml.eos_token_id") == 77
    assert counts.requests == 2


def test_arrays_that_do_not_follow_each_other_are_shared_all_the_same(
    hub: Hub, tmp_path: Path
) -> None:
    apart = vocabulary(20_000, 19_000)
    files = {
        f"m-{q}.gguf": write_sparse(
            tmp_path / q, metadata(kind, apart), tensors(t), big_endian=True
        )
        for q, (kind, t) in QUANTS.items()
    }
    found = published(hub, files)
    read(found, "Q4_K_M")
    header, counts = read(found, "BF16")
    assert same(header, read_header(files["m-BF16.gguf"]))
    assert counts.requests == 3
    assert counts.fetched < 150_000


def test_split_sets_are_one_header(hub: Hub, tmp_path: Path) -> None:
    files = {}
    for part in range(3):
        own = {"split.no": part, "split.count": 3, "split.tensors.count": 36 * 7}
        head = metadata(7, words(20_000)) if not part else {}
        files[f"Q8_0/m-Q8_0-0000{part + 1}-of-00003.gguf"] = write_sparse(
            tmp_path / f"m-Q8_0-0000{part + 1}-of-00003.gguf",
            {**head, **own},
            tensors("Q8_0", 12 * part, 12),
        )
    found = published(hub, files)
    header, counts = read(found, "Q8_0")
    assert same(header, read_model(next(iter(files.values()))))
    assert len(header.tensors) == 252
    assert counts.fetched < 1_500_000


def test_several_are_read_at_the_same_time_and_told_one_by_one(
    hub: Hub, models: dict[str, Path]
) -> None:
    found = published(hub, models)
    hub.files.faults.add(Fault(Kind.STATUS, status=410, times=-1, match="Q6_K"))
    told: dict[str, Header | TermaiError] = {}
    inside = threading.Lock()

    def tell(variant: Variant, header: Header | TermaiError) -> None:
        assert inside.acquire(blocking=False)
        told[variant.name] = header
        inside.release()

    remote_headers(found, found.quantizations, tell)
    assert set(told) == set(QUANTS)
    assert isinstance(told.pop("Q6_K"), UnreachableError)
    for name, header in told.items():
        assert isinstance(header, Header)
        assert same(header, read_header(models[f"m-{name}.gguf"]))
    assert hub.files.sent < 8_000_000


def test_projectors_are_read_as_well(hub: Hub, tmp_path: Path) -> None:
    model = write_sparse(tmp_path / "m", {"general.architecture": "llama"}, tensors("Q8_0", 0, 1))
    clip = write_sparse(tmp_path / "p", {"general.architecture": "clip"}, [("v.a", (32,), "F32")])
    found = published(hub, {"m-Q8_0.gguf": model, "mmproj-F16.gguf": clip})
    header = header_of(found, found.quantizations[0].projectors[:1])
    assert header.architecture == "clip"


def test_a_signed_address_that_expires_is_asked_for_again(
    hub: Hub, models: dict[str, Path]
) -> None:
    found = published(hub, models)
    hub.files.faults.add(Fault(Kind.EXPIRED, times=1))
    header, _ = read(found, "Q8_0")
    assert same(header, read_header(models["m-Q8_0.gguf"]))


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("kind", [Kind.RESET, Kind.TRUNCATE])
def test_a_connection_that_breaks_is_made_again(
    hub: Hub, models: dict[str, Path], kind: Kind
) -> None:
    found = published(hub, models)
    hub.files.faults.add(Fault(kind, after=1000, times=2))
    assert same(read(found, "Q8_0")[0], read_header(models["m-Q8_0.gguf"]))


@pytest.mark.usefixtures("hurried")
def test_a_file_that_comes_too_slowly_is_given_up(hub: Hub, models: dict[str, Path]) -> None:
    found = published(hub, models)
    hub.files.rate = 4000.0
    with pytest.raises(UnreachableError, match="too slow"):
        read(found, "Q8_0")


@pytest.mark.parametrize("kind", [Kind.IGNORE_RANGE, Kind.WRONG_RANGE])
def test_a_server_without_ranges_is_told(hub: Hub, models: dict[str, Path], kind: Kind) -> None:
    found = published(hub, models)
    hub.files.faults.add(Fault(kind, times=-1))
    with pytest.raises(UnreachableError, match="part"):
        read(found, "Q8_0")


def test_a_header_in_the_first_bytes_needs_no_ranges(hub: Hub, tmp_path: Path) -> None:
    small = write_sparse(tmp_path / "m", {"general.architecture": "llama"}, tensors("Q8_0"))
    found = published(hub, {"m-Q8_0.gguf": small})
    hub.files.faults.add(Fault(Kind.IGNORE_RANGE, times=-1))
    assert same(read(found, "Q8_0")[0], read_header(small))


@pytest.mark.parametrize("name", ["a b/m #1?-Q8_0.gguf", "ü/ñ%2F-Q8_0.gguf", "+&=-Q8_0.gguf"])
def test_names_that_must_be_quoted_are_read(hub: Hub, tmp_path: Path, name: str) -> None:
    small = write_sparse(tmp_path / "m", {"general.architecture": "llama"}, tensors("Q8_0", 0, 1))
    found = published(hub, {name: small})
    assert found.files[0].path == name
    assert same(read(found, "Q8_0")[0], read_header(small))


def test_a_header_that_is_too_long_is_refused(hub: Hub, tmp_path: Path) -> None:
    huge = tmp_path / "huge"
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 1)
    head += struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", ARRAY, STRING, 3_000_000)
    with huge.open("wb") as stream:
        stream.write(head + struct.pack("<Q", 40) + bytes(40))
        for _ in range(100):
            stream.write((struct.pack("<Q", 40) + bytes(40)) * 30_000)
    found = published(hub, {"m-Q8_0.gguf": huge})
    with pytest.raises(InvalidFileError, match="longer than 64 MiB"):
        read(found, "Q8_0")
    assert hub.files.sent <= 64 << 20


@pytest.mark.parametrize("data", [b"", b"<html>", b"GGUF", b"GGUF" + bytes(1000), b"\x00" * 5000])
def test_what_is_no_model_is_told(hub: Hub, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    found = published(hub, {"m-Q8_0.gguf": path})
    with pytest.raises(InvalidFileError, match=r"m-Q8_0\.gguf"):
        read(found, "Q8_0")
    assert not kept.directory().exists()


def test_arrays_are_kept_as_they_were(hub: Hub, tmp_path: Path) -> None:
    odd = {
        "general.architecture": "llama",
        "a.numbers": Typed(ARRAY, [1, 2, 3], I32),
        "a.many": Typed(ARRAY, list(range(5000)), U32),
        "a.flag": True,
        "a.real": 0.5,
        "a.large": (1 << 64) - 1,
        "a.less": -5,
        "a.text": "héllo \x00",
    }
    path = tmp_path / "x"
    path.write_bytes(build(odd, [("t", (32, 2), "Q8_0")]) + bytes(68))
    found = published(hub, {"m-Q8_0.gguf": path})
    first, _ = read(found, "Q8_0")
    again, counts = read(found, "Q8_0")
    assert counts == Counts()
    assert same(first, again)
    assert same(again, read_header(path))


def test_old_headers_give_way_to_new_ones(
    hub: Hub, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_MOST_FILES", 3)
    monkeypatch.setattr(kept, "_PRUNED_TO", 2)
    found = published(hub, models)
    for name in QUANTS:
        read(found, name)
    assert len(list(kept.directory().iterdir())) == 2


def test_a_gated_repository_is_refused_before_anything_is_read(
    hub: Hub, models: dict[str, Path]
) -> None:
    hub.add(NAME, {"m-Q8_0.gguf": b"GGUF"}, gated="auto")
    found = ask(NAME)
    with pytest.raises(AccessError, match="is gated"):
        read(found, "Q8_0")
    assert hub.files.asked == []
