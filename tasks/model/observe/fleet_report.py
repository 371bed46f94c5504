"""The report of one operation on many instances: one scorecard, one line each."""

from pydantic import BaseModel, ConfigDict

from redis_dr.tasks.model.report import Report


class FleetLine(BaseModel):
    """What became of one instance. A failure of one says nothing about the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    instance: str
    ok: bool
    kind: str  # ok | bad verdict | the error's kind: Refused, Unreachable, ...
    line: str  # one line for people
    exit_code: int  # as the command line would have ended with this instance alone
    seconds: float


class FleetReport(Report):
    """What `redis-dr backup --all` and the fleet's flows answer."""

    at_once: int  # instances worked on at the same time
    lines: tuple[FleetLine, ...]

    @property
    def failed(self) -> tuple[FleetLine, ...]:
        """The instances that a person has to look at."""
        return tuple(one for one in self.lines if not one.ok)
