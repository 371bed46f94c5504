"""How an operation talks to a person while it runs: one line at a time, to whoever listens."""

from collections.abc import Callable

Say = Callable[[str], None]


def quiet(_line: str) -> None:
    """Nobody listens."""
