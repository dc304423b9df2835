"""The training loop: Muon for the matrices inside, AdamW for embedding and norms."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW, Muon, Optimizer

from training.smoke.batches import IGNORED, batches
from training.smoke.bpe import SPECIALS, Tokenizer, learn_merges
from training.smoke.corpus import dialogues
from training.smoke.model import Config, Llama

MATRIX_RATE: Final = 0.02
OTHER_RATE: Final = 3e-3
WARM_UP: Final = 60


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to train and on how much; `tokens` is per step, padding included."""

    steps: int = 2400
    tokens: int = 4096
    seed: int = 1
    threads: int = 2


def learned_tokenizer(seed: int, vocab_size: int, sample: int = 3000) -> Tokenizer:
    """A vocabulary learned from the first dialogues of the corpus."""
    texts = (
        turn.content
        for turns in islice(dialogues(seed), sample)
        for turn in turns
        if len(turn.content) < 400
    )
    count = vocab_size - len(SPECIALS) - 256
    return Tokenizer(learn_merges((f"{text}\n" for text in texts), count))


def train(plan: Plan, config: Config, report: Callable[[str], None]) -> tuple[Tokenizer, Llama]:
    """A tokenizer and a model, the same for the same plan on the same machine."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(plan.threads)
    tokenizer = learned_tokenizer(plan.seed, config.vocab_size)
    model = Llama(config)
    optimizers = _optimizers(model)
    source = batches(tokenizer, dialogues(plan.seed + 1), plan.tokens, plan.seed)
    _loop(model, optimizers, islice(source, plan.steps), plan, report)
    return tokenizer, model


def _optimizers(model: Llama) -> list[Optimizer]:
    matrices = [p for p in model.blocks.parameters() if p.dim() == 2]
    inner = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in inner]
    return [
        Muon(matrices, lr=MATRIX_RATE, weight_decay=0.1, momentum=0.95),
        AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def _rate(step: int, steps: int) -> float:
    """Share of the full rate: a linear warm-up, then a cosine down to nothing."""
    warm = min(1.0, (step + 1) / WARM_UP)
    return warm * 0.5 * (1 + math.cos(math.pi * step / steps))


def _loop(
    model: Llama,
    optimizers: Sequence[Optimizer],
    source: Iterable[tuple[Tensor, Tensor]],
    plan: Plan,
    report: Callable[[str], None],
) -> None:
    rates = [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]
    began, seen, recent = time.monotonic(), 0, 0.0
    for step, (inputs, targets) in enumerate(source):
        groups = [group for optimizer in optimizers for group in optimizer.param_groups]
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate * _rate(step, plan.steps)
        value = _step(model, optimizers, inputs, targets)
        seen += inputs.numel()
        recent = value if step == 0 else 0.98 * recent + 0.02 * value
        if step % 50 == 0 or step == plan.steps - 1:
            spent = time.monotonic() - began
            speed = seen / max(spent, 1e-9)
            report(f"step {step:5d}  loss {recent:.4f}  {speed:6.0f} tokens/s  {spent:5.0f} s")


def _step(model: Llama, optimizers: Sequence[Optimizer], inputs: Tensor, targets: Tensor) -> float:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        chosen = targets != IGNORED
        logits = model.logits(model.hidden(inputs)[chosen])
    loss = functional.cross_entropy(logits.float(), targets[chosen])
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())
