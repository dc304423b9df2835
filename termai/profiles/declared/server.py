"""Where the server listens, and for whom."""

from termai.profiles.option import ALSO_REMOTE, ONLY_NATIVE, ONLY_REMOTE, Kind, Option

GROUP = "Server"

OPTIONS = (
    Option(
        "server",
        "url",
        Kind.TEXT,
        None,
        "The address of a server that runs already and speaks the OpenAI API, here or elsewhere, "
        "for the engine openai: http://127.0.0.1:11434 (Ollama), http://127.0.0.1:1234 (LM "
        "Studio), a termai on another machine, a service. With or without /v1 at its end.",
        GROUP,
        engines=ONLY_REMOTE,
    ),
    Option(
        "server",
        "host",
        Kind.TEXT,
        "127.0.0.1",
        "The address the server listens on. 127.0.0.1 is reached from this machine and through "
        "ssh -L; 0.0.0.0 is reached from the network, and termai then insists on api_key_file.",
        GROUP,
        flag="--host",
        basic=True,
    ),
    Option(
        "server",
        "port",
        Kind.WHOLE,
        8080,
        "The TCP port. When it is taken, the server gets the next free one, unless port_strict "
        "is on.",
        GROUP,
        low=1,
        high=65535,
        flag="--port",
        basic=True,
    ),
    Option(
        "server",
        "port_strict",
        Kind.SWITCH,
        False,
        "Insist on the port: refuse to start when it is taken. For clients whose address is "
        "configured elsewhere.",
        GROUP,
    ),
    Option(
        "server",
        "api_key_file",
        Kind.PATH,
        None,
        "A file with the keys that clients must send, one per line. A relative path is taken from "
        "termai's configuration directory. The file should be readable by you alone (chmod 600). "
        "With the engine openai the first one is sent to the server at url; vLLM takes only the "
        "first, and protects its routes below /v1 alone.",
        GROUP,
        engines=ALSO_REMOTE,
        flag="--api-key-file",
        basic=True,
    ),
    Option(
        "server",
        "parallel",
        Kind.WHOLE,
        -1,
        "How many requests are answered at the same time; -1 leaves it to llama-server (four "
        "slots sharing one context). A fixed number divides ctx_size between the slots. "
        "llama-cpp-python answers one after the other.",
        GROUP,
        unit="slots",
        low=-1,
        high=256,
        engines=ONLY_NATIVE,
        flag="--parallel",
        aliases=("-np",),
        basic=True,
    ),
    Option(
        "server",
        "timeout",
        Kind.WHOLE,
        3600,
        "How long a connection may stay silent in reading or writing before it is closed.",
        GROUP,
        unit="seconds",
        low=1,
        high=2_592_000,
        engines=ONLY_NATIVE,
        flag="--timeout",
        aliases=("-to",),
    ),
    Option(
        "server",
        "metrics",
        Kind.SWITCH,
        False,
        "Offer /metrics in Prometheus' format: tokens, speeds, requests waiting. Costs nothing "
        "worth naming.",
        GROUP,
        engines=ONLY_NATIVE,
        flag="--metrics",
    ),
    Option(
        "server",
        "cors_origins",
        Kind.LIST,
        ("localhost",),
        "The web pages that may talk to the server from a browser, by origin such as "
        '"https://chat.example"; "localhost" stands for every port of this machine. termai '
        'passes localhost when unset, where llama-server by itself allows every page ("*").',
        GROUP,
        flag="--cors-origins",
    ),
)
