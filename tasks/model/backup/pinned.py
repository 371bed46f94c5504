"""Files of the instance under private names, so that no save, rewrite or rename can touch them."""

from dataclasses import dataclass
from typing import Literal

Role = Literal["rdb", "aof-manifest", "aof-base", "aof-incr"]


@dataclass(frozen=True, slots=True)
class LinkedFile:
    """One hard link under `.redis-dr/ID/pin/`; an increment grows on, so it is cut at `size`."""

    name: str  # in the backup: "dump.rdb", "appendonly/appendonly.aof.1.incr.aof"
    role: Role
    path: str  # inside the hands
    size: int  # bytes, at the moment of the pin


@dataclass(frozen=True, slots=True)
class LinkedAof:
    """The files of one append directory, all of one moment."""

    files: tuple[LinkedFile, ...] = ()  # in the order of the manifest
    manifest: str = ""  # its text, without history
    missing: str = ""  # why there are none although AOF is on
