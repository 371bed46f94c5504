"""What a person chose for one restore."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """The command line's and the form's choices; everything else is configuration."""

    backup: str = "latest"  # ID | latest
    confirm: str = ""  # the instance's name, typed in
    source: Literal["rdb", "aof"] = "rdb"
    dry_run: bool = False
    safety_backup: bool = True
    trial: bool = True
    ttl: Literal["absolute", "rebase"] | None = None  # None: as configured
    warm: bool = True
