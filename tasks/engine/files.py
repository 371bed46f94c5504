"""Owner and mode of a file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a file belongs to, as numbers: names differ between images."""

    uid: int
    gid: int
    mode: int = 0o600

    @property
    def text(self) -> str:
        """`uid:gid`, as chown and the engine take it."""
        return f"{self.uid}:{self.gid}"
