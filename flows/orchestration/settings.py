"""The configuration of the machine that runs a flow; no flow takes it as a parameter."""

from typing import TYPE_CHECKING, Any, Literal

from redis_dr.tasks.configuration import configuration_path, load_settings
from redis_dr.tasks.model.errors import RedisDrError, UsageError
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.root import Settings


def worker_settings() -> Settings:
    """Read REDIS_DR_CONFIG, else redis-dr.toml in the working directory. Raises UsageError."""
    return load_settings(configuration_path(None))


def selected(settings: Settings, name: str | None) -> tuple[Instance, ...]:
    """The named instance, or all that are configured. Raises UsageError."""
    if name:
        return (settings.instance(name),)
    if not settings.instances:
        raise UsageError("no instance is configured", "add one under [instances.NAME]")
    return tuple(settings.instance(name) for name in sorted(settings.instances))


def instance_choice() -> Any:
    """The type of the form's field: the configured names to choose from, else free text.

    Prefect builds the form from the type, so it must be known when the flow is imported.
    """
    try:
        names = tuple(sorted(worker_settings().instances))
    except RedisDrError:
        return str  # a machine that only deploys has no configuration
    return Literal[names] if names else str


if TYPE_CHECKING:
    InstanceName = str
else:
    InstanceName = instance_choice()
