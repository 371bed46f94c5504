"""How long clients will have to wait, said before anything stops."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """Seconds from the stop to the first answer."""

    seconds: float
    doubt: str = ""  # why it may be far off; nothing where the very load was measured

    def __str__(self) -> str:
        return f"{self.seconds} s" + (f" ({self.doubt})" if self.doubt else "")
