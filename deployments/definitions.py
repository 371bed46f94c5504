"""All deployments, for `serve`. prefect.yaml lists the same for work pools; a test compares."""

from dataclasses import dataclass, field
from typing import Any

from redis_dr.tasks.model.settings.schedule import ScheduleSettings

POOL = "redis-dr"
TAG = "redis-dr"


@dataclass(frozen=True, slots=True)
class DeploymentSpec:
    """One deployment of one flow."""

    name: str
    flow: str  # module and function: redis_dr.flows.FLOW:FLOW
    about: str
    schedule_key: str = ""  # the key in [schedule] with its cron line; "": a person starts it
    parameters: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    @property
    def entrypoint(self) -> str:
        """Where Prefect imports the flow from, in the installed package."""
        return f"redis_dr.flows.{self.flow}:{self.flow}"

    @property
    def all_tags(self) -> list[str]:
        """For filters in the UI."""
        return [TAG, *self.tags]

    @property
    def description(self) -> str:
        """What it does, and where it is documented."""
        return f"{self.about}\n\nRunbook: docs/prefect.md, section *{self.flow}*."

    def cron(self, schedule: ScheduleSettings) -> str:
        """Its cron line; empty when only a person starts it."""
        return str(getattr(schedule, self.schedule_key)) if self.schedule_key else ""


DEPLOYMENTS = (
    DeploymentSpec(
        "nightly",
        "nightly",
        "Back up every instance, prove the new backup, then let the retention remove old ones.",
        "nightly",
        tags=("scheduled",),
    ),
    DeploymentSpec("hourly", "backup", "Back up every instance.", "hourly", tags=("scheduled",)),
    DeploymentSpec(
        "weekly-latest",
        "drill",
        "Restore the newest backup into a throwaway container and prove it.",
        "drill",
        {"which": "latest"},
        ("scheduled",),
    ),
    DeploymentSpec(
        "weekly-random",
        "drill",
        "The same with a random older backup: older backups can be damaged as well.",
        "drill",
        {"which": "random"},
        ("scheduled",),
    ),
    DeploymentSpec(
        "daily-seventh",
        "verify",
        "Read back and check a seventh of all backups: everything once a week.",
        "verify",
        {"which": "seventh"},
        ("scheduled",),
    ),
    DeploymentSpec(
        "every-10-minutes",
        "check",
        "One verdict on instances, backups, store and schedules.",
        "check",
        tags=("scheduled",),
    ),
    DeploymentSpec(
        "every-5-minutes",
        "janitor",
        "Recover what a killed run left on an instance and in the run list.",
        "janitor",
        tags=("scheduled",),
    ),
    DeploymentSpec(
        "button",
        "restore",
        "Restore an instance. Shows the plan first and asks for the instance's name.",
        tags=("by hand",),
    ),
    DeploymentSpec(
        "button",
        "recover",
        "Finish or undo what a dead operation left; harmless when there is nothing.",
        tags=("by hand",),
    ),
    DeploymentSpec("button", "backup", "Back up now.", tags=("by hand",)),
    DeploymentSpec("button", "drill", "Prove a backup now.", tags=("by hand",)),
    DeploymentSpec(
        "button",
        "prune",
        "Show what the retention would remove; with *apply*, remove it.",
        tags=("by hand",),
    ),
    DeploymentSpec("button", "warm", "Ask the common queries of an instance.", tags=("by hand",)),
)
