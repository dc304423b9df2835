"""The Llama architecture in PyTorch, with the tensors that llama.cpp expects under other names."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes of the model. Rows of all matrices are multiples of 32, the block of Q8_0."""

    vocab_size: int = 768
    embedding_length: int = 192
    block_count: int = 4
    head_count: int = 4
    head_count_kv: int = 2
    head_length: int = 64
    feed_forward_length: int = 512
    context_length: int = 4096
    rope_base: float = 10000.0
    norm_epsilon: float = 1e-5


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions on adjacent pairs, which is llama.cpp's NORMAL order."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class Attention(nn.Module):  # type: ignore[misc]
    """Causal attention with grouped key and value heads."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        width, head = config.embedding_length, config.head_length
        self.q = nn.Linear(width, config.head_count * head, bias=False)
        self.k = nn.Linear(width, config.head_count_kv * head, bias=False)
        self.v = nn.Linear(width, config.head_count_kv * head, bias=False)
        self.o = nn.Linear(config.head_count * head, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        """x is (batch, time, width); cos and sin are (time, head / 2); mask is (time, time)."""
        batch, time, _ = x.shape
        c = self.config
        groups = c.head_count // c.head_count_kv
        q = self.q(x).view(batch, time, c.head_count, c.head_length).transpose(1, 2)
        k = self.k(x).view(batch, time, c.head_count_kv, c.head_length).transpose(1, 2)
        v = self.v(x).view(batch, time, c.head_count_kv, c.head_length).transpose(1, 2)
        q, k = rotated(q, cos, sin).to(v.dtype), rotated(k, cos, sin).to(v.dtype)
        k = k.repeat_interleave(groups, dim=1)
        v = v.repeat_interleave(groups, dim=1)
        scores = q @ k.transpose(-1, -2) * c.head_length**-0.5 + mask
        mixed = scores.float().softmax(-1).to(v.dtype) @ v
        out: Tensor = self.o(mixed.transpose(1, 2).reshape(batch, time, -1))
        return out


class Block(nn.Module):  # type: ignore[misc]
    """Attention and a SwiGLU feed-forward, each behind an RMS norm."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        width, inner = config.embedding_length, config.feed_forward_length
        self.attention_norm = nn.RMSNorm(width, eps=config.norm_epsilon)
        self.attention = Attention(config)
        self.ffn_norm = nn.RMSNorm(width, eps=config.norm_epsilon)
        self.gate = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        """x is (batch, time, width), and so is the result."""
        x = x + self.attention(self.attention_norm(x), cos, sin, mask)
        h = self.ffn_norm(x)
        out: Tensor = x + self.down(functional.silu(self.gate(h)) * self.up(h))
        return out


class Llama(nn.Module):  # type: ignore[misc]
    """Token ids to logits; input and output share the embedding."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.embedding_length)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.block_count))
        self.norm = nn.RMSNorm(config.embedding_length, eps=config.norm_epsilon)
        for parameter in self.parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)
        steps = torch.arange(0, config.head_length, 2) / config.head_length
        angles = torch.outer(torch.arange(config.context_length), config.rope_base**-steps)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def hidden(self, ids: Tensor) -> Tensor:
        """ids is (batch, time); the result is (batch, time, width), before the output matrix."""
        time = ids.shape[1]
        cos, sin = self.get_buffer("cos")[:time], self.get_buffer("sin")[:time]
        mask = torch.full((time, time), float("-inf")).triu(1)
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        out: Tensor = self.norm(x)
        return out

    def logits(self, hidden: Tensor) -> Tensor:
        """(..., width) to (..., vocab_size)."""
        return functional.linear(hidden, self.embedding.weight)
