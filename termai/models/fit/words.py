"""Bytes and tokens as the advice says them."""

_GIB = 1 << 30
_MIB = 1 << 20


def size(count: float) -> str:
    """Return bytes in GiB with one decimal, in MiB below half of one: ``2.1 GiB``, ``310 MiB``."""
    if count >= _GIB / 2:
        return f"{count / _GIB:.1f} GiB"
    return f"{count / _MIB:.0f} MiB"


def tokens(count: int) -> str:
    """Return tokens as people say them: ``32k`` for 32768, ``8.75k`` for 8960, else the number."""
    return f"{count / 1024:.10g}k" if count >= 1024 and count % 256 == 0 else str(count)


def layers(count: int) -> str:
    """Return ``1 layer`` or ``12 layers``."""
    return f"{count} layer{'s' * (count != 1)}"
