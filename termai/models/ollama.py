"""Ollama's store: ``manifests/HOST/NAMESPACE/MODEL/TAG`` that name the files in ``blobs/``."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from termai.models.found import Found, look
from termai.models.listing import listed, small_text
from termai.models.stores import Store

DEFAULT_HOST = "registry.ollama.ai"
DEFAULT_NAMESPACE = "library"
DEFAULT_TAG = "latest"

_LAYER = "application/vnd.ollama.image."
_DIGEST = re.compile(r"sha256[:-](?P<hex>[0-9a-f]{64})")
_SHOWN = len("sha256-") + 12  # characters of a blob's name
_DEPTH = 3  # directories of a manifest below ``manifests``: host, namespace, model
_MAX_MANIFESTS = 20_000
_MAX_LAYERS = 1_000


@dataclass(frozen=True, slots=True)
class Layer:
    """A blob that a manifest names: its kind (model, projector, adapter, template …) and size."""

    kind: str
    blob: Path
    size: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A manifest: where it lies, the model's name as Ollama shows it, and its layers."""

    path: Path
    name: str
    layers: tuple[Layer, ...]

    def of(self, kind: str) -> tuple[Layer, ...]:
        """Return the layers of one kind."""
        return tuple(layer for layer in self.layers if layer.kind == kind)


def files(directory: Path, store: Store, program: str) -> Iterator[Found | None]:
    """Yield the model of each manifest, with what belongs to it, then half downloads.

    What is no GGUF file, such as safetensors, is told by its first bytes when it is read.
    """
    companions: dict[Path, str] = {}
    for tag in tags(directory):
        models = tag.of("model")
        beside = tag.of("projector") + tag.of("adapter")
        companions |= {layer.blob: layer.kind for layer in beside}
        if models:
            belongs = tuple(layer.blob for layer in beside)
            yield _found(models[0], tag, store, program, belongs)
        else:
            yield None
    of_store: dict[str, Any] = {"program": program, "doubtful": True, "tagged": True}
    for blob, kind in companions.items():
        yield look(blob, f"{kind} {blob.name[:_SHOWN]}", store, companion=kind, **of_store)
    for name in listed(directory / "blobs").files:
        if name.endswith("-partial"):
            path = directory / "blobs" / name
            yield look(path, name[:_SHOWN], store, incomplete=True, **of_store)


def tags(directory: Path) -> Iterator[Tag]:
    """Yield the manifests of a store that can be read, in order of name."""
    root = directory / "manifests"
    count = 0
    for host in _inside(root):
        for namespace in _inside(host):
            for model in _inside(namespace):
                for name in listed(model).files:
                    count += 1
                    if count > _MAX_MANIFESTS:
                        return
                    if not name.startswith("."):
                        shown = shown_name(host.name, namespace.name, model.name, name)
                        path = model / name
                        yield Tag(path, shown, _layers(path, directory / "blobs"))


def tag_of(manifest: Path) -> str:
    """Return the model's name as Ollama shows it, from where its manifest lies."""
    return shown_name(*manifest.parts[-4:])


def is_blob(name: str) -> bool:
    """Tell whether a file is called as a blob that is whole."""
    return _DIGEST.fullmatch(name) is not None


def root_of(manifest: Path) -> Path:
    """Return the directory that holds ``manifests`` and ``blobs``."""
    return manifest.parents[4]


def blobs_of(manifest: Path) -> frozenset[Path] | None:
    """Return every blob that a manifest names, None where it cannot be read."""
    try:
        read = json.loads(small_text(manifest))
        digests = [
            layer["digest"] for layer in (read.get("config") or {}, *read["layers"]) if layer
        ]
        found = [_DIGEST.fullmatch(digest) for digest in digests]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    if not all(found):
        return None
    blobs = root_of(manifest) / "blobs"
    return frozenset(blobs / f"sha256-{one['hex']}" for one in found if one)


def manifests(directory: Path) -> tuple[Path, ...]:
    """Return every file below a store's ``manifests``; raises OSError where one cannot be seen.

    Links to directories are followed, as Ollama does, which looks four levels deep.
    """

    def refuse(error: OSError) -> None:
        raise error

    root = directory / "manifests"
    found: list[Path] = []
    for folder, below, names in os.walk(root, onerror=refuse, followlinks=True):
        found += [Path(folder, name) for name in names]
        if len(Path(folder).parts) - len(root.parts) >= _DEPTH:
            below.clear()
    return tuple(found)


def shown_name(host: str, namespace: str, model: str, tag: str) -> str:
    """Return a name as ``ollama ls`` shows it (types/model/name.go, DisplayShortest)."""
    if host.lower() != DEFAULT_HOST:
        return f"{host}/{namespace}/{model}:{tag}"
    if namespace.lower() != DEFAULT_NAMESPACE:
        return f"{namespace}/{model}:{tag}"
    return f"{model}:{tag}"


def spelt(reference: str) -> str:
    """Return what a person may type for a model as ``shown_name`` writes it."""
    path, slash, last = reference.rpartition("/")
    model, colon, tag = last.partition(":")
    full = f"{path}{slash}{model}:{tag if colon and tag else DEFAULT_TAG}"
    full = full.removeprefix(f"{DEFAULT_HOST}/")
    return full.removeprefix(f"{DEFAULT_NAMESPACE}/")


def _inside(directory: Path) -> list[Path]:
    return [directory / name for name in listed(directory).directories if name[:1] != "."]


def _layers(manifest: Path, blobs: Path) -> tuple[Layer, ...]:
    """Read a manifest; an empty tuple where it is none."""
    try:
        read = json.loads(small_text(manifest))
        given = read["layers"][:_MAX_LAYERS]
    except (ValueError, RecursionError, KeyError, TypeError):
        return ()
    found = (_layer(one, blobs) for one in given)
    return tuple(layer for layer in found if layer is not None)


def _layer(given: object, blobs: Path) -> Layer | None:
    """Return a layer of one of Ollama's kinds whose digest is one, None for others."""
    if not isinstance(given, dict):
        return None
    kind, digest, size = (given.get(key) for key in ("mediaType", "digest", "size"))
    if not (isinstance(kind, str) and kind.startswith(_LAYER) and isinstance(digest, str)):
        return None
    found = _DIGEST.fullmatch(digest)
    if not found:
        return None
    least = size if type(size) is int and size > 0 else 0
    return Layer(kind.removeprefix(_LAYER), blobs / f"sha256-{found['hex']}", least)


def _found(layer: Layer, tag: Tag, store: Store, program: str, belongs: tuple[Path, ...]) -> Found:
    more: dict[str, Any] = {
        "program": program,
        "tagged": True,
        "belongs": belongs,
        "manifest": tag.path,
    }
    found = look(layer.blob, tag.name, store, doubtful=True, **more)
    if found is None:
        problem = "Its blob is missing from Ollama's store."
        return Found(layer.blob, tag.name, store, problem=problem, **more)
    return replace(found, incomplete=not found.problem and found.size < layer.size)
