"""A program that behaves as KoboldCPP 1.117 where termai looks: run it as ``koboldcpp.py``.

Its flags are those of koboldcpp.py's argparse that profiles need; the lines and exit codes those
of its ``main`` and ``exit_with_error`` (2: a file is missing, 3: a model cannot be loaded), with
llama.cpp's between them; its routes /api/extra/version, /api/extra/perf, /v1/models and
/v1/chat/completions, which knows two capitals. A model whose name has "broken" in it cannot be
loaded, one with "huge" does not fit the GPU. With FAKE_KOBOLDCPP=nocuda in the environment it uses
no GPU.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

VERSION = "1.117"
CAPITALS = {"France": "Paris", "Japan": "Tokyo"}
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
        found.add_argument(flag, type=int, default=-1 if flag == "--gpulayers" else None)
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
    load(path, on_gpu=bool(args.gpulayers) and not args.usecpu)
    say("Load Text Model OK: True\nEmbedded KoboldAI Lite loaded.\n======")
    url = f"http://{args.host or 'localhost'}:{args.port}"
    say(f"Starting Kobold API on port {args.port} at {url}/api/")
    say(f"Starting OpenAI Compatible API on port {args.port} at {url}/v1/")
    server = ThreadingHTTPServer((args.host, args.port), handler(args))
    say(f"======\nPlease connect to custom endpoint at {url}")
    server.serve_forever()


def load(path: str, *, on_gpu: bool) -> None:
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
    layers, device = (3, "CUDA0") if on_gpu and "FAKE_KOBOLDCPP" not in os.environ else (0, "CPU")
    say(f"load_tensors: offloaded {layers}/3 layers to GPU")
    say(f"load_tensors: {device:>12} model buffer size =     1.50 MiB")
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

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            question = str(asked["messages"][-1]["content"])
            content = "".join(f"data: {json.dumps(one)}\n\n" for one in chunks(question))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(f"{content}data: [DONE]\n\n".encode())

        def log_message(self, *_: object) -> None:
            return

    return Handler


def chunks(question: str) -> Iterator[dict[str, Any]]:
    """Yield a reply in the form of its /v1/chat/completions with ``stream``."""
    words = next((word for place, word in CAPITALS.items() if place in question), "1 2 3")
    for delta, why in (({"role": "assistant", "content": words}, None), ({}, "stop")):
        yield {
            "object": "chat.completion.chunk",
            "model": "koboldcpp/tiny",
            "choices": [{"index": 0, "finish_reason": why, "delta": delta}],
        }


if __name__ == "__main__":
    main()
