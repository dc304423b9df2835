"""Dialogues as batches of similar length, so that little of a batch is padding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from random import Random
from typing import Final

import torch
from torch import Tensor

from training.smoke.bpe import Tokenizer
from training.smoke.dialogue import Turn, encoded

IGNORED: Final = -100
_POOL: Final = 3000

Sample = tuple[list[int], list[bool]]


def batches(
    tokenizer: Tokenizer, source: Iterable[list[Turn]], tokens: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Inputs and targets, each (batch, time) with at most about `tokens` elements.

    Targets that are not learned are IGNORED. Lengths are rounded up to 16.
    """
    random = Random(seed)
    endless = iter(source)
    while pool := [encoded(tokenizer, turns) for turns in islice(endless, _POOL)]:
        pool.sort(key=lambda sample: len(sample[0]))
        groups = list(_groups(pool, tokens))
        random.shuffle(groups)
        yield from map(_padded, groups)


def _groups(pool: list[Sample], tokens: int) -> Iterator[list[Sample]]:
    group: list[Sample] = []
    for sample in pool:
        if group and (len(group) + 1) * len(sample[0]) > tokens:
            yield group
            group = []
        group.append(sample)
    yield group


def _padded(group: list[Sample]) -> tuple[Tensor, Tensor]:
    longest = max(len(ids) for ids, _ in group)
    time = -(-(longest - 1) // 16) * 16
    inputs = torch.zeros((len(group), time), dtype=torch.long)
    targets = torch.full((len(group), time), IGNORED)
    for row, (ids, learned) in enumerate(group):
        inputs[row, : len(ids) - 1] = torch.tensor(ids[:-1])
        wanted = [token if flag else IGNORED for token, flag in zip(ids, learned, strict=True)]
        targets[row, : len(ids) - 1] = torch.tensor(wanted[1:])
    return inputs, targets
