"""How much context, and where the model lies in memory."""

from termai.profiles.option import ONLY_NATIVE, Kind, Option

GROUP = "Context and memory"

OPTIONS = (
    Option(
        "load",
        "ctx_size",
        Kind.WHOLE,
        0,
        "How many tokens of conversation the model can see, prompt and answer together; 0 takes "
        "what the model was trained for. All parallel slots share it. The KV cache grows in "
        "proportion, so lower it first when memory runs out.",
        GROUP,
        unit="tokens",
        low=0,
        high=100_000_000,
        flag="--ctx-size",
        aliases=("-c",),
        basic=True,
    ),
    Option(
        "load",
        "fit",
        Kind.SWITCH,
        True,
        "Let llama.cpp lower what this profile leaves unset (context, GPU layers, tensor split) "
        "until the model fits the memory of the devices. Switch it off to have exactly what "
        "you asked for, or a failure.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--fit",
        aliases=("-fit",),
    ),
    Option(
        "load",
        "fit_target",
        Kind.WHOLE,
        1024,
        "How much memory fitting leaves free on every device. Raise it when something else "
        "needs the GPU too, such as a desktop; lower it to squeeze in another layer.",
        GROUP,
        unit="MiB",
        low=0,
        high=1_048_576,
        engines=ONLY_NATIVE,
        flag="--fit-target",
        aliases=("-fitt",),
    ),
    Option(
        "load",
        "fit_ctx",
        Kind.WHOLE,
        4096,
        "The smallest context that fitting may settle for. Raise it when a shorter one is of no "
        "use to you: layers go to the CPU instead, which is slower.",
        GROUP,
        unit="tokens",
        low=0,
        high=100_000_000,
        engines=ONLY_NATIVE,
        flag="--fit-ctx",
        aliases=("-fitc",),
    ),
    Option(
        "load",
        "mmap",
        Kind.SWITCH,
        True,
        "Map the model file into memory instead of reading it: it starts faster, a second server "
        "shares the pages, and memory the system needs elsewhere is given back. Off "
        "(--no-mmap) reads everything in, which is steadier on a slow or network disk.",
        GROUP,
        flag="--load-mode",
        aliases=("-lm",),
    ),
    Option(
        "load",
        "mlock",
        Kind.SWITCH,
        False,
        "Lock the model in RAM (--mlock) so that it is never swapped out. Worth it when the first "
        "answer after a pause is slow; other programs cannot have that RAM meanwhile, and the "
        "memlock limit (ulimit -l) must allow it.",
        GROUP,
        flag="--load-mode",
        aliases=("-lm",),
    ),
    Option(
        "load",
        "context_shift",
        Kind.SWITCH,
        False,
        "When the context is full, forget the oldest half and go on, instead of ending the "
        "answer. Convenient for endless story telling; the model silently loses the beginning.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--context-shift",
        off_flag="--no-context-shift",
    ),
    Option(
        "load",
        "cache_ram",
        Kind.WHOLE,
        8192,
        "RAM for the state of earlier prompts, so that returning to a conversation does not read "
        "it all again; 0 switches it off, -1 sets no limit. Lower it on a machine short of RAM.",
        GROUP,
        unit="MiB",
        low=-1,
        high=16_777_216,
        engines=ONLY_NATIVE,
        flag="--cache-ram",
        aliases=("-cram",),
    ),
)
