"""One instance with everything that holds for it: the sections, overridden by its own tables."""

from pydantic import AliasChoices, Field, SecretStr

from redis_dr.tasks.model.settings.databases import (
    DatabaseSettings,
    EpochSettings,
    FlushSettings,
    InvalidateSettings,
    KeyRule,
)
from redis_dr.tasks.model.settings.drill import DrillSettings
from redis_dr.tasks.model.settings.sections import (
    NotifySettings,
    ResilienceSettings,
    RestoreSettings,
    RetentionSettings,
    Section,
)
from redis_dr.tasks.model.settings.store import StoreSettings
from redis_dr.tasks.model.settings.thresholds import CheckSettings, DriftSettings, HealthSettings
from redis_dr.tasks.model.settings.warm import WarmSettings

RUNBOOK_SERVER = {
    "maxmemory": "256mb",
    "maxmemory-policy": "allkeys-lru",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "900 1 300 10 60 10000",
    "tcp-keepalive": "300",
    "timeout": "0",
    "databases": "16",
    "protected-mode": "yes",
}


class Shared(Section):
    """The sections that hold for all instances, and that one instance may override."""

    store: StoreSettings = StoreSettings()
    retention: RetentionSettings = RetentionSettings()
    drift: DriftSettings = DriftSettings()
    databases: dict[int, DatabaseSettings] = Field(default_factory=dict)
    keys: tuple[KeyRule, ...] = ()
    warm: WarmSettings = WarmSettings()
    epochs: EpochSettings = EpochSettings()
    invalidate: InvalidateSettings = InvalidateSettings()
    flush: FlushSettings = FlushSettings()
    health: HealthSettings = HealthSettings()
    resilience: ResilienceSettings = ResilienceSettings()
    restore: RestoreSettings = RestoreSettings()
    notify: NotifySettings = NotifySettings()
    drill: DrillSettings = DrillSettings()
    check: CheckSettings = CheckSettings()
    server: dict[str, str] = Field(default_factory=lambda: dict(RUNBOOK_SERVER))


class Instance(Shared):
    """One Redis. Its name is its identity in the store, never a hostname."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    container: str
    url: str = "redis://127.0.0.1:6379"
    username: str | None = None
    password: SecretStr | None = None
    password_file: str | None = None
    ca_bundle: str | None = Field(None, description="PEM file, for rediss://")
    data_dir: str | None = Field(
        None, description="where a server that does not answer keeps its data, inside the container"
    )
    helper_image: str | None = Field(
        None,
        validation_alias=AliasChoices("helper_image", "hands_image"),  # its name until 0.1
        description="image of the helper container, where the instance's own image has no shell",
    )

    def database(self, number: int) -> DatabaseSettings:
        """The settings of one database; one that is not configured is restored and guarded."""
        return self.databases.get(number, DatabaseSettings())
