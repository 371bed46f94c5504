"""The deployments, said once for serve.py; prefect.yaml says the same for work pools (tested)."""

from dataclasses import dataclass, field
from typing import Any

from redis_dr.tasks.model.settings.schedule import ScheduleSettings

POOL = "redis-dr"
TAG = "redis-dr"


@dataclass(frozen=True, slots=True)
class Deployed:
    """One deployment of one flow."""

    name: str
    flow: str  # module and function: flows.FLOW:FLOW
    about: str
    habit: str = ""  # the [schedule] key that says when; "": a person starts it
    parameters: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    @property
    def entrypoint(self) -> str:
        """As Prefect imports it; found when the package is installed."""
        return f"redis_dr.flows.{self.flow}:{self.flow}"

    @property
    def all_tags(self) -> list[str]:
        """For filters in the UI."""
        return [TAG, *self.tags]

    @property
    def description(self) -> str:
        """What it does, and where the runbook tells more."""
        return f"{self.about}\n\nRunbook: docs/prefect.md, section *{self.flow}*."

    def cron(self, schedule: ScheduleSettings) -> str:
        """Its cron line; empty for one that a person starts."""
        return str(getattr(schedule, self.habit)) if self.habit else ""


DEPLOYED = (
    Deployed(
        "nightly",
        "nightly",
        "Back up every instance, prove the new backup, then let the retention remove old ones.",
        "nightly",
        tags=("scheduled",),
    ),
    Deployed("hourly", "backup", "Back up every instance.", "hourly", tags=("scheduled",)),
    Deployed(
        "weekly-latest",
        "drill",
        "Restore the newest backup into a throwaway container and prove it.",
        "drill",
        {"which": "latest"},
        ("scheduled",),
    ),
    Deployed(
        "weekly-random",
        "drill",
        "The same with a random older backup: damage does not only come to new ones.",
        "drill",
        {"which": "random"},
        ("scheduled",),
    ),
    Deployed(
        "daily-seventh",
        "verify",
        "Read back and check a seventh of all backups: everything once a week.",
        "verify",
        {"which": "seventh"},
        ("scheduled",),
    ),
    Deployed(
        "every-10-minutes", "check", "One verdict on the estate.", "check", tags=("scheduled",)
    ),
    Deployed(
        "every-5-minutes",
        "janitor",
        "Recover what a killed run left on an instance and in the run list.",
        "janitor",
        tags=("scheduled",),
    ),
    Deployed(
        "button",
        "restore",
        "Bring an instance back. Shows the plan first and asks for the instance's name.",
        tags=("by hand",),
    ),
    Deployed(
        "button",
        "recover",
        "Finish or undo what a dead operation left; harmless when there is nothing.",
        tags=("by hand",),
    ),
    Deployed("button", "backup", "Back up now.", tags=("by hand",)),
    Deployed("button", "drill", "Prove a backup now.", tags=("by hand",)),
    Deployed(
        "button",
        "prune",
        "Show what the retention would remove; with apply, remove it.",
        tags=("by hand",),
    ),
    Deployed("button", "warm", "Ask the common queries of an instance.", tags=("by hand",)),
)
