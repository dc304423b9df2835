"""KoboldCPP's files for tests: recorded ones, and strategies of all that a file may say."""

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from termai.profiles.foreign.base import Imported, Source
from termai.profiles.foreign.koboldcpp import FORMAT
from tests.profiles.strategies import LINES

SAMPLES = Path(__file__).with_name("kcpps")
NAMES = tuple(sorted(path.name for path in SAMPLES.iterdir()))
FILE = Path("/srv/kobold/settings.kcpps")

_SWITCH = st.booleans()
_PATHS = st.sampled_from(("m.gguf", "/srv/m-q4_0.gguf", "C:\\ai\\m.gguf", "D:/ai/mü.gguf"))
_SPLIT = st.none() | st.lists(st.sampled_from((1.0, 3.0, 0.5)), max_size=3)
_FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 10),
        "top_k": st.integers(0, 200),
        "min_p": st.floats(0, 1),
        "typical": st.floats(0, 1),
        "rep_pen": st.floats(0, 2),
        "repetition_penalty": st.floats(0, 2),
        "rep_pen_range": st.integers(0, 4096),
        "dry_multiplier": st.floats(0, 5),
        "sampler_seed": st.integers(-1, 2**32 - 1),
        "seed": st.integers(-1, 2**32 - 1),
        "stop_sequence": st.lists(LINES, min_size=1, max_size=3),
        "max_length": st.integers(1, 9000),
        "smoothing_factor": st.floats(0, 1),
        "cfg_scale": st.floats(1, 9),
    },
)
KNOWN: dict[str, st.SearchStrategy[Any]] = {
    "model": _PATHS | _PATHS.map(lambda path: [path]) | st.just([]) | st.just(""),
    "model_param": st.none() | _PATHS,
    "contextsize": st.integers(256, 524_288),
    "gpulayers": st.integers(-1, 200) | st.just(999),
    "threads": st.integers(-1, 64),
    "blasthreads": st.none() | st.integers(0, 64),
    "batchsize": st.sampled_from((-1, 16, 512, 2048)),
    "blasbatchsize": st.sampled_from((-1, 32, 512, 1024)),
    "tensor_split": _SPLIT,
    "maingpu": st.integers(-1, 3),
    "splitmode": st.sampled_from(("layer", "row", "tensor")),
    "device": st.sampled_from(("", "CUDA0", "CUDA0,Vulkan1")),
    "usecuda": st.none() | st.lists(st.sampled_from(("0", "2", "normal", "mmq")), unique=True),
    "usecublas": st.none()
    | st.lists(st.sampled_from(("1", "lowvram", "nommq", "rowsplit")), min_size=1, unique=True),
    "usevulkan": st.none() | st.lists(st.integers(0, 3), max_size=2, unique=True),
    "usecpu": _SWITCH | st.none(),
    "noblas": _SWITCH,
    "noflashattention": _SWITCH,
    "flashattention": _SWITCH,
    "quantkv": st.sampled_from((0, 1, 2, 3, "0", "1", "f16", "bf16", "q8_0", "q5_1", "q4_0")),
    "usemmap": _SWITCH,
    "nommap": _SWITCH,
    "usemlock": _SWITCH | st.integers(0, 1),
    "noswa": _SWITCH,
    "useswa": _SWITCH,
    "moecpu": st.integers(0, 300) | st.just(999),
    "overridetensors": st.sampled_from((None, "", "ffn_.*_exps=CPU", "a=CPU,b=CUDA0")),
    "overridekv": st.sampled_from((None, "", "a.b=int:1", "a.b=int:1,c=bool:true", "a=str:x,y")),
    "nobostoken": _SWITCH | st.integers(0, 1),
    "lora": st.none() | _PATHS.map(lambda path: [path]),
    "loramult": st.floats(-2, 2),
    "draftmodel": st.none() | st.just("") | _PATHS,
    "draftamount": st.integers(0, 64),
    "draftgpulayers": st.integers(-1, 80) | st.just(999),
    "usemtp": _SWITCH,
    "mmproj": st.none() | st.just("") | _PATHS,
    "mmprojcpu": _SWITCH,
    "jinjatemplate": st.none() | st.just("") | _PATHS,
    "jinja_kwargs": st.sampled_from(("", '{"enable_thinking": false}', '{"a": [1, "b"]}')),
    "jinjathink": st.sampled_from(("default", "true", "false")),
    "reasoningeffort": st.sampled_from(("default", "low", "medium", "high")),
    "jinja": _SWITCH,
    "noshift": _SWITCH,
    "nofastforward": _SWITCH,
    "parallelrequests": st.integers(0, 32),
    "lowvram": _SWITCH,
    "autofitpadding": st.integers(0, 4096),
    "ropeconfig": st.sampled_from(([0.0, 10000.0], [0.5, 10000.0], [0.25], [1.0, 500000.0])),
    "overridenativecontext": st.sampled_from((0, 8192)),
    "port": st.integers(1, 65535),
    "port_param": st.integers(1, 65535),
    "defaultgenamt": st.integers(64, 32_768) | st.sampled_from((512, 768, 1536, 2048)),
    "gendefaults": st.just("") | _FIELDS | _FIELDS.map(json.dumps),
    "sdgendefaults": st.just(False) | st.just("") | _FIELDS.map(json.dumps),
}
"""Every key that an option stands for, with the values that KoboldCPP's versions wrote."""

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
_READ_TOO = ("autofit", "rpcmode", "rpctargets", "host", "visionmintokens", "visionmaxtokens")
UNKNOWN = st.dictionaries(
    st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12).filter(
        lambda key: key not in KNOWN and key not in _READ_TOO
    ),
    JSON,
    max_size=5,
)
FILES = st.fixed_dictionaries({}, optional=KNOWN)


def imported(text: str, path: Path | None = FILE) -> Imported:
    """Return what one file becomes."""
    assert FORMAT.read is not None
    [made] = FORMAT.read(Source(text, path))
    return made


def sample(name: str) -> Imported:
    """Return what a recorded file becomes."""
    path = SAMPLES / name
    return imported(path.read_text("utf-8"), path)
