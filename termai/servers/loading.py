"""What a profile loads where, as the fit asks it: load options, the GPUs it may use, margins.

It follows what the engines do with a profile: ``engines.arguments`` and ``engines.host.loading``.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from termai.engines import device_names
from termai.engines.base import Detection
from termai.engines.devices import CUDA
from termai.errors import TermaiError, UsageError
from termai.gguf.header import Header
from termai.gguf.memory import LoadOptions
from termai.gguf.splits import read_model
from termai.models.fit import AUTO, Machine
from termai.models.fit.subject import Subject, of_header
from termai.models.fit.verdict import MIN_CTX
from termai.models.resolve import resolve
from termai.profiles.profile import Profile
from termai.profiles.reading import flag_of
from termai.profiles.schema import EMBEDDED

ALL = 1_000_000  # more layers than any model has
_MIB = 1 << 20
_AUTO_SLOTS = 4  # of llama-server with --parallel -1, sharing one KV cache
_EMBEDDED_CTX = 8192  # engines.host.loading.UNSET_CTX
_EMBEDDED_BATCH = 512
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_HIDING = frozenset({"HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES"})
_GIVEN = ("tensor_split", "cpu_moe", "n_cpu_moe")
_UNKNOWABLE = frozenset({"override_tensor", "override_kv"})
_DECIDING = frozenset(
    {
        *("-c", "--ctx-size", "-b", "--batch-size", "-ub", "--ubatch-size", "-np", "--parallel"),
        *("-ngl", "--gpu-layers", "--n-gpu-layers", "-ctk", "--cache-type-k", "-ctv"),
        *("--cache-type-v", "-ot", "--override-tensor", "-cmoe", "--cpu-moe", "-ncmoe"),
        *("--n-cpu-moe", "-ncffn", "--n-cpu-ffn", "-ts", "--tensor-split", "-sm", "--split-mode"),
        *("-dev", "--device", "-nkvo", "--no-kv-offload", "--rpc", "-md", "--model-draft"),
        *("-mm", "--mmproj", "-mmu", "--mmproj-url", "--swa-full", "-fit", "--fit", "-fa"),
        *("--flash-attn", "--override-kv", "-kvu", "--kv-unified"),
    }
)


@dataclass(frozen=True, slots=True)
class Load:
    """What one start asks of the memory.

    machine: with only the GPUs that it may use. beside: headers of projector and draft model,
    None where there is none. adapters: bytes of the LoRA adapters. margin: bytes to leave free on
    each GPU. min_ctx: tokens below which the engine does not lower a context that is not set.
    """

    options: LoadOptions
    machine: Machine
    projector: Header | None = None
    draft: Header | None = None
    adapters: int = 0
    margin: int = 1024 * _MIB
    min_ctx: int = MIN_CTX

    def subject(self, header: Header) -> Subject:
        """Return what is fitted: the model with all that is loaded beside it."""
        model = of_header(header, projector=self.projector, draft=self.draft)
        on_gpu = bool(self.machine.gpus) and self.options.n_gpu_layers != 0
        return model.with_more(self.adapters, on_gpu=on_gpu)


class Files:
    """The files that a profile names beside its model, looked for whenever they are asked for."""

    def header(self, reference: str) -> Header | None:
        """Return the header of a file, None where it cannot be read."""
        try:
            return read_model(Path(resolve(reference)))
        except TermaiError:
            return None

    def size(self, reference: str) -> int:
        """Return the bytes of a file, 0 where it is not there."""
        try:
            return resolve(reference).stat().st_size
        except (TermaiError, OSError):
            return 0


def load_of(
    profile: Profile,
    detection: Detection,
    header: Header,
    machine: Machine,
    files: Files | None = None,
) -> Load | None:
    """Return what starting ``profile`` with this engine asks for, None where that is unknowable.

    It is where the profile places tensors by pattern, hands llama.cpp flags of its own that decide
    about memory, or uses GPUs or other machines whose memory is not known.
    """
    visible = usable(profile, detection, machine)
    if visible is None or decides_itself(profile):
        return None
    return load_on(profile, detection, header, visible, files)


def load_on(
    profile: Profile,
    detection: Detection,
    header: Header,
    machine: Machine,
    files: Files | None = None,
) -> Load:
    """Return what a profile asks of all of a machine, whichever GPUs the engine can use."""
    found = files or Files()
    return Load(
        options=options_of(profile, detection, header),
        machine=machine,
        projector=beside(profile, "mmproj", found),
        draft=beside(profile, "model_draft", found),
        adapters=sum(found.size(str(path)) for path, _ in profile.value("lora")),
        margin=int(profile.value("fit_target")) * _MIB,
        min_ctx=int(profile.value("fit_ctx")),
    )


def options_of(profile: Profile, detection: Detection, header: Header) -> LoadOptions:
    """Return the load options that an engine makes of a profile."""
    embedded = detection.engine == EMBEDDED
    parallel = 1 if embedded else int(profile.value("parallel"))
    unified = profile.value("kv_unified")
    slots = _AUTO_SLOTS if parallel < 1 else parallel
    ubatch = int(profile.value("ubatch_size"))
    batch = max(_EMBEDDED_BATCH, ubatch) if embedded else 2048
    return LoadOptions(
        ctx_size=_context(profile, header, embedded=embedded),
        n_gpu_layers=_layers(profile, detection),
        cache_type_k=str(profile.value("cache_type_k")),
        cache_type_v=str(profile.value("cache_type_v")),
        batch_size=int(profile.values.get("batch_size", batch)),
        ubatch_size=ubatch,
        parallel=slots,
        kv_unified=parallel < 1 if unified is None else bool(unified),
        flash_attn=profile.value("flash_attn") != "off",
        n_cpu_moe=_experts(profile, detection),
        swa_full=bool(profile.value("swa_full")),
        no_kv_offload=not profile.value("kv_offload"),
        tensor_split=tuple(profile.value("tensor_split")),
        op_offload=bool(profile.value("op_offload")),
        outputs=0 if embedded else slots * _tokens_at_once(profile),
    )


def usable(profile: Profile, detection: Detection, machine: Machine) -> Machine | None:
    """Return the machine with the GPUs a start may use, None where their memory is not known."""
    try:
        profile = device_names.placed(profile, detection)
    except UsageError:
        return None
    devices = tuple(profile.value("device"))
    if profile.value("rpc"):
        return None
    if not detection.uses_gpu or devices == ("none",):
        return machine.without_gpus()
    if machine.unmeasured or not machine.gpus or _HIDING & set(profile.env):
        return None
    indices = [gpu.index for gpu in machine.gpus]
    seen: list[int] | None = indices
    if detection.devices[0].startswith(CUDA):
        seen = _visible(indices, {**os.environ, **profile.env})
    if seen is not None and devices:
        seen = _chosen(seen, devices, detection.devices[0].rstrip("0123456789"))
    if seen is not None and profile.value("split_mode") == "none":
        main = int(profile.value("main_gpu"))
        seen = seen[main : main + 1]
    if seen is None:
        return None
    return machine.with_gpus(seen) if seen else machine.without_gpus()


def _visible(indices: Sequence[int], environment: Mapping[str, str]) -> list[int] | None:
    """Return the GPUs that CUDA sees, in order, None where they are named by something else.

    A list ends at the first entry that is no GPU (CUDA C++ Programming Guide, environment).
    """
    said = environment.get(_VISIBLE)
    if said is None:
        return list(indices)
    seen: list[int] = []
    for entry in (part.strip() for part in said.split(",")):
        if entry.upper().startswith(("GPU-", "MIG-")):
            return None
        if not entry.isascii() or not entry.isdecimal() or int(entry) not in indices:
            break
        seen.append(int(entry))
    return seen


def _chosen(seen: Sequence[int], devices: Sequence[str], prefix: str) -> list[int] | None:
    """Return the GPUs that llama.cpp's names such as ``CUDA1`` mean, None for other names."""
    found: list[int] = []
    for device in devices:
        number = device.removeprefix(prefix)
        if not number.isascii() or not number.isdecimal() or int(number) >= len(seen):
            return None
        found.append(seen[int(number)])
    return found


