"""How KoboldCPP loads a model, as options: file, memory, GPUs, speed, KV cache.

KoboldCPP 1.117, ``convert_invalid_args`` and ``load_model``, with the keys that versions from
1.50 on wrote.
"""

from termai.profiles.foreign.koboldcpp import devices, places
from termai.profiles.foreign.koboldcpp.draft import Draft
from termai.profiles.schema import Adapter
from termai.text import without_user

ALL_LAYERS = 999
MOE_LIMIT = 200  # layers; KoboldCPP lowers a larger moecpu to it
FIT_TARGET = 1024  # MiB
DRAFT_TOKENS = (4, 8)  # what versions draft when nobody says
NO_BOS = "tokenizer.ggml.add_bos_token=bool:false"
CACHE_TYPES = {"0": "f16", "1": "q8_0", "2": "q4_0", "3": "bf16"}
"""What ``quantkv`` meant while it was a number."""


def model(draft: Draft) -> None:
    """Read the model and what is loaded with it."""
    fields = draft.fields
    first = fields.text("model_param")
    named = fields.texts("model")
    chosen = first or (named[0] if named else None)
    key = "model_param" if first else "model"
    if chosen:
        draft.set("path", key, draft.found(key, chosen))
    for other in named[0 if first else 1 :]:
        if other != chosen:
            draft.miss("model", without_user(other), "KoboldCPP loads only one model")
    draft.file("mmproj", "mmproj", fields.text("mmproj"))
    if fields.switch("mmprojcpu"):
        draft.set("mmproj_offload", "mmprojcpu", False)
    for limit in ("min", "max"):
        tokens = fields.whole(f"vision{limit}tokens")
        if tokens is not None and tokens >= 0:
            draft.arg(f"vision{limit}tokens", f"--image-{limit}-tokens", str(tokens))
    _lora(draft)
    _override_kv(draft)


def _lora(draft: Draft) -> None:
    fields = draft.fields
    adapters, scale = fields.texts("lora"), fields.number("loramult")
    if not adapters:
        return
    if places.is_address(adapters[0]):
        draft.found("lora", adapters[0])
        return
    path = places.reference(adapters[0], fields.source)
    draft.set("lora", "lora", [Adapter(path, 1.0 if scale is None else scale)])
    for other in adapters[1:]:
        because = "KoboldCPP applies only the first; older versions took it for the base model"
        draft.miss("lora", other, because)


def _override_kv(draft: Draft) -> None:
    items = split_kv(draft.fields.text("overridekv") or "")
    if draft.fields.switch("nobostoken"):
        items = (*items, NO_BOS)
    draft.set("override_kv", "overridekv", list(items) or None)


def split_kv(text: str) -> tuple[str, ...]:
    """Return the overrides in KoboldCPP's list, which it splits only when all have a type."""
    if "," in text and text.count("=") > 1 and text.count(":") == text.count("="):
        return tuple(item for part in text.split(",") if (item := part.strip()))
    return (text,) if text.strip() else ()


def split_list(text: str | None) -> tuple[str, ...]:
    """Return the items of a list that is written with commas."""
    return tuple(item for part in (text or "").split(",") if (item := part.strip()))


def memory(draft: Draft) -> None:
    """Read the context and where the model lies."""
    fields = draft.fields
    size = fields.whole("contextsize")
    if size:
        draft.set("ctx_size", "contextsize", size)
    else:
        draft.notes.append(
            "The file sets no contextsize, and KoboldCPP's default depends on its version; "
            "ctx_size stays unset, so that the model decides."
        )
    if fields.has("usemmap"):
        draft.set("mmap", "usemmap", fields.switch("usemmap"))
        fields.use("nommap")
    elif fields.switch("nommap"):
        draft.set("mmap", "nommap", False)
    if fields.switch("usemlock"):
        draft.set("mlock", "usemlock", True)
    padding = fields.whole("autofitpadding")
    if padding not in (None, FIT_TARGET):
        draft.set("fit_target", "autofitpadding", padding)
    scale, base = [*fields.numbers("ropeconfig"), 0.0, 0.0][:2]
    if scale > 0 and _is_on(draft, "overridenativecontext"):
        draft.keep("ropeconfig", "KoboldCPP goes by overridenativecontext instead")
    elif scale > 0:
        draft.set("rope_freq_scale", "ropeconfig", scale)
        draft.set("rope_freq_base", "ropeconfig", base or 10000.0)


def gpus(draft: Draft) -> None:
    """Read what runs on which GPU."""
    fields = draft.fields
    split, main = fields.numbers("tensor_split"), fields.whole("maingpu")
    chosen = devices.read(fields, split=bool(split))
    for key, text in chosen.kept.items():
        draft.kept.keep(key, text)
    draft.env |= chosen.env
    draft.set("tensor_split", "tensor_split", list(split) or None)
    if main is not None and main >= 0:
        draft.set("main_gpu", "maingpu", main)
    elif split and chosen.gpu:
        draft.set("main_gpu", "usecuda", int(chosen.gpu))
    listed = split_list(fields.text("device"))
    named = () if chosen.cpu else listed
    draft.set("device", "device", ("none",) if chosen.cpu else named or None)
    mode = "row" if "rowsplit" in chosen.words else fields.text("splitmode")
    if mode != "layer":
        draft.set("split_mode", "splitmode", mode)
    if fields.switch("lowvram") or "lowvram" in chosen.words:
        draft.set("kv_offload", "lowvram", False)
    if split or named or main not in (None, -1):
        draft.env |= [devices.ORDER]
    if devices.ORDER[0] in draft.env:
        draft.notes.append(
            "KoboldCPP counts GPUs in the order of the PCI bus, llama.cpp by speed: the "
            "environment of this profile keeps KoboldCPP's order."
        )
    _layers(draft, cpu=chosen.cpu)


