"""What a pass over the keys removed, or would remove."""

from pydantic import BaseModel, ConfigDict


class Removal(BaseModel):
    """One pattern's share: counts, and some keys as text that any terminal shows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pattern: str
    matched: int = 0
    removed: int = 0
    sample: tuple[str, ...] = ()


def printable(key: bytes) -> str:
    """A key for people: UTF-8, bytes that are not as \\x.., control characters too."""
    text = key.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
