"""What becomes of a restore that did not come to its end: one decision for every phase."""

from dataclasses import dataclass
from typing import Literal

from redis_dr.tasks.model.restore.journal import BEFORE_STOP, Phase

Undo = Literal["nothing", "finish", "keep", "roll back"]

# a server that is started now may load the new data, and clients may write to it
MAY_SERVE_NEW: frozenset[Phase] = frozenset({"swapping", "placed", "serving", "undoing"})
# in the others the files have to be looked at: the operation may have died between two renames
WHOLE_BY_PHASE: frozenset[Phase] = frozenset({"placed", "serving"})


@dataclass(frozen=True, slots=True)
class Situation:
    """What was seen of it. How the server came up (by itself, by hand, in a container that was
    made again) is not among it: a write counts the same.
    """

    phase: Phase
    failed: bool = False  # its own process asks: its verdict is bad, or a person stopped it
    whole: bool = False  # all of the new data lies in the data directory
    written: bool = False  # clients wrote to the new data, or it is not known that they did not


def what_to_undo(seen: Situation) -> Undo:
    """New data that clients wrote to stays, and is proven or reported as unproven.

    What a roll-back takes away is kept in a folder of its own unless it is byte for byte what was
    placed (tasks/restore/swap.py). So writes to part of the data are in a file that is named, too.
    """
    if seen.phase in BEFORE_STOP:
        return "nothing"
    if seen.phase in {"proven", "kept"}:
        return "finish"
    if seen.phase in MAY_SERVE_NEW and seen.written and seen.whole and not seen.failed:
        return "keep"
    return "roll back"
