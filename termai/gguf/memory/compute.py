"""The buffer that a device needs to work through one micro-batch.

It holds what lives at the same time in the graph of src/models/: the activations of the widest
layer and the mask of attention, or the logits of every token.
"""

from termai.gguf.memory.hparams import WITHOUT_CACHE, Hparams
from termai.gguf.memory.options import LoadOptions

_F32 = 4
_F16 = 2


def layers_peak(model: Hparams, options: LoadOptions, full: int) -> int:
    """Return the bytes of the activations of the widest layer, ``full`` cells in its cache."""
    tokens = micro_batch(options, full)
    ff = max(model.ff, default=0)
    wide = tokens * _F32 * (3 * ff + 4 * model.embd)
    mask = 0 if model.architecture in WITHOUT_CACHE else tokens * full * _F16
    heads = max(model.heads, default=0)
    scores = 0 if options.flash_attn else tokens * full * heads * _F32
    return max(wide, scores) + mask


def output_peak(model: Hparams, options: LoadOptions, full: int) -> int:
    """Return the bytes of the logits of a micro-batch, with the states that they come from."""
    tokens = micro_batch(options, full)
    return tokens * _F32 * (model.vocab + 2 * model.embd)


def logits(model: Hparams, options: LoadOptions) -> int:
    """Return the bytes of the output buffer: a row of logits for each slot."""
    return model.vocab * _F32 * max(1, options.parallel)


def micro_batch(options: LoadOptions, full: int) -> int:
    """Return the tokens that are worked through at once."""
    return max(1, min(options.ubatch_size, options.batch_size, full))
