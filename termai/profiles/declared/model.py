"""Which model is loaded, and what is loaded with it."""

from termai.profiles.option import ALSO_REMOTE, ONLY_NATIVE, Kind, Option

GROUP = "Model"

OPTIONS = (
    Option(
        "model",
        "path",
        Kind.PATH,
        None,
        "The GGUF file to run: absolute, starting with ~, relative to one of the library "
        "directories, a name that `termai models` shows or a part of it that no other model has, "
        'a name of Ollama such as "qwen3:8b", "hub:REPO:QUANT" for a downloaded repository, or '
        '"builtin:smoke" for the model that comes with termai. Of a model split into several '
        "files any part will do.",
        GROUP,
        flag="--model",
        aliases=("-m",),
        basic=True,
    ),
    Option(
        "model",
        "alias",
        Kind.TEXT,
        None,
        "The model's name in the API, which clients see in /v1/models and send back. Set it when "
        "a client insists on a certain name; otherwise the file's name is used. With the engine "
        "openai it names the model to ask the server at url for, such as qwen3:8b; unset, the "
        "first that it offers.",
        GROUP,
        engines=ALSO_REMOTE,
        flag="--alias",
        aliases=("-a",),
    ),
    Option(
        "model",
        "mmproj",
        Kind.PATH,
        None,
        "The multimodal projector (an mmproj GGUF file) that lets a vision or audio model take "
        "images or sound. It must belong to the model; it costs its own size in memory.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--mmproj",
        aliases=("-mm",),
        basic=True,
    ),
    Option(
        "model",
        "mmproj_offload",
        Kind.SWITCH,
        True,
        "Run the multimodal projector on the GPU. Off frees its VRAM for the model and makes "
        "reading an image much slower.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--mmproj-offload",
        off_flag="--no-mmproj-offload",
    ),
    Option(
        "model",
        "lora",
        Kind.ADAPTERS,
        (),
        "LoRA adapters (GGUF) applied over the model, each with a path and a scale: 1.0 is the "
        "strength it was trained with, 0 none. They must be made for this very model; each "
        "costs its size in memory and a little speed. llama-cpp-python takes one.",
        GROUP,
        flag="--lora-scaled",
        basic=True,
    ),
    Option(
        "model",
        "model_draft",
        Kind.PATH,
        None,
        "A small model of the same family that drafts tokens which the large one only checks: "
        "faster on predictable text, such as code, at the price of the draft model's memory. The "
        "vocabularies must match.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--model-draft",
        aliases=("--spec-draft-model", "-md"),
    ),
    Option(
        "model",
        "override_kv",
        Kind.LIST,
        (),
        "Metadata of the GGUF to override, each KEY=TYPE:VALUE with a type of int, float, bool "
        'or str, for example "tokenizer.ggml.add_bos_token=bool:false". For mending a file that '
        "was converted wrongly.",
        GROUP,
        flag="--override-kv",
    ),
    Option(
        "model",
        "chat_template",
        Kind.PROSE,
        None,
        "The Jinja template that turns a conversation into the model's prompt, or the name of "
        'one built into llama.cpp ("chatml", "llama3", "gemma"…). Leave it unset: nearly every '
        "GGUF carries the right one, and a wrong one makes any model look stupid.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--chat-template",
    ),
    Option(
        "model",
        "chat_template_file",
        Kind.PATH,
        None,
        "A file with the Jinja chat template, instead of the model's own: for a model whose "
        "built-in template is missing or broken. A relative path is taken from termai's "
        "configuration directory.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--chat-template-file",
    ),
)
