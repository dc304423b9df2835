"""A program that behaves as KoboldCPP 1.117 where termai looks: run it as ``koboldcpp.py``.

Its flags are those of koboldcpp.py's argparse that profiles need; the lines and exit codes those
of its ``main`` and ``exit_with_error`` (2: a file is missing, 3: a model cannot be loaded), with
llama.cpp's between them; its routes /api/extra/version, /api/extra/perf and /v1/models. A model
whose name has "broken" in it cannot be loaded, one with "huge" does not fit the GPU.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

VERSION = "1.117"
_WHOLE = ("--contextsize", "--gpulayers", "--maingpu", "--batchsize", "--blasthreads", "--threads",
          "--moecpu", "--draftamount", "--draftgpulayers", "--autofitpadding",
          "--parallelrequests")  # fmt: skip
_TEXT = ("--splitmode", "--mmproj", "--draftmodel", "--overridekv", "--overridetensors",
         "--device", "--jinjatemplate")  # fmt: skip
_SWITCHES = ("--usecpu", "--noshift", "--usemmap", "--usemlock", "--noflashattention", "--lowvram",
             "--mmprojcpu", "--nobostoken", "--usemtp", "--jinja", "--skiplauncher", "--quiet",
             "--noswa")  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """Return the command line as far as it is imitated."""
    found = argparse.ArgumentParser(
        prog="koboldcpp.py", description=f"KoboldCpp Server - Version {VERSION}"
    )
    found.add_argument("--model", "-m", nargs="+", default=[])
    found.add_argument("--port", type=int, default=5001)
    found.add_argument("--host", default="")
    found.add_argument("--password", default=os.environ.get("KCPP_PASSWORD"))
    for flag in _WHOLE:
        found.add_argument(flag, type=int)
    for flag in _TEXT:
        found.add_argument(flag, default="")
    for flag in _SWITCHES:
        found.add_argument(flag, action="store_true")
    found.add_argument("--quantkv", choices=["f16", "bf16", "q8_0", "q5_1", "q4_0"], default="f16")
    found.add_argument("--tensor_split", type=float, nargs="+")
    found.add_argument("--ropeconfig", type=float, nargs="+")
    found.add_argument("--lora", nargs="+")
    found.add_argument("--loramult", type=float)
    return found


def main() -> None:
    """Load, or fail, then serve."""
    args = parser().parse_args()
    say(f"***\nWelcome to KoboldCpp - Version {VERSION}")
    say(f"==========\n{args}\n==========")
    path = str(Path(args.model[0]).absolute()) if args.model else ""
    if not Path(path).is_file():
        fail(2, f"Cannot find text model file: {path}")
    if args.mmproj and not Path(args.mmproj).is_file():
        fail(2, f"Cannot find mmproj file: {args.mmproj}")
    say(f"Loading Text Model: {path}")
    load(path)
    say("Load Text Model OK: True\nEmbedded KoboldAI Lite loaded.\n======")
    url = f"http://{args.host or 'localhost'}:{args.port}"
    say(f"Starting Kobold API on port {args.port} at {url}/api/")
    say(f"Starting OpenAI Compatible API on port {args.port} at {url}/v1/")
    server = ThreadingHTTPServer((args.host, args.port), handler(args))
    say(f"======\nPlease connect to custom endpoint at {url}")
    server.serve_forever()


def load(path: str) -> None:
    """Say what llama.cpp says while it loads."""
    say("llama_model_loader: loaded meta data with 26 key-value pairs and 29 tensors")
    if "broken" in path:
        say("llama_model_load: error loading model: unknown model architecture: 'mystery'")
        refuse(path)
    say("print_info: arch             = llama\nprint_info: n_layer          = 2")
    say("load_tensors: loading model tensors, this can take a while... (mmap = false)")
    if "huge" in path:
        say("ggml_backend_cuda_buffer_type_alloc_buffer: allocating 90000.00 MiB on device 0: "
            "cudaMalloc failed: out of memory")  # fmt: skip
        refuse(path)
    say("load_tensors: offloaded 3/3 layers to GPU")
    say("load_tensors:        CUDA0 model buffer size =     1.50 MiB")
    say("llama_context: n_ctx         = 4096\n" + "." * 40)


def refuse(path: str) -> None:
    """End as after a failed load."""
    say("Load Text Model OK: False")
    fail(3, f"Could not load text model: {path}")


def fail(code: int, sentence: str) -> None:
    """End as ``exit_with_error`` does, without its pauses."""
    say(f"\n{sentence}")
    sys.exit(code)


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def handler(args: argparse.Namespace) -> type[BaseHTTPRequestHandler]:
    """Return what answers requests."""
    answers: dict[str, Callable[[], dict[str, Any]]] = {
        "/api/extra/version": lambda: {
            "result": "KoboldCpp",
            "version": VERSION,
            "protected": bool(args.password),
        },
        "/api/extra/perf": lambda: {"last_process": 0, "last_eval": 0, "idle": 1, "queue": 0},
        "/v1/models": lambda: {
            "object": "list",
            "data": [{"id": "koboldcpp/tiny", "object": "model", "owned_by": "koboldcpp"}],
        },
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path)
            content = json.dumps(found()).encode() if found else b"Error: 404"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    return Handler


if __name__ == "__main__":
    main()
