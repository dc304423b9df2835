"""What the host writes to its log: one line each, marked so that it is told from llama.cpp's."""

import os
import sys


def say(line: str) -> None:
    """Write one line of our own to standard error at once."""
    os.write(sys.stderr.fileno(), f"termai: {line}\n".encode("utf-8", "replace"))


def fail(sentence: str) -> None:
    """Write the one line that says why the host gives up."""
    say(f"error: {' '.join(sentence.split())}")
