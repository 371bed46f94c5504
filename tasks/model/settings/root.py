"""redis-dr.toml as a whole. tasks/configuration.py reads it; here is only its shape."""

from typing import Any, Self

from pydantic import Field, model_validator

from redis_dr.tasks.model.errors import UsageError
from redis_dr.tasks.model.settings.instance import Instance, Shared
from redis_dr.tasks.model.settings.schedule import ScheduleSettings
from redis_dr.tasks.model.settings.sections import FleetSettings

_OF_ALL = {"instances", "fleet", "schedule"}  # what no single instance has


class Settings(Shared):
    """The file: shared sections, and the instances with their overrides still apart."""

    instances: dict[str, dict[str, Any]] = Field(default_factory=dict)
    fleet: FleetSettings = FleetSettings()
    schedule: ScheduleSettings = ScheduleSettings()

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
        shared = self.model_dump(exclude=_OF_ALL, exclude_unset=True)
        return Instance.model_validate({**overlay(shared, self.instances[name]), "name": name})


def overlay(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Tables merge key by key, everything else is replaced. Keys compare as text (TOML's are)."""
    merged = {str(key): value for key, value in base.items()}
    for key, value in over.items():
        below = merged.get(str(key))
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[str(key)] = overlay(below, value) if both else value  # type: ignore[arg-type] # both are dicts
    return merged
