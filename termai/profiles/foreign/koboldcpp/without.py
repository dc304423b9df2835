"""Keys of KoboldCPP that no option of termai holds: why, and when they say nothing."""

from typing import Any

_REASONS = (
    ("horde", "termai works for no AI Horde"),
    ("sd", "termai makes no images"),
    ("whisper", "termai recognises no speech"),
    ("tts", "termai speaks no text"),
    ("music", "termai makes no music"),
    ("embeddings", "termai starts an embedding model with a profile of its own"),
    ("admin", "termai changes models by starting and stopping servers"),
    ("rpc", "termai only connects to machines that share a GPU"),
    ("fs", "termai serves no files"),
)
_WHY = {
    "password": "a key belongs in a file: write it into one, chmod 600, and name that in "
    "api_key_file",
    "onready": "termai runs no command of an imported file",
    "ssl": "termai talks to its servers over plain HTTP on this machine; put a proxy before it",
    "remotetunnel": "termai opens no tunnel; `termai ps` shows the ssh line that reaches a server",
    "useclblast": "llama.cpp has no CLBlast any more",
    "moeexperts": "llama.cpp takes it as an override_kv of ARCHITECTURE.expert_used_count",
    "overridenativecontext": "llama.cpp takes a RoPE frequency instead, see rope_freq_base",
    "chatcompletionsadapter": "llama.cpp formats chats by the model's template",
    "draftgpusplit": "llama.cpp spreads the draft model by itself",
    "smartcontext": "llama.cpp has context_shift only",
    "smartcache": "llama.cpp keeps earlier prompts in RAM by itself, see cache_ram",
    "nofastforward": "llama.cpp always goes on from the part of a prompt that it knows",
    "multiuser": "llama.cpp queues without a limit, see parallel",
    "forceversion": "llama.cpp loads GGUF files only",
    "genlimit": "llama.cpp limits no request",
    "gendefaultsoverwrite": "termai's sampling never overrides what a request says",
    "batchsize": "llama.cpp always reads in batches",
    "moecpu": "KoboldCPP decides it by itself with autofit",
    "overridetensors": "KoboldCPP decides it by itself with autofit",
    "autofit": "termai has it as n_gpu_layers auto",
    "enableguidance": "llama.cpp has no guidance by a negative prompt",
    "bantokens": "llama.cpp bans tokens per request only",
    "mcpfile": "termai gives models no tools",
    "preloadstory": "termai opens no story",
    "highpriority": "termai leaves a process's priority alone",
    "routermode": "termai runs one server per model",
    "autoswapmode": "termai runs one server per model",
    "nommq": "llama.cpp chooses the kernels by itself",
    "nopipelineparallel": "llama.cpp decides about pipelining by itself",
    "swapadding": "llama.cpp pads the window by itself",
    "visionmaxres": "llama.cpp limits an image by its tokens",
    "defaultgenamt": "it is KoboldCPP's own default; see max_tokens",
}
_ITSELF = """
    allow_config_onready analyze baseconfig benchmark cli config debugmode downloaddir
    exportconfig exporttemplate failsafe foreground ignoremissing maxrequestsize multiplayer
    noavx2 nocertify nomodel prompt promptlimit psutil_set_threads quiet ratelimit
    reqtimeout savedatafile singleinstance stream testmemory unbantokens unpack usemirostat
    version websearch
"""
_UNKNOWN = "termai does not know it"

DEFAULTS: dict[str, tuple[Any, ...]] = {
    "multiuser": (1, 10, True),
    "maxrequestsize": (32,),
    "chatcompletionsadapter": ("AutoGuess",),
    "defaultgenamt": (512, 640, 768, 896, 1024, 1536, 2048),
    "promptlimit": (100,),
    "moeexperts": (-1,),
    "visionmaxres": (1024,),
    "sdloramult": (1.0, [1.0]),
    "sdtiledvae": (640, 768),
    "sdconvdirect": ("off",),
    "ttsmaxlen": (4096,),
    "embeddingsmaxctx": (4096,),
    "rpcmode": ("disabled",),
    "rpcport": (5551,),
    "rpchost": ("0.0.0.0",),  # noqa: S104
    "reqtimeout": (600,),
    "sdmaingpu": (-1,),
}
"""What KoboldCPP writes when nobody chose anything, beside empty, 0, null and false; the versions
1.50 to 1.117 differ in some."""

TURNED_DOWN = frozenset({"jinja", "jinja_tools", "istemplate", "launch", "skiplauncher", "showgui"})
"""Keys that change nothing for llama-server, whatever they say."""


def says_nothing(key: str, value: Any) -> bool:
    """Tell whether a key is at KoboldCPP's default, so that nobody misses it."""
    if key in TURNED_DOWN or value in (None, "", False, 0, [], {}):
        return True
    return value in DEFAULTS.get(key, ())


def why(key: str) -> str:
    """Return why a key has no counterpart, without a full stop."""
    if key in _WHY:
        return _WHY[key]
    if key in _ITSELF.split():
        return "it concerns KoboldCPP itself only"
    return next((reason for start, reason in _REASONS if key.startswith(start)), _UNKNOWN)
