"""The loaded model: ``Llama`` with a count of tokens and a way to stop in the middle."""

import ctypes
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp
from llama_cpp import llama_cpp as bindings
from llama_cpp.llama_chat_format import Jinja2ChatFormatter, get_chat_completion_handler

from termai.engines.host import completion, loading, nativelog
from termai.engines.host.errors import RequestError, StoppedError
from termai.engines.host.settings import HostSettings


class LoadError(Exception):
    """The model could not be loaded; the message is one sentence with the cause."""


@dataclass(slots=True)
class Tally:
    """What one request cost so far: tokens, and seconds on a clock that only goes forward."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    started: float = 0.0
    first: float = 0.0
    ended: float = 0.0

    def usage(self) -> dict[str, Any]:
        """Return OpenAI's usage object."""
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": {"cached_tokens": self.cached},
        }

    def timings(self) -> dict[str, float]:
        """Return what llama-server calls timings, in its units: milliseconds, tokens a second."""
        prompt_ms = max(self.first - self.started, 0.0) * 1000
        predicted_ms = max(self.ended - self.first, 0.0) * 1000
        read, decoded = self.prompt - self.cached, max(self.completion - 1, 0)
        return {
            "cache_n": self.cached,
            "prompt_n": read,
            "prompt_ms": prompt_ms,
            "prompt_per_second": read / prompt_ms * 1000 if prompt_ms else 0.0,
            "predicted_n": self.completion,
            "predicted_ms": predicted_ms,
            "predicted_per_second": decoded / predicted_ms * 1000 if predicted_ms else 0.0,
        }


class Model(llama_cpp.Llama):  # type: ignore[misc]
    """A model that counts, and that stops at the next chance once ``stop`` is set."""

    tally: Tally
    stop: threading.Event

    def __init__(self, **parameters: Any) -> None:
        self.tally, self.stop = Tally(), threading.Event()
        self._pieces: dict[int, bytes] = {}
        self._aborted = bindings.ggml_abort_callback(lambda _data: self.stop.is_set())
        super().__init__(**parameters)
        self._vocabulary = bindings.llama_model_get_vocab(self.model)

    def generate(self, tokens: Sequence[int], *args: Any, **kwargs: Any) -> Generator[int]:
        """Yield tokens after ``tokens`` and log what they took; raises StoppedError if told to."""
        self.tally = Tally(prompt=len(tokens), cached=len(tokens), started=time.monotonic())
        bindings.llama_perf_context_reset(self.ctx)
        try:
            for token in super().generate(tokens, *args, **kwargs):
                self._check()
                self.tally.completion += 1
                self.tally.ended = time.monotonic()
                self.tally.first = self.tally.first or self.tally.ended
                yield token
        finally:
            bindings.llama_perf_context_print(self.ctx)

    def eval(self, tokens: Sequence[int]) -> None:
        """Compute ``tokens``, looking between batches, and on the CPU within, whether to stop."""
        if not self.tally.completion:
            self.tally.cached -= len(tokens)
        if len(tokens) > 1:
            bindings.llama_set_abort_callback(self.ctx, self._aborted, ctypes.c_void_p(0))
        try:
            for start in range(0, len(tokens), self.n_batch):
                self._check()
                super().eval(tokens[start : start + self.n_batch])
        except RuntimeError:
            self.reset()
            self._check()
            raise
        finally:
            bindings.llama_set_abort_callback(
                self.ctx, bindings.ggml_abort_callback(), ctypes.c_void_p(0)
            )

    def create_completion(
        self,
        prompt: str | list[int],
        *,
        stream: bool = False,
        max_tokens: int | None = None,
        stop: str | list[str] | None = None,
        seed: int | None = None,
        temperature: float = 0.8,
        model: str | None = None,
        logprobs: int | None = None,
        logit_bias: Mapping[str, float] | None = None,
        logits_processor: Any = None,
        **sampling: Any,
    ) -> Any:
        """Return a completion or an iterator of its chunks; raises RequestError for bad input.

        Takes the place of llama-cpp-python's, with the same arguments as far as they are used.
        """
        tokens = self._prompt_tokens(prompt)
        completion.check_room(len(tokens), self.n_ctx())
        if logprobs is not None:
            raise RequestError(400, "logprobs: this engine does not give any.")
        room = self.n_ctx() - len(tokens)
        if seed is not None:
            self.set_seed(seed)
        processors = list(logits_processor or ())
        if logit_bias:
            processors.append(_bias(logit_bias, self.n_vocab()))
        generated = self.generate(
            tokens,
            temp=temperature,
            logits_processor=llama_cpp.LogitsProcessorList(processors) if processors else None,
            **sampling,
        )
        texts = completion.texts(
            generated,
            piece=self.piece,
            ends=self._is_end,
            stops=[stop] if isinstance(stop, str) else stop or (),
            limit=min(max_tokens, room) if max_tokens and max_tokens > 0 else room,
        )
        found = completion.chunks(texts, model or self.model_path)
        return found if stream else completion.joined(found)

    def piece(self, token: int) -> bytes:
        """Return the bytes of a token, control tokens spelled as nothing."""
        if token not in self._pieces:
            self._pieces[token] = self._spell(token, special=False)
        return self._pieces[token]

    def detokenize(
        self, tokens: Sequence[int], prev_tokens: Any = None, special: bool = False
    ) -> bytes:
        """Return the bytes of tokens; ValueError for a number that is no token."""
        wrong = next((token for token in tokens if not 0 <= token < self.n_vocab()), None)
        if wrong is not None:
            raise ValueError(f"{wrong} is no token; they go from 0 to {self.n_vocab() - 1}.")
        return b"".join(self._spell(token, special=special) for token in tokens)

    def _spell(self, token: int, *, special: bool) -> bytes:
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            written = bindings.llama_token_to_piece(
                self._vocabulary, token, buffer, size, 0, special
            )
            if written >= 0:
                return bytes(buffer.raw[:written])
            size = -written

    def _is_end(self, token: int) -> bool:
        return bool(bindings.llama_vocab_is_eog(self._vocabulary, token))

    def _prompt_tokens(self, prompt: str | list[int]) -> list[int]:
        if isinstance(prompt, list):
            return prompt
        tokens: list[int] = self.tokenize(prompt.encode(), add_bos=True, special=True)
        return tokens or [max(self.token_bos(), 0)]

    def _check(self) -> None:
        if self.stop.is_set():
            raise StoppedError


