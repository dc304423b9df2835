"""The training itself, cut down to two steps."""

from pathlib import Path

import gguf
import pytest

pytest.importorskip("torch")


def test_two_steps_give_the_same_loadable_file_twice(tmp_path: Path) -> None:
    from training.smoke.export import write_gguf
    from training.smoke.model import Config
    from training.smoke.train import Plan, train

    lines: list[str] = []
    for name in ("first.gguf", "second.gguf"):
        config = Config(vocab_size=288, embedding_length=64, block_count=1)
        tokenizer, model = train(Plan(steps=2, tokens=512, seed=3), config, lines.append)
        write_gguf(tmp_path / name, tokenizer, model)
    assert (tmp_path / "first.gguf").read_bytes() == (tmp_path / "second.gguf").read_bytes()
    assert [line.split()[1] for line in lines] == ["0", "1", "0", "1"]
    reader = gguf.GGUFReader(tmp_path / "first.gguf")
    assert {tensor.name for tensor in reader.tensors} >= {
        "token_embd.weight",
        "blk.0.attn_q.weight",
    }
