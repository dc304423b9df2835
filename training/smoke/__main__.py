"""`python -m training.smoke`: trains the smoke model, writes it, and asks it everything."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from termai.models.smoke import model_path


def main() -> int:
    """Returns the exit status: 0 when every documented answer is word for word."""
    options = _options()
    from training.smoke.check import report, server_program

    if not options.check:
        # Threads that spin while they wait halve the speed on a machine that others use too.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        from training.smoke.export import write_gguf
        from training.smoke.model import Config
        from training.smoke.train import Plan, train

        plan = Plan(steps=options.steps, seed=options.seed, threads=options.threads)
        tokenizer, model = train(plan, Config(), lambda line: print(line, flush=True))
        write_gguf(options.out, tokenizer, model)
        print(f"wrote {options.out}, {options.out.stat().st_size / 1e6:.2f} MB")
    try:
        program = options.server or server_program()
    except FileNotFoundError as missing:
        print(f"Not checked. {missing}", file=sys.stderr)
        return 1
    return 1 if report(options.out, program) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.smoke", description=__doc__)
    parser.add_argument("--steps", type=int, default=2400, help="training steps")
    parser.add_argument("--seed", type=int, default=1, help="of the text and of the weights")
    parser.add_argument("--threads", type=int, default=2, help="threads of PyTorch")
    parser.add_argument("--out", type=Path, default=model_path(), help="the GGUF file")
    parser.add_argument("--server", type=Path, help="the llama-server to check with")
    parser.add_argument("--check", action="store_true", help="check --out without training")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
