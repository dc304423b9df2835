"""Inference engines: each found, and told a profile in its own words."""


def advice() -> str | None:
    """Return one sentence for a person who has only the embedded engine, else None."""
    from termai.engines import choose

    return choose.advice()
