"""The report of a recovery."""

from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.report import Report


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
