"""llama.cpp's own reader takes and refuses the same mutations of a real header."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from termai.errors import InvalidFileError
from termai.gguf.header import parse_header
from termai.models.smoke import model_path
from tests.support import native_bin

SMOKE = model_path().read_bytes()[: 64 << 10]
LENGTH = parse_header(SMOKE).length
TELLING = (0, 1, 2, 7, 8, 9, 12, 13, 31, 32, 64, 127, 128, 255)

READER = """
import ctypes, sys

class Params(ctypes.Structure):
    _fields_ = [("no_alloc", ctypes.c_bool), ("ctx", ctypes.c_void_p)]

ggml = ctypes.CDLL(sys.argv[1])
ggml.gguf_init_from_file.restype = ctypes.c_void_p
ggml.gguf_init_from_file.argtypes = [ctypes.c_char_p, Params]
ggml.gguf_free.argtypes = [ctypes.c_void_p]
for line in sys.stdin:
    header = ggml.gguf_init_from_file(line.strip().encode(), Params(True, None))
    print("taken" if header else "refused", flush=True)
    if header:
        ggml.gguf_free(header)
"""


@contextmanager
def _llama_cpp() -> Iterator[subprocess.Popen[str]]:
    """Run llama.cpp's reader in a process of its own, which it may take down."""
    libraries = native_bin("llama-server").parent.parent / "llama_cpp" / "lib"
    library = next(iter(sorted(libraries.glob("libggml-base.*"))))
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(library)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield reader
    finally:
        reader.kill()
        reader.communicate(timeout=10)


def _takes(reader: subprocess.Popen[str], path: Path) -> bool:
    assert reader.stdin
    assert reader.stdout
    reader.stdin.write(f"{path}\n")
    reader.stdin.flush()
    answer = reader.stdout.readline().strip()
    assert answer, f"llama.cpp crashed on {path}"
    return answer == "taken"


def _mutation(source: random.Random) -> bytes:
    """Return the smoke model's header with a few bytes overwritten, lost or put in."""
    data = bytearray(SMOKE)
    for _ in range(source.choice((1, 1, 1, 2, 4))):
        lowest, highest = source.choice(((8, 1500), (LENGTH - 2500, LENGTH), (8, LENGTH)))
        at, some = source.randrange(lowest, highest), source.randrange(1, 9)
        kind = source.random()
        if kind < 0.7:
            data[at] = source.choice(TELLING) if kind < 0.5 else source.randrange(256)
        elif kind < 0.85:
            del data[at : at + some]
        else:
            data[at:at] = source.randbytes(some)
    return bytes(data)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_takes_and_refuses_the_same(tmp_path: Path, seed: int) -> None:
    source = random.Random(seed)  # noqa: S311
    path = tmp_path / "mutated.gguf"
    taken = 0
    with _llama_cpp() as reader:
        for _ in range(2000 if seed == 1 else 20_000):
            data = _mutation(source)
            path.write_bytes(data)
            problem = _problem(data)
            # llama.cpp does not look at the encoding of names.
            if "not UTF-8" not in problem:
                assert _takes(reader, path) == (not problem), problem
                taken += not problem
    assert taken > 300


def _problem(data: bytes) -> str:
    try:
        parse_header(data)
    except InvalidFileError as error:
        return str(error)
    return ""
