"""For each kind of clash a profile that must have it, and profiles near to it that must not."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from termai.profiles.clashes import (
    A_PROJECTOR,
    AN_ADAPTER,
    Clash,
    EngineFacts,
    MachineLimits,
    ModelFacts,
    PortFacts,
    find,
)
from termai.profiles.profile import Profile

MIB = 1 << 20

DENSE = ModelFacts("llama", 33, trained=8192, heads_k=(128,), heads_v=(128,), locked=4096 * MIB)
MIXTURE = replace(DENSE, architecture="qwen3moe", layers=49, experts=128)
ODD = replace(DENSE, architecture="phi2", heads_k=(80,), heads_v=(80,))
GROK = replace(DENSE, architecture="grok", experts=8)
LATENT = replace(DENSE, architecture="deepseek2", heads_k=(576,), heads_v=(512,), same_cache=True)
WINDOWED = replace(DENSE, architecture="gemma3", window=1024)
UNSHIFTED = replace(DENSE, architecture="qwen2vl", shifts=False)
STRETCHED = replace(DENSE, trained=32_768, rope_scaling="yarn", rope_scale=4.0, original=8192)
HEADS = replace(DENSE, architecture="glm4moe", nextn=1)
DRAFTED = replace(DENSE, draft="")

LIMITS = MachineLimits(cores=4, threads=8, chosen=4, memlock=8 * MIB)
NATIVE = "llama-server"
EMBEDDED = "llama-cpp-python"
REMOTE = "openai"
OLLAMA = "http://127.0.0.1:11434"
ONE_GPU = EngineFacts(NATIVE, devices=1)
TWO_GPUS = EngineFacts(NATIVE, devices=2)
NO_GPU = EngineFacts(NATIVE, devices=0)
WITH_BUFFERS = EngineFacts(NATIVE, devices=1, buffers=frozenset({"CPU", "CUDA0"}))
FREE = PortFacts("127.0.0.1", 8080)
BUSY = replace(FREE, refused="is used by the server smoke", free=8081)
ELSEWHERE = PortFacts("203.0.113.7", 8080)


@dataclass(frozen=True, slots=True)
class Setup:
    """A profile and what is known around it."""

    values: Mapping[str, Any] = field(default_factory=dict)
    model: ModelFacts | None = DENSE
    limits: MachineLimits | None = LIMITS
    engine: EngineFacts | None = ONE_GPU
    port: PortFacts | None = None
    files: Mapping[str, str] = field(default_factory=dict)

    def profile(self) -> Profile:
        return Profile("sample").with_values(**self.values)

    def found(self, profile: Profile | None = None) -> tuple[Clash, ...]:
        """Return the clashes of the setup, or of another profile in it."""
        around = (self.model, self.limits, self.engine, self.port, self.files)
        return find(profile or self.profile(), *around)


@dataclass(frozen=True, slots=True)
class Sample:
    """A kind of clash."""

    name: str
    key: str
    clashing: Setup
    harmless: tuple[Setup, ...]
    severity: str = "warning"

    @property
    def id(self) -> str:
        return f"{self.name}:{self.key}"


def setup(
    model: ModelFacts | None = DENSE,
    engine: EngineFacts | None = ONE_GPU,
    at: PortFacts | None = None,
    limits: MachineLimits | None = LIMITS,
    files: Mapping[str, str] | None = None,
    **values: Any,
) -> Setup:
    return Setup(values, model, limits, engine, at, files or {})


def problem(name: str, key: str, clashing: Setup, *harmless: Setup) -> Sample:
    return Sample(name, key, clashing, harmless, "problem")


def warning(name: str, key: str, clashing: Setup, *harmless: Setup) -> Sample:
    return Sample(name, key, clashing, harmless)


CACHE = (
    problem(
        "quantized-v-cache-without-flash-attention",
        "cache_type_v",
        setup(cache_type_v="q8_0", flash_attn="off"),
        setup(cache_type_v="q8_0"),
        setup(cache_type_v="q8_0", flash_attn="on"),
        setup(cache_type_v="bf16", flash_attn="off"),
        setup(cache_type_k="q8_0", flash_attn="off"),
    ),
    problem(
        "quantized-v-cache-without-flash-attention",
        "cache_type_v",
        setup(GROK, cache_type_v="q4_0"),
        setup(GROK, cache_type_v="f16"),
        setup(GROK, cache_type_k="q4_0"),
    ),
    problem(
        "quantized-k-cache-with-odd-heads",
        "cache_type_k",
        setup(ODD, cache_type_k="q8_0"),
        setup(cache_type_k="q8_0"),
        setup(None, cache_type_k="q8_0"),
        setup(ODD, cache_type_k="bf16"),
        setup(ODD, cache_type_k="q8_0", flash_attn="off"),
    ),
    problem(
        "quantized-v-cache-with-odd-heads",
        "cache_type_v",
        setup(ODD, cache_type_v="q5_1"),
        setup(ODD, cache_type_v="f32"),
    ),
    problem(
        "different-cache-types",
        "cache_type_v",
        setup(LATENT, cache_type_k="q8_0"),
        setup(LATENT, cache_type_k="q8_0", cache_type_v="q8_0"),
        setup(cache_type_k="q8_0"),
    ),
    problem(
        "split-mode-tensor-without-flash-attention",
        "split_mode",
        setup(split_mode="tensor", flash_attn="off"),
        setup(split_mode="tensor"),
        setup(split_mode="layer", flash_attn="off"),
    ),
    warning(
        "no-flash-attention",
        "flash_attn",
        setup(GROK, flash_attn="on"),
        setup(GROK),
        setup(flash_attn="on"),
    ),
    warning(
        "ubatch-beyond-batch",
        "ubatch_size",
        setup(ubatch_size=1024, batch_size=512),
        setup(ubatch_size=512, batch_size=512),
        setup(ubatch_size=2048),
        setup(ubatch_size=4096, engine=EngineFacts(EMBEDDED)),
    ),
    warning("ubatch-beyond-batch", "ubatch_size", setup(ubatch_size=4096)),
    problem(
        "batch-below-slots",
        "batch_size",
        setup(batch_size=8, ubatch_size=8, parallel=16),
        setup(batch_size=16, ubatch_size=8, parallel=16),
        setup(batch_size=2, ubatch_size=2, parallel=2),
        setup(batch_size=1, engine=EngineFacts(EMBEDDED)),
    ),
    problem(
        "batch-below-slots",
        "batch_size",
        setup(batch_size=1, parallel=1),
        setup(batch_size=2, parallel=1),
    ),
    problem(
        "context-of-one-token",
        "ctx_size",
        setup(ctx_size=1),
        setup(ctx_size=2),
        setup(ctx_size=1, engine=EngineFacts(EMBEDDED)),
    ),
    warning(
        "no-sliding-window",
        "swa_full",
        setup(swa_full=True),
        setup(WINDOWED, swa_full=True),
        setup(None, swa_full=True),
    ),
    warning(
        "mlock-beyond-limit",
        "mlock",
        setup(mlock=True),
        setup(mlock=False),
        setup(mlock=True, limits=replace(LIMITS, memlock=None)),
        setup(replace(DENSE, locked=8 * MIB), mlock=True),
        setup(None, mlock=True),
    ),
    warning(
        "threads-beyond-machine",
        "threads",
        setup(threads=9),
        setup(threads=8),
        setup(threads=-1),
        setup(threads=99, limits=None),
    ),
    warning(
        "threads-batch-beyond-machine",
        "threads_batch",
        setup(threads_batch=9),
        setup(threads_batch=8),
        setup(),
    ),
    warning("threads-beyond-cores", "threads", setup(threads=5), setup(threads=4)),
    warning(
        "threads-beyond-grant",
        "threads",
        setup(limits=MachineLimits(cores=2, threads=2, chosen=32)),
        setup(limits=MachineLimits(cores=2, threads=2, chosen=32), threads=2),
        setup(limits=MachineLimits(cores=2, threads=2, chosen=2)),
        setup(engine=EngineFacts(EMBEDDED), limits=MachineLimits(cores=2, threads=2, chosen=32)),
    ),
)

CONTEXT = (
    warning(
        "context-beyond-training",
        "ctx_size",
        setup(ctx_size=16_384),
        setup(ctx_size=8192),
        setup(ctx_size=0),
        setup(None, ctx_size=16_384),
        setup(replace(DENSE, trained=8000), ctx_size=8192),
        setup(ctx_size=32_768, parallel=4),
        setup(ctx_size=32_768, rope_scaling="yarn", rope_scale=4),
        setup(ctx_size=32_768, rope_scaling="yarn", rope_freq_scale=0.25),
        setup(ctx_size=16_384, override_kv=["llama.context_length=int:16384"]),
        setup(STRETCHED, ctx_size=32_768),
    ),
    warning(
        "context-beyond-training",
        "ctx_size",
        setup(ctx_size=65_536, parallel=4),
        setup(ctx_size=65_536, parallel=8),
    ),
    warning(
        "context-beyond-training", "ctx_size", setup(ctx_size=65_536, parallel=8, kv_unified=True)
    ),
    warning("context-beyond-training", "ctx_size", setup(ctx_size=32_768, rope_scaling="yarn")),
    warning("context-beyond-training", "ctx_size", setup(ctx_size=16_384, rope_freq_base=80_000)),
    warning(
        "context-beyond-training",
        "ctx_size",
        setup(ctx_size=16_384, engine=EngineFacts(EMBEDDED)),
        setup(ctx_size=8192, engine=EngineFacts(EMBEDDED)),
        setup(ctx_size=16_384, rope_freq_base=80_000, engine=EngineFacts(EMBEDDED)),
        setup(ctx_size=16_384, rope_scale=2, engine=EngineFacts(EMBEDDED)),
    ),
    warning(
        "context-stretched-in-vain",
        "ctx_size",
        setup(ctx_size=16_384, rope_scale=2),
        setup(ctx_size=8192, rope_scale=2),
        setup(ctx_size=16_384, rope_scale=2, rope_scaling="yarn"),
        setup(ctx_size=16_384),
    ),
    warning(
        "little-context-for-each-slot",
        "ctx_size",
        setup(ctx_size=4096, parallel=8),
        setup(ctx_size=4096, parallel=8, kv_unified=True),
        setup(ctx_size=4096, parallel=2),
        setup(ctx_size=4096, parallel=-1),
        setup(replace(DENSE, trained=512), ctx_size=2048, parallel=4),
        setup(ctx_size=4096, engine=EngineFacts(EMBEDDED)),
    ),
    warning(
        "little-context-for-each-slot",
        "ctx_size",
        setup(parallel=8, fit=False),
        setup(parallel=8),
    ),
    warning(
        "kv-unified-without-parallel",
        "kv_unified",
        setup(kv_unified=False),
        setup(kv_unified=False, parallel=4),
        setup(kv_unified=True),
        setup(),
    ),
    warning(
        "no-context-shift",
        "context_shift",
        setup(UNSHIFTED, context_shift=True),
        setup(context_shift=True),
        setup(UNSHIFTED),
    ),
    warning("no-context-shift", "context_shift", setup(context_shift=True, mmproj="mmproj.gguf")),
    warning(
        "no-cache-reuse",
        "cache_reuse",
        setup(UNSHIFTED, cache_reuse=256),
        setup(cache_reuse=256),
        setup(UNSHIFTED, cache_reuse=0),
    ),
    warning("fit-is-off", "fit_target", setup(fit=False, fit_target=512), setup(fit_target=512)),
    warning(
        "fit-ctx-with-ctx-size",
        "fit_ctx",
        setup(fit_ctx=8192, ctx_size=4096),
        setup(fit_ctx=8192),
        setup(fit_ctx=8192, ctx_size=0),
    ),
)

POSITIONS = (
    warning(
        "rope-scale-without-scaling",
        "rope_scale",
        setup(rope_scale=2, rope_scaling="none"),
        setup(rope_scale=2, rope_scaling="linear"),
        setup(rope_scaling="none"),
        setup(rope_freq_base=80_000, rope_scaling="none"),
    ),
    warning(
        "two-rope-scales",
        "rope_scale",
        setup(rope_scale=2, rope_freq_scale=0.25),
        setup(rope_scale=4, rope_freq_scale=0.25),
        setup(rope_scale=2),
    ),
    warning(
        "yarn-without-yarn",
        "yarn_orig_ctx",
        setup(yarn_orig_ctx=4096),
        setup(yarn_orig_ctx=4096, rope_scaling="yarn"),
        setup(yarn_orig_ctx=4096, yarn_ext_factor=1.0),
        setup(STRETCHED, yarn_orig_ctx=4096),
        setup(None, yarn_orig_ctx=4096),
        setup(yarn_attn_factor=1.2),
    ),
)

DEVICES = (
    warning(
        "layers-beyond-model",
        "n_gpu_layers",
        setup(n_gpu_layers=34),
        setup(n_gpu_layers=33),
        setup(n_gpu_layers="all"),
        setup(n_gpu_layers="auto"),
        setup(None, n_gpu_layers=999),
    ),
    warning(
        "layers-without-gpu",
        "n_gpu_layers",
        setup(engine=NO_GPU, n_gpu_layers=20),
        setup(n_gpu_layers=20),
        setup(engine=NO_GPU, n_gpu_layers=0),
        setup(engine=NO_GPU, n_gpu_layers="auto"),
        setup(engine=EngineFacts(NATIVE), n_gpu_layers=20),
        setup(engine=None, n_gpu_layers=20),
        setup(engine=NO_GPU, n_gpu_layers=20, rpc=["box:50052"]),
    ),
    warning(
        "layers-without-device",
        "n_gpu_layers",
        setup(device=["none"], n_gpu_layers="all"),
        setup(device=["CUDA0"], n_gpu_layers="all"),
        setup(device=["none"], n_gpu_layers=0),
        setup(device=["none"]),
    ),
    warning(
        "no-experts",
        "n_cpu_moe",
        setup(n_cpu_moe=4),
        setup(MIXTURE, n_cpu_moe=4),
        setup(n_cpu_moe=0),
        setup(None, n_cpu_moe=4),
    ),
    warning("no-experts", "cpu_moe", setup(cpu_moe=True), setup(MIXTURE, cpu_moe=True)),
    warning(
        "cpu-moe-twice",
        "n_cpu_moe",
        setup(MIXTURE, cpu_moe=True, n_cpu_moe=4),
        setup(MIXTURE, cpu_moe=False, n_cpu_moe=4),
    ),
    warning(
        "experts-beyond-model",
        "n_cpu_moe",
        setup(MIXTURE, n_cpu_moe=49),
        setup(MIXTURE, n_cpu_moe=48),
    ),
    warning(
        "more-shares-than-gpus",
        "tensor_split",
        setup(engine=TWO_GPUS, tensor_split=[1, 1, 1]),
        setup(engine=TWO_GPUS, tensor_split=[1, 1]),
        setup(engine=TWO_GPUS, tensor_split=[1, 1, 1], device=["CUDA0", "CUDA1", "CUDA2"]),
        setup(engine=EngineFacts(NATIVE), tensor_split=[1, 1, 1]),
        setup(engine=NO_GPU, tensor_split=[1, 1, 1]),
    ),
    warning("more-shares-than-gpus", "tensor_split", setup(tensor_split=[1, 1])),
    warning(
        "more-shares-than-gpus", "tensor_split", setup(engine=TWO_GPUS, tensor_split=[0, 0, 1])
    ),
    warning(
        "fewer-shares-than-gpus",
        "tensor_split",
        setup(engine=TWO_GPUS, tensor_split=[1]),
        setup(engine=TWO_GPUS, tensor_split=[1, 0]),
        setup(engine=TWO_GPUS, tensor_split=[0]),
    ),
    warning(
        "shares-of-one-gpu",
        "tensor_split",
        setup(engine=TWO_GPUS, tensor_split=[1, 1], split_mode="none"),
        setup(engine=TWO_GPUS, tensor_split=[1, 1], split_mode="row"),
    ),
    problem(
        "main-gpu-beyond-machine",
        "main_gpu",
        setup(engine=TWO_GPUS, split_mode="none", main_gpu=2),
        setup(engine=TWO_GPUS, split_mode="none", main_gpu=1),
        setup(engine=TWO_GPUS, main_gpu=0),
        setup(engine=NO_GPU, split_mode="none", main_gpu=2),
    ),
    problem(
        "main-gpu-beyond-machine",
        "main_gpu",
        setup(split_mode="none", main_gpu=1),
        setup(split_mode="none", main_gpu=0),
    ),
    warning(
        "main-gpu-without-effect",
        "main_gpu",
        setup(engine=TWO_GPUS, main_gpu=1),
        setup(engine=TWO_GPUS, main_gpu=1, split_mode="row"),
        setup(engine=TWO_GPUS, main_gpu=0),
    ),
    problem(
        "split-mode-tensor-without-gpu",
        "split_mode",
        setup(engine=NO_GPU, split_mode="tensor"),
        setup(split_mode="tensor"),
        setup(engine=EngineFacts(NATIVE), split_mode="tensor"),
    ),
)

BESIDE = (
    warning(
        "draft-type-without-draft-model",
        "spec_type",
        setup(spec_type="draft-simple"),
        setup(spec_type="draft-simple", model_draft="small.gguf"),
        setup(spec_type="ngram-simple"),
        setup(spec_type="none"),
    ),
    problem(
        "no-next-token-heads",
        "spec_type",
        setup(spec_type="draft-mtp"),
        setup(HEADS, spec_type="draft-mtp"),
        setup(None, spec_type="draft-mtp"),
        setup(spec_type="draft-mtp", model_draft="mtp.gguf"),
    ),
    warning(
        "draft-model-unused",
        "model_draft",
        setup(DRAFTED, model_draft="small.gguf"),
        setup(DRAFTED, model_draft="small.gguf", spec_type="draft-simple"),
        setup(replace(DENSE, draft="draft-mtp"), model_draft="mtp.gguf"),
        setup(DENSE, model_draft="gone.gguf"),
        setup(None, model_draft="small.gguf"),
        setup(DRAFTED, model_draft="small.gguf", engine=EngineFacts(NATIVE, names_drafting=False)),
    ),
    warning(
        "draft-of-another-vocabulary",
        "model_draft",
        setup(
            replace(DRAFTED, other_vocabulary=True),
            model_draft="small.gguf",
            spec_type="draft-simple",
        ),
        setup(DRAFTED, model_draft="small.gguf", spec_type="draft-simple"),
    ),
    warning(
        "draft-options-without-drafting",
        "spec_draft_n_max",
        setup(spec_draft_n_max=16),
        setup(DRAFTED, spec_draft_n_max=16, model_draft="s.gguf", spec_type="draft-simple"),
        setup(HEADS, spec_draft_n_max=16, spec_type="draft-mtp"),
        setup(spec_draft_n_max=3),
    ),
    warning(
        "draft-options-without-drafting",
        "n_gpu_layers_draft",
        setup(HEADS, spec_type="draft-mtp", n_gpu_layers_draft=9),
        setup(n_gpu_layers_draft="auto"),
        setup(DRAFTED, n_gpu_layers_draft=9, model_draft="s.gguf", spec_type="draft-simple"),
    ),
    warning(
        "drafts-always-dropped",
        "spec_draft_n_min",
        setup(HEADS, spec_type="draft-mtp", spec_draft_n_min=4),
        setup(HEADS, spec_type="draft-mtp", spec_draft_n_min=3),
    ),
    warning(
        "mmproj-offload-without-mmproj",
        "mmproj_offload",
        setup(mmproj_offload=False),
        setup(mmproj_offload=False, mmproj="mmproj.gguf"),
        setup(mmproj_offload=True),
    ),
    warning(
        "two-chat-templates",
        "chat_template",
        setup(chat_template="chatml", chat_template_file="t.jinja"),
        setup(chat_template="chatml"),
        setup(chat_template_file="t.jinja"),
    ),
)

OTHER_FILES = (
    problem(
        "no-projector",
        "mmproj",
        setup(mmproj="m.gguf", files={"m.gguf": "a model"}),
        setup(mmproj="m.gguf", files={"m.gguf": A_PROJECTOR}),
        setup(mmproj="m.gguf"),
        setup(files={"m.gguf": "a model"}),
    ),
    problem("no-projector", "mmproj", setup(mmproj="m.gguf", files={"m.gguf": AN_ADAPTER})),
    problem(
        "no-adapter",
        "lora",
        setup(lora=[{"path": "m.gguf"}], files={"m.gguf": "a model"}),
        setup(lora=[{"path": "m.gguf"}], files={"m.gguf": AN_ADAPTER}),
        setup(lora=[{"path": "m.gguf"}]),
    ),
    problem(
        "no-adapter",
        "lora",
        setup(
            lora=[{"path": "a.gguf"}, {"path": "m.gguf"}],
            files={"m.gguf": A_PROJECTOR, "a.gguf": AN_ADAPTER},
        ),
        setup(lora=[{"path": "a.gguf"}], files={"m.gguf": A_PROJECTOR, "a.gguf": AN_ADAPTER}),
    ),
)

OVERRIDES = (
    problem(
        "override-refused",
        "override_kv",
        setup(override_kv=["llama.x=number:1"]),
        setup(override_kv=["llama.x=int:1", "y=float:0.5", "z=bool:true", "s=str:a, b=c"]),
        setup(override_kv=["y=number:1"], engine=EngineFacts(EMBEDDED)),
    ),
    *(
        problem("override-refused", "override_kv", setup(override_kv=["x=int:1", wrong]))
        for wrong in ("y", "y=bool:yes", f"{'k' * 128}=int:1", f"y=str:{'v' * 128}", "y=1")
    ),
    problem(
        "override-refused",
        "override_tensor",
        setup(override_tensor=["exps=CUDA1"], engine=WITH_BUFFERS),
        setup(override_tensor=["exps=CUDA0", "a[0-9]+.*=CPU"], engine=WITH_BUFFERS),
        setup(override_tensor=["exps=CUDA1"]),
        setup(override_tensor=["exps=CUDA1"], engine=None),
        setup(override_tensor=["e=RPC0[box:1]"], engine=WITH_BUFFERS, rpc=["box:1"]),
        *(
            setup(override_tensor=[f"{p}=CPU"])
            for p in ("a|b", "[(?a]b", "[]", "a++", "", "(?:a)", "a{2}")
        ),
    ),
    *(
        problem("override-refused", "override_tensor", setup(override_tensor=[wrong]))
        for wrong in ("exps", "exps=cpu", "exps=", "a(=CPU", "[a=CPU", "*a=CPU", "(?i)a=CPU")
    ),
)

ENGINES = (
    problem(
        "option-not-of-this-engine",
        "mmproj",
        setup(mmproj="mmproj.gguf", engine=EngineFacts(EMBEDDED)),
        setup(mmproj="mmproj.gguf"),
        setup(engine=EngineFacts(EMBEDDED), swa_full=False),
    ),
    problem(
        "option-not-of-this-engine",
        "xtc_probability",
        setup(xtc_probability=0.5, engine=EngineFacts(EMBEDDED)),
        setup(xtc_probability=0.0, engine=EngineFacts(EMBEDDED)),
    ),
    warning(
        "option-without-effect",
        "parallel",
        setup(parallel=4, engine=EngineFacts(EMBEDDED)),
        setup(parallel=-1, engine=EngineFacts(EMBEDDED)),
    ),
    problem("value-refused", "parallel", setup(parallel=0), setup(parallel=1)),
    problem(
        "value-refused",
        "sleep_idle_seconds",
        setup(sleep_idle_seconds=0),
        setup(sleep_idle_seconds=-1),
        setup(sleep_idle_seconds=1),
    ),
    problem("value-refused", "repeat_penalty", setup(repeat_penalty=0), setup(repeat_penalty=0.9)),
    problem(
        "value-refused",
        "repeat_last_n",
        setup(repeat_last_n=-1),
        setup(repeat_last_n=0),
        setup(repeat_last_n=-1, engine=EngineFacts(NATIVE, looks_back=True)),
        setup(repeat_last_n=-1, engine=None),
    ),
    problem(
        "value-refused",
        "dry_penalty_last_n",
        setup(dry_penalty_last_n=-1, dry_multiplier=0.8, ctx_size=4096),
        setup(dry_penalty_last_n=4096, dry_multiplier=0.8),
    ),
)

SERVING = (
    problem(
        "open-without-key",
        "host",
        setup(host="0.0.0.0"),
        setup(host="0.0.0.0", api_key_file="keys"),
        setup(host="127.0.0.1"),
        setup(host="::1"),
        setup(host="localhost"),
    ),
    warning(
        "port-taken",
        "port",
        setup(port=8080, at=BUSY),
        setup(port=8080, at=FREE),
        setup(port=8080),
        setup(port=8081, at=BUSY),
        setup(at=BUSY),
    ),
    problem(
        "port-taken",
        "port",
        setup(port_strict=True, at=BUSY),
        setup(port_strict=True, at=FREE),
        setup(port_strict=True, port=8082, at=BUSY),
    ),
    problem(
        "host-not-here",
        "host",
        setup(
            host="203.0.113.7",
            api_key_file="keys",
            at=replace(ELSEWHERE, refused="is no address of this machine", any_port=False),
        ),
        setup(host="203.0.113.7", api_key_file="keys", at=ELSEWHERE),
    ),
)

ELSEWHERE_ALREADY = (
    problem(
        "option-not-of-this-engine",
        "ctx_size",
        setup(engine=EngineFacts(REMOTE), url=OLLAMA, ctx_size=4096),
        setup(engine=EngineFacts(REMOTE), url=OLLAMA, xtc_probability=0.5, temperature=0.5),
    ),
    warning(
        "option-without-effect",
        "port",
        setup(engine=EngineFacts(REMOTE), url=OLLAMA, port=9000),
        setup(engine=EngineFacts(REMOTE), url=OLLAMA),
    ),
)

SAMPLING = (
    warning(
        "greedy-sampling",
        "temperature",
        setup(temperature=0, top_k=20),
        setup(temperature=0),
        setup(temperature=0, top_k=0, top_p=1, min_p=0, seed=-1),
        setup(temperature=0.1, top_k=20),
        setup(temperature=0, repeat_penalty=1.1),
        setup(temperature=0, xtc_probability=0.5, top_k=20),
    ),
    warning(
        "xtc-removes-nothing",
        "xtc_threshold",
        setup(xtc_probability=0.5, xtc_threshold=0.6),
        setup(xtc_probability=0.5, xtc_threshold=0.5),
    ),
    warning(
        "xtc-is-off",
        "xtc_threshold",
        setup(xtc_threshold=0.2),
        setup(xtc_threshold=0.1),
        setup(xtc_threshold=0.2, xtc_probability=0.5),
    ),
    warning(
        "dry-is-off",
        "dry_base",
        setup(dry_base=2.0),
        setup(dry_base=2.0, dry_multiplier=0.8),
        setup(dry_base=1.75),
    ),
    warning(
        "dry-looks-nowhere",
        "dry_penalty_last_n",
        setup(dry_multiplier=0.8, dry_penalty_last_n=0),
        setup(dry_multiplier=0.8, dry_penalty_last_n=1),
    ),
    warning(
        "penalties-look-nowhere",
        "repeat_last_n",
        setup(repeat_last_n=0, repeat_penalty=1.1),
        setup(repeat_last_n=0),
        setup(repeat_last_n=64, repeat_penalty=1.1),
    ),
    warning(
        "thinking-without-budget",
        "reasoning_budget",
        setup(reasoning="on", reasoning_budget=0),
        setup(reasoning="auto", reasoning_budget=0),
        setup(reasoning="on", reasoning_budget=512),
    ),
)

SAMPLES = (
    *CACHE, *CONTEXT, *POSITIONS, *DEVICES, *BESIDE, *OTHER_FILES, *OVERRIDES, *ENGINES, *SERVING,
    *SAMPLING, *ELSEWHERE_ALREADY,
)  # fmt: skip
