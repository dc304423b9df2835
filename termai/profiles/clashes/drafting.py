"""Clashes about drafting tokens ahead, and about what is loaded beside the model."""

from collections.abc import Iterator

from termai.profiles.clashes.base import Case, Clash, Rule, have, listed, problem, warning

_BY_MODEL = frozenset({"draft-simple", "draft-eagle3", "draft-dflash", "draft-dspark"})
_MTP = "draft-mtp"
_SIMPLE = "draft-simple"
_DRAFTING = ("spec_draft_n_max", "spec_draft_n_min", "spec_draft_p_min")


def _drafts(case: Case) -> bool:
    """Return whether a draft model, or heads of the model itself, draft."""
    return bool(case.value("model_draft")) or str(case.value("spec_type") or "") in (
        *_BY_MODEL,
        _MTP,
    )


def _without_draft_model(case: Case) -> Iterator[Clash]:
    """ "requires a draft context": llama-server goes on without drafting."""
    kind = str(case.value("spec_type") or "")
    if case.embedded or case.value("model_draft") or kind not in _BY_MODEL:
        return
    yield warning(
        "draft-type-without-draft-model",
        ("spec_type", "model_draft"),
        f"spec_type {kind} drafts with a draft model, and model_draft names none: nothing is "
        "drafted.",
        "Take spec_type out, or name a draft model.",
        spec_type=None,
    )


def _without_heads(case: Case) -> Iterator[Clash]:
    """ "failed to create MTP context": the server ends (tools/server/server-context.cpp)."""
    model = case.model
    if case.embedded or model is None or case.value("spec_type") != _MTP:
        return
    if case.value("model_draft") or model.nextn:
        return
    yield problem(
        "no-next-token-heads",
        ("spec_type",),
        "This model has no heads that predict further tokens, which draft-mtp uses: it will not "
        "start.",
        "Take spec_type out.",
        spec_type=None,
    )


def _not_told_to_draft(case: Case) -> Iterator[Clash]:
    """A draft model is loaded and not used unless a type of drafting is named.

    Only of files with next-token heads or of DFlash does llama-server know it by itself
    (common_speculative_types_from_gguf in common/speculative.cpp).
    """
    if case.embedded or not case.value("model_draft") or case.engine is None:
        return
    kind = str(case.value("spec_type") or "none")
    known = case.model.draft if case.model else None
    if kind != "none" or known != "" or not case.engine.names_drafting:
        return
    yield warning(
        "draft-model-unused",
        ("model_draft", "spec_type"),
        "This llama-server loads the draft model and drafts nothing with it until spec_type says "
        "how.",
        'Set spec_type to "draft-simple".',
        spec_type=_SIMPLE,
    )


def _other_vocabulary(case: Case) -> Iterator[Clash]:
    """ "the target and draft vocabs are not compatible": llama-server goes on without drafting."""
    model = case.model
    if case.embedded or model is None or not model.other_vocabulary:
        return
    if case.value("model_draft") and case.value("spec_type") == _SIMPLE:
        yield warning(
            "draft-of-another-vocabulary",
            ("model_draft",),
            "The draft model has another vocabulary than the model: nothing is drafted with it.",
            "Take the draft model out, or name one of the same family.",
            model_draft=None,
            spec_type=None,
        )


def _draft_options(case: Case) -> Iterator[Clash]:
    keys = () if _drafts(case) else tuple(key for key in _DRAFTING if case.changes(key))
    if not case.value("model_draft") and case.changes("n_gpu_layers_draft"):
        keys = (*keys, "n_gpu_layers_draft")
    if case.embedded or not keys:
        return
    yield warning(
        "draft-options-without-drafting",
        keys,
        f"{listed(keys)} {have(keys)} no effect: no draft model is named.",
        f"Take {listed(keys)} out, or name a draft model.",
        **dict.fromkeys(keys),
    )


def _draft_bounds(case: Case) -> Iterator[Clash]:
    """A draft shorter than the fewest tokens worth checking is dropped."""
    most, fewest = int(case.value("spec_draft_n_max")), int(case.value("spec_draft_n_min"))
    if case.embedded or not _drafts(case) or fewest <= most:
        return
    yield warning(
        "drafts-always-dropped",
        ("spec_draft_n_min", "spec_draft_n_max"),
        f"Drafts have {most} tokens at most, and those below {fewest} are dropped: all of them.",
        f"Lower spec_draft_n_min to {most}.",
        spec_draft_n_min=most or None,
    )


def _projector_options(case: Case) -> Iterator[Clash]:
    if case.embedded or case.value("mmproj") or case.value("mmproj_offload"):
        return
    yield warning(
        "mmproj-offload-without-mmproj",
        ("mmproj_offload", "mmproj"),
        "mmproj_offload has no effect: no projector is named.",
        "Take mmproj_offload out.",
        mmproj_offload=None,
    )


def _two_templates(case: Case) -> Iterator[Clash]:
    """Both flags set one variable of llama.cpp, and the last one counts (common/arg.cpp)."""
    if case.embedded or not (case.value("chat_template") and case.value("chat_template_file")):
        return
    yield warning(
        "two-chat-templates",
        ("chat_template", "chat_template_file"),
        "The file of chat_template_file takes the place of chat_template.",
        "Take chat_template out.",
        chat_template=None,
    )


RULES: tuple[Rule, ...] = (
    _without_draft_model,
    _without_heads,
    _not_told_to_draft,
    _other_vocabulary,
    _draft_options,
    _draft_bounds,
    _projector_options,
    _two_templates,
)
