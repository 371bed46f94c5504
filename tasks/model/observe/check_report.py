"""The reports of `check` and of a run over many instances."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny

from redis_dr.tasks.model.report import Finding, Report

# the service is down, an operation hangs in the middle, no way back: then all other checks
_WORST = (
    "the server answers",
    "nothing was left half done",
    "a restore may begin",
    "the store answers",
)


class CheckReport(Report):
    """What `redis-dr check` answers; every finding counts."""

    store: str  # URL of the store
    backups: int = 0  # how many are in the store
    newest_backup_id: str | None = None  # null: there is no backup
    newest_backup_at: datetime | None = None  # UTC
    newest_proven_id: str | None = None  # null: no backup is proven
    newest_proven_at: datetime | None = None  # UTC, when that backup was made
    size: int | None = None  # bytes of the newest backup's dump
    stored_size: int | None = None  # bytes of the newest backup in the store
    keys: dict[int, int] = Field(default_factory=dict)  # keys of the newest backup, per database
    rto_seconds: float | None = None  # of the last drill
    rpo_seconds: float | None = None  # of the last drill
    set_aside_bytes: int = 0  # replaced data on the volume
    swept: tuple[str, ...] = ()  # what dead drills had left

    @property
    def worst_first(self) -> tuple[Finding, ...]:
        """Bad before good, and what stops the service before what is missing for a later day."""
        return tuple(sorted(self.findings, key=_weight))

    @property
    def headline(self) -> str:
        """The verdict, and the worst failed check."""
        bad = [finding for finding in self.worst_first if not finding.ok]
        if not bad:
            return f"well; newest proven backup {self.newest_proven_id or 'none'}"
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        return f"NOT WELL: {bad[0].check}: {bad[0].detail or bad[0].actual}{more}"


def _weight(finding: Finding) -> tuple[bool, int]:
    order = _WORST.index(finding.check) if finding.check in _WORST else len(_WORST)
    return finding.ok, order


class FleetLine(BaseModel):
    """What became of one instance. A failure of one says nothing about the others."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    instance: str  # its name
    ok: bool  # the verdict is good
    kind: str  # ok | bad verdict | the error's kind: Refused, Unreachable, ...
    line: str  # one line for people
    exit_code: int  # as the command line would have ended with this instance alone
    seconds: float  # from start to end


class FleetReport(Report):
    """What `redis-dr backup --all` and the fleet's flows answer."""

    at_once: int  # instances worked on at the same time
    lines: tuple[FleetLine, ...]  # one line for each instance
    reports: tuple[SerializeAsAny[Report], ...] = ()  # of the instances that gave one

    @property
    def failed(self) -> tuple[FleetLine, ...]:
        """The instances that a person has to look at."""
        return tuple(line for line in self.lines if not line.ok)

    @property
    def headline(self) -> str:
        """How many instances are well, and the first that is not."""
        well = len(self.lines) - len(self.failed)
        line = f"{self.command}: {well} of {len(self.lines)} instances well, {self.seconds:.0f} s"
        if not self.failed:
            return line
        first = self.failed[0]
        return f"{line}; {first.instance}: {first.line}"