def _layers(draft: Draft, *, cpu: bool) -> None:
    fields = draft.fields
    there, layers = "gpulayers" in fields.members, fields.whole("gpulayers")
    fitted = fields.switch("autofit")
    if cpu:
        draft.set("n_gpu_layers", "gpulayers", 0)
    elif fitted or (layers is not None and layers < 0):
        draft.set("n_gpu_layers", "gpulayers", "auto")
    elif layers == ALL_LAYERS:
        draft.set("n_gpu_layers", "gpulayers", "all")
    elif there:
        draft.set("n_gpu_layers", "gpulayers", layers or 0)
    if fitted:
        draft.quiet("autofit")
        return
    experts = fields.whole("moecpu") or 0
    if experts >= MOE_LIMIT:
        draft.set("cpu_moe", "moecpu", True)
    elif experts > 0:
        draft.set("n_cpu_moe", "moecpu", experts)
    patterns = split_list(fields.text("overridetensors"))
    draft.set("override_tensor", "overridetensors", patterns or None)


def speed(draft: Draft) -> None:
    """Read threads, batches and drafting."""
    fields = draft.fields
    for key, wanted in (("threads", "threads"), ("blasthreads", "threads_batch")):
        threads = fields.whole(key)
        if threads is not None and threads > 0:
            draft.set(wanted, key, threads)
    key = "batchsize" if fields.has("batchsize") else "blasbatchsize"
    batch = fields.whole(key)
    fields.use("batchsize", "blasbatchsize")
    if batch is not None and batch > 0:
        draft.set("batch_size", key, batch)
        draft.set("ubatch_size", key, batch)
    elif batch is not None:
        draft.kept.keep("batchsize", fields.raw(key), "llama.cpp always reads in batches")
    _drafting(draft)


def _drafting(draft: Draft) -> None:
    fields = draft.fields
    named, heads = fields.text("draftmodel"), fields.switch("usemtp")
    tokens, layers = fields.whole("draftamount"), fields.whole("draftgpulayers")
    if named and tokens is not None and tokens <= 0:
        draft.keep("draftmodel", "a draftamount of 0 switches it off")
        named = None
    draft.file("model_draft", "draftmodel", named)
    if "model_draft" in draft.values:
        draft.set("spec_type", "draftmodel", "draft-simple")
    elif heads and not named:
        draft.set("spec_type", "usemtp", "draft-mtp")
    if heads or named:
        draft.set("spec_draft_n_max", "draftamount", tokens)
        placed = "all" if layers == ALL_LAYERS else layers
        draft.set("n_gpu_layers_draft", "draftgpulayers", "auto" if layers == -1 else placed)
        return
    for key, value, usual in (
        ("draftamount", tokens, DRAFT_TOKENS),
        ("draftgpulayers", layers, (ALL_LAYERS,)),
    ):
        if value not in (None, *usual):
            draft.keep(key, "nothing drafts here")


def cache(draft: Draft) -> None:
    """Read flash attention, the KV cache, sliding windows and the shift of a full context."""
    fields = draft.fields
    off = fields.switch("noflashattention")
    on = fields.switch("flashattention")
    if off is None and on is not None:
        off = not on
    if off is not None:
        draft.set("flash_attn", "noflashattention", "off" if off else "on")
    said = str(fields.get("quantkv") or "f16").lower()
    kind = CACHE_TYPES.get(said, said)
    if kind != "f16":
        draft.set("cache_type_k", "quantkv", kind)
        if not off or kind == "bf16":
            draft.set("cache_type_v", "quantkv", kind)
    full, windows = fields.switch("noswa"), fields.switch("useswa")
    if full or (full is None and windows is False):
        draft.set("swa_full", "noswa", True)
    slots = fields.whole("parallelrequests")
    if slots is not None:
        draft.set("parallel", "parallelrequests", max(slots, 1))
    if slots is not None and slots > 1:
        draft.set("kv_unified", "parallelrequests", True)
    still = (fields.switch("noshift"), windows and full is None, slots is not None and slots > 1)
    if not any(still) and not _is_on(draft, "nofastforward"):
        draft.set("context_shift", "noshift", True)
        draft.notes.append(
            "KoboldCPP shifts a full context unless noshift is set, llama-server does not: "
            "context_shift is on, so that it goes on as before."
        )


def _is_on(draft: Draft, key: str) -> bool:
    """Tell whether a key that is kept anyway says something other than no or 0."""
    return key in draft.fields.members and bool(draft.fields.members[key].value)
