"""The damages of negative controls: each kind, where it is done, and what the restore must say."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind. `shows`: texts of which the cause must hold one, or it was not this damage."""

    kind: str
    place: Literal["store", "manifest", "volume", "server"]
    shows: tuple[str, ...]
    needs_keys: bool = False  # nothing can be missed of an empty data set
    needs_checksum: bool = False  # without one a flipped byte may land where it changes nothing


DAMAGES: tuple[Damage, ...] = (
    Damage("a flipped bit in the stored dump", "store", ("is not what was written", "decompress")),
    Damage("a start that reads no data", "volume", ("it started empty",), needs_keys=True),
    Damage("a value changed in the server", "server", ("differing: DB",), needs_keys=True),
    Damage("a wrong digest in the manifest", "manifest", ("is what the manifest says",)),
    Damage("the stored dump cut short", "store", ("is not what was written", "decompress")),
    Damage(
        "a flipped byte on the volume",
        "volume",
        ("did not come up on these files",),
        needs_checksum=True,
    ),
    Damage("a key lost in the server", "server", ("missing: DB",), needs_keys=True),
    Damage(
        # of an empty data set the other dump would be the same, byte for byte
        "the dump of another moment under its name",
        "store",
        ("is not what was written",),
        needs_keys=True,
    ),
    Damage("a database left out, hashes made to fit", "manifest", ("is what the manifest says",)),
    Damage("an expiry moved in the server", "server", ("differing: DB",), needs_keys=True),
    Damage("a stored dump that is not there", "store", ("is missing from the store",)),
    Damage("a function lost in the file", "manifest", ("functions are what the manifest says",)),
)


def choose_damage(turn: int, *, has_keys: bool, has_checksum: bool) -> Damage:
    """The damage of this turn: another one each time. `has_keys`: keys that do not expire."""
    possible = [
        one
        for one in DAMAGES
        if (has_keys or not one.needs_keys) and (has_checksum or not one.needs_checksum)
    ]
    return possible[turn % len(possible)]
