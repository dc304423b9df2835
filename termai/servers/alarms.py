"""What is wrong with a server that runs: it uses less of the machine than it was asked to.

Imported by `termai ps`, so it stays light.
"""

from termai.servers.records import Server, ServerState
from termai.text import one_line

_HIDDEN = ("", "-1")  # values of CUDA_VISIBLE_DEVICES that hide every GPU
_REMOTE = "openai"  # profiles.option.REMOTE, whose module takes too long to import here
_OTHERS = frozenset({"koboldcpp", "vllm"})  # as there
_PADDING = 256  # tokens by which llama.cpp rounds a context


def alarm(server: Server) -> str | None:
    """Return the gravest thing that is wrong, in one line with its fix, or None."""
    if server.engine == _REMOTE:
        return _away(server)
    if server.state not in (ServerState.LOADING, ServerState.READY):
        return None
    return _on_cpu(server) or _smaller_context(server)


def _away(server: Server) -> str | None:
    """Tell of a server of another program that was there and does not answer any more."""
    if server.state is not ServerState.STARTING or not server.facts.errors:
        return None
    why = one_line(server.facts.errors[-1].partition("away: ")[2] or server.facts.errors[-1], 160)
    return (
        f"{one_line(server.url)} does not answer any more: {why}. It is asked again every few "
        f"seconds; start it there, or end the watch with `termai stop {server.name}`."
    )


def context_note(server: Server) -> str | None:
    """Return how the context granted differs from the trained one, None when it does not."""
    facts = server.facts
    granted, trained = facts.slot_context or facts.context, facts.trained_context
    if not granted or not trained or granted == trained:
        return None
    note = f"{granted} tokens for each conversation of the {trained} the model was trained with"
    return f"{note}: {facts.reduced_from} did not fit" if facts.reduced_from else note


def _on_cpu(server: Server) -> str | None:
    """Tell of a machine with a GPU that runs a model on its processor without being asked to."""
    layers, total, _ = server.offload
    if layers or not total or _wants_cpu(server):
        return None
    devices, gpus = _texts(server, "devices"), _texts(server, "gpus")
    if devices:
        return (
            f"No layer is on a GPU although {server.engine} can use {', '.join(devices)}"
            f"{_reason(server)}: {server.name} runs on the CPU. {_remedy(server)}"
        )
    if gpus and server.engine in _OTHERS:
        return (
            f"No layer is on the GPU of this machine ({gpus[0]}){_reason(server)}: {server.name} "
            f"runs on the CPU. Look at n_gpu_layers, and whether this {server.engine} was built "
            "for that GPU."
        )
    if gpus:
        return (
            f"This machine has a GPU ({gpus[0]}) that {server.engine} cannot use"
            f"{_reason(server)}: {server.name} runs on the CPU. Run `termai engines "
            "build` to build it for that GPU, then restart."
        )
    return None


def _remedy(server: Server) -> str:
    if not server.facts.gpus:
        return (
            "It saw no GPU: look at nvidia-smi, and at CUDA_VISIBLE_DEVICES and device in the "
            "profile."
        )
    if server.option("n_gpu_layers") in (None, "auto"):
        return (
            "There was no room for a layer: free memory on the GPU, lower ctx_size or choose a "
            "smaller model, then restart."
        )
    return 'Set n_gpu_layers to "auto", which takes what fits, then restart.'


def _wants_cpu(server: Server) -> bool:
    hidden = server.job.spec.env.get("CUDA_VISIBLE_DEVICES") in _HIDDEN
    return hidden or server.option("n_gpu_layers") == 0 or server.option("device") == ["none"]


def _reason(server: Server) -> str:
    """Return what the log gives as the reason, such as a driver that is too old."""
    telling = (e for e in server.facts.errors if "failed to initialize" in e and "ggml" in e)
    return next((f" ({one_line(error, 160)})" for error in telling), "")


def _smaller_context(server: Server) -> str | None:
    asked, granted = server.option("ctx_size"), server.facts.context
    if isinstance(asked, int) and 0 < granted <= asked - _PADDING:
        return (
            f"The context is {granted} tokens, not the {asked} asked for, which did not fit. "
            "Lower n_gpu_layers, or quantize the KV cache with cache_type_k and cache_type_v."
        )
    trained = server.facts.trained_context
    if trained and server.facts.slot_context > trained and not _stretched(server):
        return (
            f"The context of {server.facts.slot_context} tokens is more than the {trained} that "
            f"the model was trained with: text beyond may be nonsense. Set ctx_size to {trained} "
            'or less, or rope_scaling to "yarn".'
        )
    return None


def _stretched(server: Server) -> bool:
    keys = ("rope_scaling", "rope_scale", "rope_freq_scale", "rope_freq_base", "yarn_orig_ctx")
    return any(server.option(key) for key in keys)


def _texts(server: Server, key: str) -> list[str]:
    found = server.job.spec.meta.get(key)
    return [one_line(str(one)) for one in found] if isinstance(found, list) else []
