"""The clocks of worker, server and store, compared when a backup is stored. Pure.

The server dates a backup and the worker names it; the store's clock is the only one that all hosts
share. A store that has no clock of its own (a local directory) uses the worker's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.units import duration

_MOST = 100 * 366 * 86400.0  # seconds; more is no clock


class Clocks(BaseModel):
    """How far the clocks were ahead of the store's, in seconds; negative: behind it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    server_ahead: float = Field(
        0.0, ge=-_MOST, le=_MOST, allow_inf_nan=False, description="The Redis server's clock."
    )
    worker_ahead: float = Field(
        0.0,
        ge=-_MOST,
        le=_MOST,
        allow_inf_nan=False,
        description="The clock of the host that made the backup.",
    )

    def by_the_store(self, server_time: datetime) -> datetime:
        """A moment of the server's clock, by the store's clock."""
        try:
            return server_time - timedelta(seconds=self.server_ahead)
        except OverflowError:
            return server_time


@dataclass(frozen=True, slots=True)
class ClockReading:
    """One clock, read between two looks at the clock of this machine."""

    before: datetime
    theirs: datetime
    after: datetime

    @property
    def ahead(self) -> timedelta:
        """How far their clock is surely ahead of ours; negative: behind."""
        if self.theirs > self.after:
            return self.theirs - self.after
        return min(self.theirs - self.before, timedelta(0))


def compare_clocks(server: ClockReading, store_ahead: timedelta | None) -> Clocks:
    """The clocks against the store's. `store_ahead`: of this machine's; None: it has no own one."""
    store = (store_ahead or timedelta(0)).total_seconds()
    return Clocks(
        server_ahead=_bounded(server.ahead.total_seconds() - store), worker_ahead=_bounded(-store)
    )


def judge_clocks(clocks: Clocks, limit: float) -> tuple[Finding, ...]:
    """One finding for each clock. `limit`: seconds that two clocks may differ."""
    ahead = {"the server": clocks.server_ahead, "this machine": clocks.worker_ahead}
    return tuple(
        Finding(
            check=f"clock of {whose} against the store's",
            ok=abs(seconds) <= limit,
            expected=f"within {limit:g} s",
            actual=_in_words(seconds),
            detail="set the clocks by NTP: backups are dated and removed by them"
            if abs(seconds) > limit
            else "",
        )
        for whose, seconds in ahead.items()
    )


def _in_words(seconds: float) -> str:
    if not seconds:
        return "the same"
    return f"{duration(abs(seconds))} {'ahead' if seconds > 0 else 'behind'}"


def _bounded(seconds: float) -> float:
    return round(max(-_MOST, min(_MOST, seconds)), 1)
