"""The report of a restore, and of the plan that a dry run prints."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.restore.accounting import DatabaseAccount
from redis_dr.tasks.model.restore.prediction import Prediction


class RuleLine(BaseModel):
    """What one rule does to this backup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    db: int
    pattern: str  # "" for the database as a whole
    action: str
    keys: int
    bytes: int


class PlanReport(Report):
    """What a restore would do; nothing was changed."""

    backup_id: str
    backup_age_seconds: float
    proven_at: str | None = None
    there_now: dict[int, int]  # keys per database on the server; empty when it does not answer
    will_come: dict[int, int]  # keys per database in the file that would be placed
    rules: tuple[RuleLine, ...]
    predicted_downtime_seconds: float
    prediction_doubt: str = ""  # why it may be far off

    @property
    def prediction(self) -> Prediction:
        """As a person reads it."""
        return Prediction(self.predicted_downtime_seconds, self.prediction_doubt)


class RestoreReport(Report):
    """What `redis-dr restore` answers; see CONTRACT.md."""

    backup_id: str
    source: str  # rdb | aof
    downtime_seconds: float
    predicted_downtime_seconds: float
    prediction_doubt: str = ""  # why it may be far off
    databases: dict[int, DatabaseAccount]
    rules: tuple[RuleLine, ...] = ()
    sampled: bool = False  # content compared for a sample of the keys only
    rolled_back: bool = False
    failure: str = ""  # what made it roll back
    safety_backup_id: str | None = None
    set_aside: str = ""  # where the replaced data lies
    warm: dict[str, Any] | None = None
    timings: dict[str, float]
