"""Request bodies as keyword arguments for the model: checked, with the profile's defaults."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

import llama_cpp
from llama_cpp import llama_cpp as bindings
from llama_cpp.server.types import CreateChatCompletionRequest, CreateCompletionRequest
from pydantic import BaseModel, ValidationError

from termai.engines.host.errors import RequestError
from termai.engines.host.model import Model

_SAMPLING: dict[str, Any] = {
    "temperature": 0.8,
    "top_k": 40,
    "top_p": 0.95,
    "min_p": 0.05,
    "repeat_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "max_tokens": None,
    "stop": [],
    "seed": None,
}
_HANDLED = frozenset({"n", "best_of", "user", "min_tokens", "logit_bias_type", "model", "stream"})


class Job(NamedTuple):
    """One checked request: the model's arguments and how the answer is wanted."""

    arguments: dict[str, Any]
    stream: bool
    include_usage: bool


def sampling_defaults(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request gets that says nothing: the profile's samplers, else llama.cpp's."""
    return {key: options.get(key, default) for key, default in _SAMPLING.items()}


def chat(body: bytes, defaults: Mapping[str, Any], model: Model) -> Job:
    """Read a chat request; raises RequestError with status 400 when it is none."""
    raw = _object(body)
    job = _job(CreateChatCompletionRequest, raw, defaults, model)
    if not job.arguments.get("messages"):
        raise RequestError(400, "messages: expected at least one message.")
    template = raw.get("chat_template_kwargs", {})
    if not isinstance(template, dict):
        raise RequestError(400, "chat_template_kwargs: expected an object.")
    return job._replace(arguments={**template, **job.arguments})


def completion(body: bytes, defaults: Mapping[str, Any], model: Model) -> Job:
    """Read a completion request; raises RequestError with status 400 when it is none."""
    job = _job(CreateCompletionRequest, _object(body), defaults, model)
    prompt = job.arguments.get("prompt", "")
    if isinstance(prompt, list):
        if len(prompt) != 1:
            raise RequestError(400, "prompt: this engine takes one prompt in a request.")
        job.arguments["prompt"] = prompt[0]
    return job


def text_field(body: bytes, key: str) -> str:
    """Return a text from a body, for the routes that count tokens."""
    value = _object(body).get(key)
    if not isinstance(value, str):
        raise RequestError(400, f"{key}: expected a text.")
    return value


def token_field(body: bytes, key: str) -> list[int]:
    """Return a list of token numbers from a body."""
    value = _object(body).get(key)
    if not isinstance(value, list) or not all(type(item) is int for item in value):
        raise RequestError(400, f"{key}: expected a list of token numbers.")
    return value


def _object(body: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"The body is not JSON: {error}.") from error
    if not isinstance(raw, dict):
        raise RequestError(400, "The body is not a JSON object.")
    return {key: value for key, value in raw.items() if value is not None}


def _job(
    kind: type[BaseModel], raw: dict[str, Any], defaults: Mapping[str, Any], model: Model
) -> Job:
    if "max_completion_tokens" in raw:
        raw.setdefault("max_tokens", raw["max_completion_tokens"])
    for key in ("max_tokens", "seed"):  # -1 is llama-server's word for unset
        if raw.get(key) == -1:
            raw.pop(key)
    try:
        checked = kind.model_validate(raw)
    except ValidationError as error:
        raise RequestError(400, _sentence(error)) from error
    given = checked.model_dump(exclude_unset=True)
    for key in ("suffix", "echo"):
        if given.pop(key, None):
            raise RequestError(400, f"{key}: this engine does not do that.")
    stream_options = raw.get("stream_options")
    usage = isinstance(stream_options, dict) and bool(stream_options.get("include_usage"))
    arguments = {**defaults, **{k: v for k, v in given.items() if k not in _HANDLED}}
    _finish(arguments, given, model)
    return Job(arguments, bool(given.get("stream")), usage)


def _finish(arguments: dict[str, Any], given: Mapping[str, Any], model: Model) -> None:
    """Turn what JSON carries as text or number into the objects that the model takes."""
    if arguments.get("seed") in (None, -1):
        arguments["seed"] = secrets.randbits(32)
    if arguments.get("max_tokens") == -1:
        arguments["max_tokens"] = None
    if text := arguments.pop("grammar", None):  # an empty one is none, as for llama-server
        arguments["grammar"] = _grammar(text, model)
    if given.get("logit_bias_type") == "tokens":
        raise RequestError(400, "logit_bias_type: this engine takes input_ids only.")
    least = given.get("min_tokens", 0)
    if least > 0:
        processor = llama_cpp.MinTokensLogitsProcessor(least, model.token_eos())
        arguments["logits_processor"] = llama_cpp.LogitsProcessorList([processor])


def _grammar(text: str, model: Model) -> llama_cpp.LlamaGrammar:
    """Return a grammar that llama.cpp takes; one that it does not would end the process."""
    vocabulary = bindings.llama_model_get_vocab(model.model)
    sampler = bindings.llama_sampler_init_grammar(vocabulary, text.encode(), b"root")
    if not sampler:
        raise RequestError(400, "grammar: llama.cpp cannot read it as GBNF with a rule `root`.")
    bindings.llama_sampler_free(sampler)
    return llama_cpp.LlamaGrammar.from_string(text)


def _sentence(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in found[:3])
