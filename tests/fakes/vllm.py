"""A program that behaves as ``vllm`` 0.15 where termai looks: run it as ``vllm serve MODEL``.

Its flags are those of vllm's argparse that profiles need, its log lines those of
vllm/v1/worker/gpu_worker.py, vllm/v1/core/kv_cache_utils.py and uvicorn with vLLM's prefixes, its
routes /health (200, empty) and /v1/models, which asks for VLLM_API_KEY. FAKE_VLLM in the
environment names how it fails.
"""

import argparse
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = "0.15.1"
FAILURES = {
    "memory": "ValueError: No available memory for the cache blocks. Try increasing "
    "`gpu_memory_utilization` when initializing the engine.",
    "context": "ValueError: To serve at least one request with the models's max seq len (40960), "
    "(5.62 GiB KV cache is needed, which is larger than the available KV cache memory (1.20 GiB).",
    "shared": "ValueError: Free memory on device cuda:0 (6.9/8.0 GiB) on startup is less than "
    "desired GPU memory utilization (0.92, 7.36 GiB).",
    "gpus": "ValueError: World size (4) is larger than the number of available GPUs (1) in this "
    "node.",
    "ray": "ConnectionError: Could not find any running Ray instance. Please specify the one to "
    "connect to by setting `--address` flag or `RAY_ADDRESS` environment variable.",
    "name": "OSError: no/such is not a local folder and is not a valid model identifier listed on "
    "'https://huggingface.co/models'",
}


def parser() -> argparse.ArgumentParser:
    """Return the command line as far as it is imitated."""
    found = argparse.ArgumentParser(prog="vllm serve")
    found.add_argument("verb", choices=["serve"])
    found.add_argument("model")
    found.add_argument("--host")
    found.add_argument("--port", type=int, default=8000)
    found.add_argument("--allowed-origins", type=json.loads, default=["*"])
    found.add_argument("--served-model-name", nargs="+")
    found.add_argument("--max-model-len", type=int)
    found.add_argument("--max-num-seqs", type=int)
    found.add_argument("--tensor-parallel-size", "-tp", type=int, default=1)
    found.add_argument("--pipeline-parallel-size", "-pp", type=int, default=1)
    found.add_argument("--gpu-memory-utilization", type=float, default=0.92)
    found.add_argument("--distributed-executor-backend", choices=["mp", "ray", "uni"])
    found.add_argument("--chat-template")
    return found


def main() -> None:
    """Load, or fail, then serve."""
    args = parser().parse_args()
    api = f"(APIServer pid={os.getpid()})"
    core = f"(EngineCore_DP0 pid={os.getpid()})"
    say(f"{api} INFO 02-12 19:33:41 [api_server.py:1272] vLLM API server version {VERSION}")
    for worker in range(args.tensor_parallel_size):
        say(f"(Worker_TP{worker} pid=1) INFO 02-12 19:33:44 [gpu_model_runner.py:3808] Starting to "
            f"load model {args.model}...")  # fmt: skip
    say("Loading safetensors checkpoint shards:  50% Completed | 1/2 [00:01<00:01,  1.0s/it]")
    wrong = FAILURES.get(os.environ.get("FAKE_VLLM", ""))
    if wrong:
        say(f"{core} ERROR 02-12 19:33:50 [core.py:936] EngineCore failed to start.")
        say(f"{core} ERROR 02-12 19:33:50 [core.py:936] {wrong}")
        say(f"{api} RuntimeError: Engine core initialization failed. See root cause above.")
        sys.exit(1)
    length = args.max_model_len or 40960
    say(f"{core} INFO 02-12 19:33:51 [gpu_worker.py:356] Available KV cache memory: 4.80 GiB")
    say(f"{core} INFO 02-12 19:33:51 [kv_cache_utils.py:1307] GPU KV cache size: 134,952 tokens")
    say(f"{core} INFO 02-12 19:33:51 [kv_cache_utils.py:1312] Maximum concurrency for {length:,} "
        "tokens per request: 4.27x")  # fmt: skip
    server = ThreadingHTTPServer((args.host, args.port), handler(args, length))
    say(f"{api} INFO:     Waiting for application startup.")
    say(f"{api} INFO:     Application startup complete.")
    server.serve_forever()


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def handler(args: argparse.Namespace, length: int) -> type[BaseHTTPRequestHandler]:
    """Return what answers requests."""
    card = {
        "id": (args.served_model_name or [args.model])[0],
        "object": "model",
        "owned_by": "vllm",
        "max_model_len": length,
    }
    answers = {"/health": "", "/v1/models": json.dumps({"object": "list", "data": [card]})}

    key = f"Bearer {os.environ['VLLM_API_KEY']}" if "VLLM_API_KEY" in os.environ else ""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if key and self.path.startswith("/v1") and self.headers["Authorization"] != key:
                self.send_error(401)
                return
            content = answers.get(self.path, '{"detail":"Not Found"}').encode()
            self.send_response(200 if self.path in answers else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    return Handler


if __name__ == "__main__":
    main()
