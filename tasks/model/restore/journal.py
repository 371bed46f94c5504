"""The journal of a restore on the volume, and the report of a recovery from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from redis_dr.tasks.model.report import Report, first_bad
from redis_dr.tasks.model.restore.accounting import DatabaseAccount
from redis_dr.tasks.model.server.container import ContainerState

Phase = Literal[
    "staging",  # the old data is served; files are staged beside it
    "stopping",  # the old data is being stopped, nothing was moved
    "swapping",  # part of either lies in the data directory
    "placed",  # the new data lies there; the server is being started on it
    "serving",  # the server answered on the new data, and its epochs are raised
    "proven",  # the new data stays
    "kept",  # the new data stays, unproven, because clients have written to it or may have
    "undoing",  # the old data comes back, whatever happens
    "undone",  # the old data lies there again
]
BEFORE_STOP: frozenset[Phase] = frozenset({"staging"})
BEFORE_SWAP: frozenset[Phase] = frozenset({"staging", "stopping"})


class Journal(BaseModel):
    """Written once when the operation begins; only the phase moves on, in a file of its own."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    operation_id: str
    instance: str
    container: str = ""  # its name; "": written by an older release
    container_id: str = ""
    backup_id: str
    begun_at: str  # ISO 8601, UTC
    dir: str
    dump: str  # name in dir
    append_folder: str  # name in dir
    restart_policy: str
    restart_retries: int
    started_at: str = ""  # of the container, as the engine tells: another one means a restart
    was_running: bool  # the container, also when it was only restarting again and again
    answered: bool  # the server
    append_only: bool = True  # of the running server; False: a stop has to save what it holds
    keys_placed: int = -1  # in the file that is placed; -1: written by an older release
    safety_backup_id: str = ""  # of what was there before; "" when none was made
    source: str = "rdb"  # of the backup: rdb | aof
    accounts: dict[int, DatabaseAccount] = {}  # as planned; empty: written by an older release
    save: str  # the server's save points, changed for the stop
    keys: dict[int, int]  # per database, before; empty when the server did not answer

    @property
    def whose(self) -> str:
        """Of which instance and container, for people."""
        place = f" in container {self.container}" if self.container else ""
        return f"instance {self.instance}{place}"

    @property
    def makes_final_save(self) -> bool:
        """Whether the stop makes a dump.rdb that the server would not have made: see
        tasks/restore/final_save.py.
        """
        return self.answered and not self.append_only and not self.save


@dataclass(frozen=True, slots=True)
class UnfinishedRestore:
    """The journal of a restore that did not end, and how far it had come."""

    journal: Journal
    phase: Phase


def belongs_to(
    journal: Journal, instance: str, container: ContainerState, *, first_exists: bool
) -> bool:
    """Whether a journal on the volume is of this instance and this container.

    A container that was made again under its name is the same one, unless the first still exists
    (`first_exists`): then two containers share the volume.
    """
    if journal.instance != instance:
        return False
    if not journal.container_id or journal.container_id == container.id:
        return True
    return journal.container == container.name and not first_exists


def own_journals(texts: Mapping[str, str], instance: str) -> tuple[str, ...]:
    """Paths of the journals of this instance, the newest first; several may share a volume.

    One that cannot be read is among them: its reader says what is wrong with it.
    """
    begun: dict[str, str] = {}
    for path, text in texts.items():
        try:
            journal = Journal.model_validate_json(text)
        except ValidationError:
            begun[path] = ""
            continue
        if journal.instance == instance:
            begun[path] = journal.begun_at
    return tuple(sorted(begun, key=lambda path: begun[path], reverse=True))


class SetAsideLine(BaseModel):
    """Data that was replaced or taken away, and still lies on the volume."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    operation_id: str  # the restore that replaced it
    path: str = ""  # inside the container
    age_seconds: int  # since it was replaced
    bytes: int  # on the volume


class RecoverReport(Report):
    """What `redis-dr recover` answers."""

    outcome: str  # nothing to do | nothing was changed | rolled back | finished | kept
    phase: str | None = None  # how far the dead operation had come
    backup_id: str | None = None  # what it was restoring
    proof: str = ""  # name of the proof beside the backup; "" when none was written
    served: str = ""  # what a look at the end saw, and why where it is unknown
    set_aside: tuple[SetAsideLine, ...] = ()  # replaced data that is kept on the volume

    @property
    def headline(self) -> str:
        """What is wrong now comes first: a container that is down matters more than the past."""
        died = f": a restore of {self.backup_id} died while {self.phase}" if self.phase else ""
        bad = "" if self.ok else f"NOT well, {first_bad(self.findings, 'no check ran')}; "
        served = f"; served now: {self.served}" if self.served else ""
        return f"{bad}{self.outcome}{died}{served}"
