"""Bytes in words."""


def size(count: int) -> str:
    """Return bytes in binary units with three digits, such as ``7.50 GiB`` or ``512 MiB``."""
    value, unit = float(count), "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        if value < 1000:
            break
        value, unit = value / 1024, larger
    if unit == "bytes":
        return f"{count} bytes"
    places = 0 if value >= 99.5 else 1 if value >= 9.95 else 2
    return f"{value:.{places}f} {unit}"
