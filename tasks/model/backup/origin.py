"""Where a backup was made: which container, on which engine, by which host. Pure.

Two hosts may be configured with one instance name and one store. Then only the origin tells their
backups apart.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

UNKNOWN: Final = "unknown"  # the origin's ID of a backup whose manifest has none
_LINEAGE = 5  # run ids in one manifest
_LONGEST = 255  # letters of a name

# a store is read that others can write to: names go to terminals and pages
Name = Annotated[str, StringConstraints(pattern=r"^[!-~]*$", max_length=_LONGEST)]


def plain_name(text: str) -> str:
    """A name as a manifest may hold it: printable ASCII without blanks."""
    return "".join(letter if "!" <= letter <= "~" else "?" for letter in text)[:_LONGEST]


class Origin(BaseModel):
    """The container that was backed up.

    The same container name on the same engine is the same origin: a container that was recreated
    there continues the history.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    host: Name = ""  # name of the host that made the backup
    engine_id: Name = ""  # of the Docker engine; empty: the engine has no lasting one
    engine_name: Name = ""  # name of the engine's host
    container: Name = ""  # name of the container
    container_id: Name = ""  # of the container at the time
    run_ids: tuple[Name, ...] = Field(
        (),
        max_length=4 * _LINEAGE,
        description="Of the server, then of the backups before it, newest first.",
    )

    @property
    def id(self) -> str:
        """What `--origin` names: short, and the same for every backup of this origin."""
        text = f"{self.engine_id}\n{self.engine_name}\n{self.container}"
        return sha256(text.encode()).hexdigest()[:12]

    def __str__(self) -> str:
        return f"{self.id} ({self.container} on {self.engine_name or 'an unnamed engine'})"


def origin_id(origin: Origin | None) -> str:
    """The ID, also of an origin that is not known."""
    return origin.id if origin else UNKNOWN


def origin_text(origin: Origin | None) -> str:
    """The origin for people."""
    return str(origin) if origin else "unknown (its manifest is older than this record)"


def lineage(run_id: str, before: Sequence[str]) -> tuple[str, ...]:
    """The run ids of a new backup: the server's own, then those before it, each once."""
    return tuple(dict.fromkeys(one for one in (run_id, *before) if one))[:_LINEAGE]


def returns(names: Iterable[str]) -> str:
    """The first name that comes back after another one, in order of time; "" when none does."""
    ended: set[str] = set()
    last = ""
    for name in names:
        if name != last:
            if name in ended:
                return name
            ended.add(last)
            last = name
    return ""
