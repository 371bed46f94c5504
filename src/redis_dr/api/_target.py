"""From what a caller names to the instance with its settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis_dr.tasks.model.settings.instance import Instance
    from redis_dr.tasks.model.settings.root import Settings

    Target = Instance | Settings | str | Path | None
    Config = Settings | str | Path | None  # of all instances

ALL_KEYS = 2**62  # keys to sample: more than any server holds


def settings(config: str | Path | None = None) -> Settings:
    """The whole configuration. Raises UsageError, which names the wrong key but not its value."""
    from redis_dr.tasks.configuration import configuration_path, load_settings

    return load_settings(configuration_path(None if config is None else str(config)))


def instance(config: str | Path | None = None, name: str | None = None) -> Instance:
    """The named instance of a configuration; without a name, its only one. Raises UsageError."""
    return settings(config).instance(name)


def chosen_instance(target: Target) -> Instance:
    """The instance that a `target` names. Raises UsageError."""
    if target is None or isinstance(target, str | Path):
        return instance(target)
    from redis_dr.tasks.model.settings.root import Settings

    return target.instance() if isinstance(target, Settings) else target
