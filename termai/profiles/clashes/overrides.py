"""Clashes about overrides of metadata and of where tensors lie, which llama-server reads itself."""

from collections.abc import Iterator

from termai.profiles.clashes.base import Case, Clash, Rule, problem
from termai.profiles.overrides import wrong_overrides
from termai.profiles.schema import NATIVE
from termai.text import one_line


def _refused(case: Case) -> Iterator[Clash]:
    """ "Invalid type for KV override", "unknown buffer type", a pattern that does not compile."""
    if case.engine_name != NATIVE:
        return
    buffers = case.engine.buffers if case.engine and not case.value("rpc") else None
    for key in ("override_kv", "override_tensor"):
        items = [str(item) for item in case.value(key)]
        wrong = {item: why for item in items if (why := _why(key, item, buffers))}
        if wrong:
            item, why = next(iter(wrong.items()))
            yield problem(
                "override-refused",
                (key,),
                f"{one_line(item, 60)!r} in {key} {why}: it will not start.",
                "Take it out, or write it anew." if len(wrong) == 1 else "Take such entries out.",
                **{key: tuple(item for item in items if item not in wrong) or None},
            )


def _why(key: str, item: str, buffers: frozenset[str] | None) -> str:
    """Return what is wrong with one entry; a comma in one of tensors begins another."""
    if key == "override_kv" and "," in item:  # quoted where it is written
        item = '"' + item.replace('"', '""') + '"'
    return next(wrong_overrides(key, item, buffers), "")


RULES: tuple[Rule, ...] = (_refused,)
