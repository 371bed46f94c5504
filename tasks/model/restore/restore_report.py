"""What a person chose for a restore, what was planned, and what was done."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from redis_dr.tasks.model.report import Report
from redis_dr.tasks.model.restore.accounting import DatabaseAccount
from redis_dr.tasks.model.restore.lost import Lost


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """The command line's and the form's choices; everything else is configuration."""

    backup: str = "latest"  # ID | latest | latest-proven
    stands_for: str = ""  # the word that a person chose, where `backup` is the ID that it meant
    confirm: str = ""  # the instance's name, typed in
    origin: str = ""  # ID of the origin that may be restored here, where it is another
    source: Literal["rdb", "aof"] = "rdb"
    dry_run: bool = False
    safety_backup: bool = True
    trial: bool = True
    ttl: Literal["absolute", "rebase"] | None = None  # None: as configured
    warm: bool = True


@dataclass(frozen=True, slots=True)
class Prediction:
    """Seconds from the stop to the first answer."""

    seconds: float
    doubt: str = ""  # why it may be far off; nothing where the very load was measured

    def __str__(self) -> str:
        return f"{self.seconds} s" + (f" ({self.doubt})" if self.doubt else "")


class RuleLine(BaseModel):
    """What one rule does to this backup."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    db: int  # number of the database
    pattern: str  # "" for the database as a whole
    action: str  # restore, drop, keep or requeue
    keys: int  # of the backup that match
    bytes: int  # of their records


class PlanReport(Report):
    """What a restore would do; nothing was changed."""

    lost: Lost = Field(
        default_factory=dict,
        description="By database and pattern: keys of the backup that would not come back.",
    )
    in_backup: dict[int, int] = Field(
        default_factory=dict, description="Keys of the backup, per database."
    )
    not_in_backup: dict[int, int] = Field(
        default_factory=dict,
        description="Per database: how many keys the server holds more than the backup. At least "
        "so many are not in the backup. Databases that keep live keys are left out.",
    )
    answers: bool = True  # the server answered when the plan was made
    backup_id: str  # the backup that would be restored
    skipped: dict[str, str] = Field(default_factory=dict)  # newer backup -> why it is not taken
    backup_age_seconds: float  # since its data was saved
    proven_at: str | None = None  # by a drill or a restore; null: not proven
    proof: str = "unproven"  # proven | disproven | unproven
    proof_reason: str = "it was never drilled"  # the fact that decided
    there_now: dict[int, int]  # keys per database on the server; empty when it does not answer
    will_come: dict[int, int]  # keys per database in the file that would be placed
    rules: tuple[RuleLine, ...]  # rules that meet keys of the backup
    predicted_downtime_seconds: float  # from the stop to the first answer
    prediction_doubt: str = ""  # why it may be far off

    @property
    def prediction(self) -> Prediction:
        """As a person reads it."""
        return Prediction(self.predicted_downtime_seconds, self.prediction_doubt)


class LateReport(Report):
    """What a recovery found of a restore whose process had died: its proof states this."""

    backup_id: str  # the backup that was restored
    source: str  # rdb | aof
    databases: dict[int, DatabaseAccount]  # accounting of the keys, per database
    sampled: bool = False  # content compared for a sample of the keys only
    rolled_back: bool = False  # never: what was taken away is not proven
    phase: str = ""  # how far the dead restore had come


class RestoreReport(Report):
    """What `redis-dr restore` answers; see CONTRACT.md."""

    lost: Lost = Field(
        default_factory=dict,
        description="By database and pattern: keys of the backup that did not come back.",
    )
    backup_id: str  # the backup that was restored
    skipped: dict[str, str] = Field(default_factory=dict)  # newer backup -> why it was not taken
    source: str  # rdb | aof
    downtime_seconds: float  # from the stop to the first answer of the new data
    predicted_downtime_seconds: float  # as the plan or the trial boot said
    prediction_doubt: str = ""  # why it may be far off
    databases: dict[int, DatabaseAccount]  # accounting of the keys, per database
    rules: tuple[RuleLine, ...] = ()  # rules that met keys of the backup
    sampled: bool = False  # content compared for a sample of the keys only
    rolled_back: bool = False  # the new data was taken away again
    failure: str = ""  # what made it roll back
    served: str = ""  # what a look at the end saw: the new data, the old data, or unknown, and why
    safety_backup_id: str | None = None  # the backup of what was replaced; null: none was made
    set_aside: str = ""  # where the replaced data lies
    proof: str = ""  # name of the proof beside the backup; "" when none was written
    warm: dict[str, Any] | None = None  # report of the warm-up; null: there was none
    timings: dict[str, float]  # seconds per part

    @property
    def headline(self) -> str:
        """What is served now, and whether it is proven."""
        if self.rolled_back:
            return f"Served now: {self.served or 'unknown'}. ROLLED BACK: {self.failure}"
        if self.failure:  # it was to be rolled back, and the new data stays
            return f"Served now: {self.served or 'unknown'}. NOT rolled back: {self.failure}"
        keys = sum(database.found for database in self.databases.values())
        verdict = "proven" if self.ok else "NOT proven"
        return (
            f"{self.backup_id} is back: {keys:,} keys found, {verdict}, "
            f"down {self.downtime_seconds:.1f} s"
        )
