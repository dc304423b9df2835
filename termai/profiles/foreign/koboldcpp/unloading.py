"""How a profile's model is loaded, as KoboldCPP's keys: the reverse of ``loading``."""

from termai.profiles.foreign.base import Left
from termai.profiles.foreign.keeping import SHORT
from termai.profiles.foreign.koboldcpp.loading import (
    ALL_LAYERS,
    CACHE_TYPES,
    MOE_LIMIT,
    NO_BOS,
    split_kv,
    split_list,
)
from termai.profiles.foreign.koboldcpp.places import hub_reference
from termai.profiles.foreign.koboldcpp.sheet import Sheet
from termai.profiles.foreign.rawjson import value_of
from termai.text import one_line

SLOTS = 32
OVERRIDES = 16
STEP = 1024  # tokens between two contexts of the launcher window, more above 16384
LARGEST = 262_144
BATCHES = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
_SPLIT = "KoboldCPP would split its list in other places"
_QUANTIZED = (*CACHE_TYPES.values(), "q5_1")


def write(sheet: Sheet) -> None:
    """Write everything that concerns the loading of the model."""
    _model(sheet)
    _memory(sheet)
    _gpus(sheet)
    _speed(sheet)
    _drafting(sheet)
    _cache(sheet)


def _model(sheet: Sheet) -> None:
    path = sheet.value("path")
    if path is not None and not _address(sheet, str(path)):
        found = sheet.wanted.locate(str(path))
        sheet.put("model_param", found)
        if found.startswith(("hub:", "builtin:")):
            sheet.notes.append(f"{one_line(found)} is no file that KoboldCPP would find.")
    sheet.file("mmproj", "mmproj")
    offload = sheet.value("mmproj_offload")
    if offload is not None:
        sheet.put("mmprojcpu", not offload)
    adapters = sheet.value("lora") or ()
    if adapters:
        sheet.put("lora", [sheet.wanted.locate(adapters[0].path)])
        sheet.put("loramult", adapters[0].scale)
    for adapter in adapters[1:]:
        because = "KoboldCPP applies one adapter only"
        sheet.left.append(Left("lora", one_line(adapter.path, SHORT), because))
    _override_kv(sheet)


def _address(sheet: Sheet, path: str) -> bool:
    """Write the address that the model was imported with, when it still is that model."""
    for key in ("model_param", "model"):
        value = value_of(sheet.kept.get(key, "null"))
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str) and hub_reference(first) == path:
            sheet.texts[key] = sheet.kept[key]
            return True
    return False


def _override_kv(sheet: Sheet) -> None:
    items = list(sheet.value("override_kv") or ())
    if items[-1:] == [NO_BOS]:
        sheet.put("nobostoken", True)
        items.pop()
    if not items:
        return
    listed = ",".join(items)
    if split_kv(listed) == tuple(items) and len(items) <= OVERRIDES:
        sheet.put("overridekv", listed)
    else:
        sheet.miss("override_kv", _SPLIT)


def _memory(sheet: Sheet) -> None:
    size = sheet.value("ctx_size")
    if size:
        sheet.put("contextsize", size)
        if not _is_offered(size):
            _not_offered(sheet, "contextsize", size)
    else:
        sheet.notes.append(
            "The profile sets no ctx_size: KoboldCPP takes its own default, 12288 tokens in "
            "version 1.117, where llama-server takes what the model was trained for."
        )
    sheet.same("mmap", "usemmap")
    sheet.same("mlock", "usemlock")
    sheet.same("fit_target", "autofitpadding")
    scale, base = sheet.value("rope_freq_scale"), sheet.value("rope_freq_base")
    if scale and base:
        sheet.put("ropeconfig", [scale, base])
    else:
        because = "KoboldCPP takes rope_freq_scale and rope_freq_base together"
        for wanted, value in (("rope_freq_scale", scale), ("rope_freq_base", base)):
            if value is not None:
                sheet.miss(wanted, because)