def load(settings: HostSettings) -> Model:
    """Load the model and its adapters. Raises LoadError with the cause that llama.cpp names."""
    if not Path(settings.model).exists():
        raise LoadError(f"The model file {settings.model} does not exist.")
    nativelog.capture(debug=True)
    try:
        wanted = str(settings.option("flash_attn", "auto"))
        with loading.flash_attention(wanted) as flash_attn:
            model = Model(flash_attn=flash_attn, **loading.parameters(settings))
        _apply_adapters(model, settings.option("lora", ()))
    except (ValueError, RuntimeError, OSError, AssertionError, AttributeError) as error:
        cause = (nativelog.cause() or str(error)).rstrip(".")
        raise LoadError(f"The model {settings.model} could not be loaded: {cause}.") from error
    nativelog.capture(debug=False)
    return model


def chat_handler(model: Model) -> Any:
    """Return what turns messages into a prompt: the GGUF's own template, else ChatML."""
    template = model.metadata.get("tokenizer.chat_template")
    if not template:
        return get_chat_completion_handler("chatml")
    return Jinja2ChatFormatter(
        template=template,
        eos_token=_special(model, model.token_eos()),
        bos_token=_special(model, model.token_bos()),
        stop_token_ids=[model.token_eos()],
    ).to_chat_handler()


def _special(model: Model, token: int) -> str:
    if token < 0:
        return ""
    text: bytes = model.detokenize([token], special=True)
    return text.decode("utf-8", "replace")


def _bias(wanted: Mapping[str, float], vocabulary: int) -> Any:
    """Return what adds to the logits of tokens; raises RequestError for what is no token."""
    added: dict[int, float] = {}
    for token, amount in wanted.items():
        if not token.isdecimal() or int(token) >= vocabulary:
            raise RequestError(400, f"logit_bias: {token!r} is no token of this model.")
        added[int(token)] = amount

    def process(_tokens: Any, logits: Any) -> Any:
        changed = logits.copy()
        for token, amount in added.items():
            changed[token] += amount
        return changed

    return process


def _apply_adapters(model: Model, adapters: Any) -> None:
    """Apply LoRA adapters, ``(path, scale)`` each, which ``Llama`` itself takes only one of."""
    if not adapters:
        return
    handles = [bindings.llama_adapter_lora_init(model.model, p.encode()) for p, _ in adapters]
    for handle, (path, _) in zip(handles, adapters, strict=True):
        if not handle:
            raise RuntimeError(f"the LoRA adapter {path} does not fit")
    array = (bindings.llama_adapter_lora_p_ctypes * len(handles))(*handles)
    scales = (ctypes.c_float * len(handles))(*(float(scale) for _, scale in adapters))
    if bindings.llama_set_adapters_lora(model.ctx, array, len(handles), scales):
        raise RuntimeError("the LoRA adapters could not be applied")
