"""What the library says of a model, read from its header."""

from termai.gguf.quantization import Precision
from termai.models import library
from termai.models.model_file import Kind
from termai.paths import models_dir
from tests.models import files
from tests.models.files import listed


def test_a_model_is_described_by_its_header() -> None:
    files.model(models_dir() / "o/r/whatever-Q8_0.gguf", llama__vocab_size=64)
    (found,) = listed().values()
    assert (found.title, found.architecture) == ("Tiny", "llama")
    assert found.parameters == 2 * 256 * 256 + 256 * 64
    assert (found.context_length, found.block_count, found.embedding_length) == (4096, 1, 256)
    assert found.has_template
    assert not found.reasoning
    assert found.precision is Precision.LOW


def test_a_name_that_states_another_quantization_is_not_believed() -> None:
    files.model(models_dir() / "o/r/m-Q8_0.gguf")
    files.model(models_dir() / "o/r/m-UD-Q4_K_XL.gguf")
    assert {m.quantization for m in listed().values()} == {"Q4_K", "UD-Q4_K_XL"}


def test_a_model_that_thinks_and_one_that_embeds_are_marked() -> None:
    files.model(models_dir() / "a.gguf", tokenizer__chat_template="<think>")
    files.model(models_dir() / "b.gguf", llama__pooling_type=1)
    found = listed()
    assert found["a.gguf"].reasoning
    assert found["b.gguf"].kind is Kind.EMBEDDING
    assert found["b.gguf"].startable


def test_an_adapter_is_listed_as_one_with_its_base_architecture() -> None:
    files.adapter(models_dir() / "o/r/style.gguf")
    (found,) = listed().values()
    assert (found.kind, found.architecture, found.startable) == (Kind.ADAPTER, "llama", False)


def test_a_projector_is_known_by_its_header_whatever_it_is_called() -> None:
    path = files.projector(models_dir() / "o/r/eyes.gguf")
    found = library.refresh()
    assert path not in [model.path for model in found.models]
    assert {m.path: m.kind for m in found.files}[path] is Kind.PROJECTOR


def test_what_cannot_be_read_says_why_and_hides_nothing_else() -> None:
    files.model(models_dir() / "good.gguf")
    for name, content in (
        ("empty.gguf", b""),
        ("page.gguf", b"<!doctype html>"),
        ("old.gguf", b"tjgg" + bytes(100)),
        ("absurd.gguf", b"GGUF\x03\0\0\0" + b"\xff" * 64),
    ):
        (models_dir() / name).write_bytes(content)
    found = listed()
    assert found.pop("good.gguf").startable
    assert len(found) == 4
    for name, model in found.items():
        assert name.removesuffix(".gguf") in model.trouble
        assert not model.usable


def test_labels_are_the_shortest_names_that_no_other_has() -> None:
    for name in ("a/x/one.gguf", "a/x/same.gguf", "b/x/same.gguf", "b/y/same.gguf"):
        files.model(models_dir() / name)
    assert {model.label for model in listed().values()} == {
        *("one", "a/x/same", "b/x/same", "y/same"),
    }
