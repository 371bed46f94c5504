"""Sizes, durations and counts as short texts for people; reports keep the exact numbers."""

from humanize import intcomma, naturalsize, precisedelta

_DAY = 86_400  # seconds


def size(count: float) -> str:
    """Bytes, in decimal units as stores and disks are sold: 1.2 MB."""
    return naturalsize(count)


def duration(seconds: float) -> str:
    """1.4 s; from two minutes on 5 minutes, 3 hours and 20 minutes, 2 days and 4 hours."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    unit = "minutes" if seconds < 2 * _DAY else "hours"
    return precisedelta(seconds, minimum_unit=unit, format="%.0f")


def quantity(value: float, unit: str) -> str:
    """A value with its unit: B (bytes) and s (seconds) by the rules above, else 48,200 keys."""
    if unit == "B":
        return size(value)
    if unit == "s":
        return duration(value)
    return f"{intcomma(value, 0)} {unit}".strip()
