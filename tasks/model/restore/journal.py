"""The journal of a restore on the volume, and the report of a recovery from it."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.report import Report

Phase = Literal["staging", "stopping", "swapping", "placed", "proven", "undoing", "undone"]
BEFORE_STOP: frozenset[Phase] = frozenset({"staging"})


class Journal(BaseModel):
    """Written once when the operation begins; only the phase moves on, in a file of its own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    operation_id: str
    instance: str
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
    save: str  # the server's save points, changed for the stop
    keys: dict[int, int]  # per database, before; empty when the server did not answer


@dataclass(frozen=True, slots=True)
class UnfinishedRestore:
    """The journal of a restore that did not end, and how far it had come."""

    journal: Journal
    phase: Phase


def will_finish(phase: Phase) -> bool:
    """Whether the new data was already proven: then it stays, else the old comes back."""
    return phase == "proven"


class SetAsideLine(BaseModel):
    """Replaced data that still lies on the volume."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation_id: str
    age_seconds: int
    bytes: int


class RecoverReport(Report):
    """What `redis-dr recover` answers."""

    outcome: str  # nothing to do | cleared | undone | finished
    phase: str | None = None  # how far the dead operation had come
    backup_id: str | None = None  # what it was restoring
    set_aside: tuple[SetAsideLine, ...] = ()