def _context(profile: Profile, header: Header, *, embedded: bool) -> int:
    """Return the context asked for, 0 where the engine fits it to the memory there is."""
    asked = int(profile.value("ctx_size"))
    trained = header.number(header.own("context_length"), 0)
    if embedded and not profile.is_set("ctx_size"):
        return min(trained, _EMBEDDED_CTX) if trained else _EMBEDDED_CTX
    if not asked and (embedded or not profile.value("fit")):
        return trained
    return asked


def _tokens_at_once(profile: Profile) -> int:
    """Return the tokens of each slot whose logits llama-server computes: those drafted, too."""
    drafting = profile.is_set("model_draft") or profile.value("spec_type") not in (None, "none")
    return 1 + int(profile.value("spec_draft_n_max")) if drafting else 1


def _layers(profile: Profile, detection: Detection) -> int:
    """Return the layers asked for; AUTO only where the engine itself looks for what fits.

    llama.cpp leaves all layers on the GPUs when the split or the place of experts is given
    (common/fit.cpp).
    """
    asked = profile.value("n_gpu_layers")
    if asked not in ("auto", "all"):
        return int(asked)
    if asked == "all" or detection.engine == EMBEDDED:
        return ALL
    if "--fit" in detection.options:
        left = not any(profile.value(key) for key in _GIVEN) and profile.value("fit")
        return AUTO if left and profile.value("split_mode") in ("layer", "none") else ALL
    return ALL if profile.is_set("n_gpu_layers") else 0


def _experts(profile: Profile, detection: Detection) -> int:
    if profile.value("cpu_moe"):
        return ALL
    if profile.is_set("n_cpu_moe"):
        return int(profile.value("n_cpu_moe"))
    return AUTO if _layers(profile, detection) == AUTO else 0


def decides_itself(profile: Profile) -> bool:
    """Return whether the profile says something about memory that no load option holds."""
    given = flags_given(profile)
    return bool(given & _DECIDING) or any(profile.value(key) for key in _UNKNOWABLE)


def flags_given(profile: Profile) -> frozenset[str]:
    """Return the flags that a profile hands to its engine beside its options."""
    return frozenset(flag_of(one) for arguments in profile.args.values() for one in arguments)


def beside(profile: Profile, key: str, files: Files | None = None) -> Header | None:
    """Return the header of a file that is loaded beside the model, None where it cannot be read."""
    reference = profile.values.get(key)
    return (files or Files()).header(str(reference)) if reference else None
