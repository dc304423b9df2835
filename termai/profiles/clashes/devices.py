"""Clashes about layers, experts and GPUs."""

from collections.abc import Iterator

from termai.profiles.clashes.base import Case, Clash, Rule, have, listed, problem, warning


def _layers_beyond_model(case: Case) -> Iterator[Clash]:
    asked = case.value("n_gpu_layers")
    if case.model is None or not isinstance(asked, int) or asked <= case.model.layers:
        return
    yield warning(
        "layers-beyond-model",
        ("n_gpu_layers",),
        f"The model has {case.model.layers} layers, the output layer counted; {asked} means all "
        "of them.",
        'Set n_gpu_layers to "all".',
        n_gpu_layers="all",
    )


def _layers_without_gpu(case: Case) -> Iterator[Clash]:
    """ "no usable GPU found, --gpu-layers option will be ignored" (common/arg.cpp)."""
    asked = case.value("n_gpu_layers")
    if not case.is_set("n_gpu_layers") or asked in ("auto", 0):
        return
    if tuple(case.value("device")) == ("none",):
        yield warning(
            "layers-without-device",
            ("n_gpu_layers", "device"),
            'With device = "none" the CPU does everything; n_gpu_layers has no effect.',
            "Take n_gpu_layers out, or device.",
            n_gpu_layers=None,
        )
    elif case.engine is not None and case.engine.devices == 0 and not case.value("rpc"):
        yield warning(
            "layers-without-gpu",
            ("n_gpu_layers",),
            f"{case.engine.name} can use no GPU here, so n_gpu_layers has no effect.",
            'Set n_gpu_layers to "auto".',
            n_gpu_layers=None,
        )


def _experts_of_dense(case: Case) -> Iterator[Clash]:
    keys = tuple(key for key in ("cpu_moe", "n_cpu_moe") if case.value(key))
    if case.model is None or case.embedded or not keys:
        return
    if not case.model.experts:
        yield warning(
            "no-experts",
            keys,
            f"This model is no mixture of experts; {listed(keys)} {have(keys)} no effect on it.",
            f"Take {listed(keys)} out.",
            **dict.fromkeys(keys),
        )
        return
    blocks, asked = case.model.layers - 1, int(case.value("n_cpu_moe"))
    if case.value("cpu_moe") and asked:
        yield warning(
            "cpu-moe-twice",
            ("n_cpu_moe", "cpu_moe"),
            "cpu_moe keeps the experts of every layer in RAM, n_cpu_moe those of "
            f"{min(asked, blocks)}: cpu_moe wins.",
            "Take cpu_moe out.",
            cpu_moe=None,
        )
    elif asked > blocks:
        yield warning(
            "experts-beyond-model",
            ("n_cpu_moe",),
            f"The model has {blocks} layers with experts at most; n_cpu_moe = {asked} means all.",
            f"Set n_cpu_moe to {blocks}.",
            n_cpu_moe=blocks,
        )


def _shares(case: Case) -> Iterator[Clash]:
    """llama.cpp takes as many shares as there are devices, the missing ones as 0."""
    shares, count = tuple(case.value("tensor_split")), _devices(case)
    if not shares or not count:
        return
    if case.value("split_mode") == "none":
        yield warning(
            "shares-of-one-gpu",
            ("tensor_split", "split_mode"),
            "With split_mode none one GPU has the whole model; tensor_split has no effect.",
            "Take tensor_split out.",
            tensor_split=None,
        )
    elif len(shares) > count:
        left = shares[:count] if any(shares[:count]) else None
        yield warning(
            "more-shares-than-gpus",
            ("tensor_split",),
            f"tensor_split has {len(shares)} shares for {_gpus(count)}; those after the "
            f"{_ordinal(count)} count for nothing.",
            f"Keep {count} of them." if left and count > 1 else "Take tensor_split out.",
            tensor_split=left if left and count > 1 else None,
        )
    elif len(shares) < count and any(shares):
        yield warning(
            "fewer-shares-than-gpus",
            ("tensor_split",),
            f"tensor_split has {len(shares)} shares for {_gpus(count)}; those without one get "
            "nothing of the model.",
            "Take tensor_split out, so that all are used by their free memory.",
            tensor_split=None,
        )


def _main_gpu(case: Case) -> Iterator[Clash]:
    """ "invalid value for main_gpu" with split_mode none (src/llama.cpp)."""
    main, count, mode = int(case.value("main_gpu")), _devices(case), case.value("split_mode")
    if not case.is_set("main_gpu"):
        return
    if mode == "none" and count and main >= count:
        yield problem(
            "main-gpu-beyond-machine",
            ("main_gpu",),
            f"main_gpu = {main} is the {_ordinal(main + 1)} GPU, and there {_are(count)}: it will "
            "not start.",
            f"Set main_gpu to {count - 1}." if count > 1 else "Take main_gpu out.",
            main_gpu=count - 1 if count > 1 else None,
        )
    elif mode in ("layer", "tensor") and main:
        yield warning(
            "main-gpu-without-effect",
            ("main_gpu", "split_mode"),
            f"main_gpu has no effect with split_mode {mode}, which uses every GPU.",
            "Take main_gpu out, or set split_mode to none to use that GPU alone.",
            main_gpu=None,
        )


def _tensor_mode_without_gpu(case: Case) -> Iterator[Clash]:
    """ "LLAMA_SPLIT_MODE_TENSOR needs >= 1 devices" (src/llama.cpp)."""
    if case.value("split_mode") == "tensor" and _devices(case) == 0:
        yield problem(
            "split-mode-tensor-without-gpu",
            ("split_mode",),
            "split_mode tensor needs a GPU, and there is none to use: it will not start.",
            "Take split_mode out.",
            split_mode=None,
        )


def _devices(case: Case) -> int | None:
    """Return how many GPUs the profile uses, None where that is unknown, as on other machines."""
    named = tuple(case.value("device"))
    if named:
        return 0 if named == ("none",) else len(named)
    if case.value("rpc"):
        return None
    return case.engine.devices if case.engine else None


def _gpus(count: int) -> str:
    return f"{count} GPU{'s' * (count != 1)}"


def _are(count: int) -> str:
    return f"{'is' if count == 1 else 'are'} {count}"


def _ordinal(count: int) -> str:
    names = {1: "first", 2: "second", 3: "third"}
    return names.get(count, f"{count}th")


RULES: tuple[Rule, ...] = (
    _layers_beyond_model,
    _layers_without_gpu,
    _experts_of_dense,
    _shares,
    _main_gpu,
    _tensor_mode_without_gpu,
)
