"""redis-dr.toml as a whole: its shape. tasks/configuration.py reads the file."""

from typing import Any, Self

from pydantic import Field, model_validator

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.instance import Instance, Shared
from redis_dr.tasks.model.settings.limits import FleetSettings
from redis_dr.tasks.model.settings.schedule import ScheduleSettings

_NOT_PER_INSTANCE = {"instances", "fleet", "schedule"}


class Settings(Shared):
    """redis-dr.toml: the shared sections, and the instances with their overrides still apart."""

    instances: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="One table for each instance, by its name."
    )
    fleet: FleetSettings = Field(
        FleetSettings(), description="Limits of commands that work on several instances."
    )
    schedule: ScheduleSettings = Field(
        ScheduleSettings(), description="When `redis-dr serve` starts which flow."
    )

    @model_validator(mode="after")
    def _every_instance_is_whole(self) -> Self:
        for name in self.instances:
            self._merge(name)
        return self

    def instance(self, name: str | None = None) -> Instance:
        """The named instance, or the only one. Raises UsageError."""
        if name is None and len(self.instances) == 1:
            name = next(iter(self.instances))
        if name is None:
            raise UsageError(
                f"{len(self.instances)} instances are configured and none was named",
                "add --instance NAME, one of: " + (", ".join(sorted(self.instances)) or "(none)"),
            )
        if name not in self.instances:
            raise UsageError(
                f"no instance {name!r} is configured",
                "configured are: " + (", ".join(sorted(self.instances)) or "(none)"),
            )
        return self._merge(name)

    def _merge(self, name: str) -> Instance:
        shared = self.model_dump(exclude=_NOT_PER_INSTANCE, exclude_unset=True)
        return Instance.model_validate({**overlay(shared, self.instances[name]), "name": name})


def overlay(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Tables merge key by key, everything else is replaced. Keys compare as text (TOML's are)."""
    merged = {str(key): value for key, value in base.items()}
    for key, value in over.items():
        below = merged.get(str(key))
        if isinstance(below, dict) and isinstance(value, dict):
            merged[str(key)] = overlay(below, value)
        else:
            merged[str(key)] = value
    return merged
