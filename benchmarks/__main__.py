"""Run the named benchmarks, or all: ``python -m benchmarks [startup idle ...]``."""

import importlib
import sys

NAMES = (
    "startup",
    "idle",
    "chat_overhead",
    "stream_drawing",
    "log_view",
    "gguf_header",
    "hub_headers",
    "library",
    "download",
    "memory_estimate",
    "preview",
    "profile_editor",
    "hardware",
)


def main(names: list[str]) -> int:
    """Print each ratio as it is measured; return 1 when one is over its limit."""
    kept = True
    for name in names or NAMES:
        print(f"# {name}", flush=True)
        for ratio in importlib.import_module(f"benchmarks.{name}").run():
            print(ratio, flush=True)
            kept = kept and ratio.kept
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