def _is_offered(context: int) -> bool:
    """Tell whether KoboldCPP's launcher window has this context among its steps."""
    if context <= STEP:
        return context in (256, 512, STEP)
    step = max(STEP, (1 << (context - 1).bit_length()) // 16)
    return context <= LARGEST and context % step == 0


def _not_offered(sheet: Sheet, key: str, value: int) -> None:
    sheet.notes.append(
        f"KoboldCPP's launcher window has no {key} of {value} and cannot open such a file; "
        "its command line can, with --config."
    )


def _gpus(sheet: Sheet) -> None:
    sheet.same("tensor_split", "tensor_split")
    sheet.same("main_gpu", "maingpu")
    device = sheet.value("device")
    layers = sheet.value("n_gpu_layers")
    if device == ("none",):
        sheet.put("usecpu", True)
        if layers not in (None, 0):
            sheet.miss("n_gpu_layers", "no GPU is used when device is none")
        layers = 0 if layers is not None else None
    elif device:
        _list(sheet, "device", "device")
    _list(sheet, "rpc", "rpctargets")
    if "rpctargets" in sheet.texts:
        sheet.put("rpcmode", "connect")
    if layers is not None:
        sheet.put("gpulayers", {"auto": -1, "all": ALL_LAYERS}.get(str(layers), layers))
    split = sheet.value("split_mode")
    if split == "none":
        sheet.miss("split_mode", "KoboldCPP uses one GPU when one is chosen, see usecuda")
    elif split:
        sheet.put("splitmode", split)
    offload = sheet.value("kv_offload")
    if offload is not None:
        sheet.put("lowvram", not offload)
    _experts(sheet)


def _experts(sheet: Sheet) -> None:
    all_of_them, some = sheet.value("cpu_moe"), sheet.value("n_cpu_moe")
    if all_of_them:
        sheet.put("moecpu", ALL_LAYERS)
        if some:
            sheet.miss("n_cpu_moe", "cpu_moe says it for all layers")
    elif some is not None:
        sheet.put("moecpu", min(some, MOE_LIMIT))
    _list(sheet, "override_tensor", "overridetensors")


def _list(sheet: Sheet, wanted: str, key: str) -> None:
    items = sheet.value(wanted) or ()
    listed = ",".join(items)
    if split_list(listed) != items:
        sheet.miss(wanted, _SPLIT)
    elif items:
        sheet.put(key, listed)


def _speed(sheet: Sheet) -> None:
    sheet.same("threads", "threads")
    sheet.same("threads_batch", "blasthreads")
    batch, ubatch = sheet.value("batch_size"), sheet.value("ubatch_size")
    if batch is None and ubatch is None:
        return
    # llama.cpp computes no more at once than the smaller of the two.
    size = min(sheet.profile.value("batch_size"), sheet.profile.value("ubatch_size"))
    sheet.put("batchsize", size)
    if batch not in (None, size):
        sheet.miss("batch_size", f"KoboldCPP has one size for both, which is {size} here")
    if size not in BATCHES:
        _not_offered(sheet, "batchsize", size)


def _drafting(sheet: Sheet) -> None:
    draft, kind = sheet.value("model_draft"), sheet.value("spec_type")
    tokens, layers = sheet.value("spec_draft_n_max"), sheet.value("n_gpu_layers_draft")
    if draft and tokens == 0:
        sheet.miss("model_draft", "spec_draft_n_max 0 switches drafting off")
        draft = None
    elif draft:
        sheet.put("draftmodel", sheet.wanted.locate(str(draft)))
    if kind == "draft-mtp" and not draft:
        sheet.put("usemtp", True)
    elif kind != ("draft-simple" if draft else None):
        sheet.miss("spec_type", "KoboldCPP drafts with draftmodel, or without one with usemtp")
    if not draft and "usemtp" not in sheet.texts:
        for wanted, value in (("spec_draft_n_max", tokens), ("n_gpu_layers_draft", layers)):
            if value is not None:
                sheet.miss(wanted, "nothing drafts in KoboldCPP here")
        return
    if tokens is not None:
        sheet.put("draftamount", tokens)
    if layers is not None:
        placed = {"auto": -1, "all": ALL_LAYERS}.get(str(layers), layers)
        sheet.put("draftgpulayers", placed)


def _cache(sheet: Sheet) -> None:
    flash = sheet.value("flash_attn")
    if flash in ("on", "off"):
        sheet.put("noflashattention", flash == "off")
    _quantized(sheet, flash)
    sheet.same("swa_full", "noswa")
    slots, unified = sheet.value("parallel"), sheet.value("kv_unified")
    if slots is not None and slots > 0:
        sheet.put("parallelrequests", min(slots, SLOTS))
        if slots > SLOTS:
            sheet.miss("parallel", f"KoboldCPP answers at most {SLOTS} requests at a time")
    several = slots is not None and slots > 1
    if several is not bool(unified) or (unified is False):
        sheet.miss("kv_unified", "KoboldCPP's parallel requests always share one context")
    shift = sheet.value("context_shift")
    sheet.put("noshift", not shift)
    if shift and several:
        sheet.miss("context_shift", "KoboldCPP does not shift with parallel requests")


def _quantized(sheet: Sheet, flash: str | None) -> None:
    keys, values = sheet.value("cache_type_k"), sheet.value("cache_type_v")
    if keys is None and values is None:
        return
    kind, other = keys or "f16", values or "f16"
    expected = "f16" if flash == "off" and kind != "bf16" else kind
    if kind in _QUANTIZED and other == expected:
        sheet.put("quantkv", kind)
        return
    because = "KoboldCPP has one type for keys and values: " + ", ".join(dict.fromkeys(_QUANTIZED))
    for wanted, value in (("cache_type_k", keys), ("cache_type_v", values)):
        if value is not None:
            sheet.miss(wanted, because)
