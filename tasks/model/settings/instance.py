"""`[instances.NAME]`: one instance, with the sections that it shares or overrides."""

from typing import Literal

from pydantic import AliasChoices, Field, SecretStr

from redis_dr.tasks.model.settings.cache import EpochSettings, FlushSettings, InvalidateSettings
from redis_dr.tasks.model.settings.drill import DrillSettings
from redis_dr.tasks.model.settings.keys import DatabaseSettings, KeyRule
from redis_dr.tasks.model.settings.limits import ResilienceSettings
from redis_dr.tasks.model.settings.notify import NotifySettings
from redis_dr.tasks.model.settings.observe import CheckSettings, HealthSettings
from redis_dr.tasks.model.settings.restore import RestoreSettings
from redis_dr.tasks.model.settings.retention import DriftSettings, RetentionSettings
from redis_dr.tasks.model.settings.section import Section
from redis_dr.tasks.model.settings.store import StoreSettings
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
    """The sections that hold for all instances.

    `[instances.NAME.SECTION]` overrides single keys for one instance.
    """

    store: StoreSettings = Field(StoreSettings(), description="Where backups are kept.")
    retention: RetentionSettings = Field(
        RetentionSettings(), description="Which backups prune keeps."
    )
    drift: DriftSettings = Field(
        DriftSettings(), description="When a loss of keys between backups is reported."
    )
    databases: dict[int, DatabaseSettings] = Field(
        default_factory=dict, description="One table for each logical database, by its number."
    )
    keys: tuple[KeyRule, ...] = Field(
        (), description="One table for each family of keys; the first match holds for a key."
    )
    warm: WarmSettings = Field(WarmSettings(), description="How a cache is filled after a restore.")
    epochs: EpochSettings = Field(
        EpochSettings(), description="Counters that make cache entries stale."
    )
    invalidate: InvalidateSettings = Field(
        InvalidateSettings(), description="Keys that depend on a document or a chunk."
    )
    flush: FlushSettings = Field(FlushSettings(), description="Conditions and pace of a flush.")
    health: HealthSettings = Field(HealthSettings(), description="Thresholds of `redis-dr health`.")
    resilience: ResilienceSettings = Field(
        ResilienceSettings(), description="Retries, timeouts and the circuit breaker."
    )
    restore: RestoreSettings = Field(
        RestoreSettings(), description="Limits and defaults of a restore."
    )
    notify: NotifySettings = Field(NotifySettings(), description="Who hears about finished runs.")
    drill: DrillSettings = Field(DrillSettings(), description="How a backup is proven.")
    check: CheckSettings = Field(CheckSettings(), description="Thresholds of `redis-dr check`.")
    server: dict[str, str] = Field(
        default_factory=dict,
        description="CONFIG values that the server should have. `redis-dr config`, `check` and "
        "`health` report differences. Without this section nothing is compared, and `config "
        "render` takes the runbook's values.",
    )


class Instance(Shared):
    """One Redis server in a Docker container, under a name that never changes."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Identity of the instance and its prefix in the store, taken from the table's "
        "name. Host and container may change, the name must not.",
    )
    container: str = Field(description="Name or id of the Docker container.")
    url: str = Field(
        "redis://127.0.0.1:6379",
        description="URL by which this program reaches the server: `redis://HOST:PORT`, "
        "`rediss://HOST:PORT` for TLS, `unix:///PATH` for a socket.",
    )
    username: str | None = Field(
        None, description="ACL user. Unset: the user in `url`, else the default user."
    )
    password: SecretStr | None = Field(
        None,
        description="Password of the user. Better in REDIS_PASSWORD or in `password_file` than "
        "in this file.",
    )
    password_file: str | None = Field(
        None, description="File that holds the password, such as a Docker secret."
    )
    ca_bundle: str | None = Field(
        None,
        description="PEM file with the CA of the server's certificate, for `rediss://`. Unset: the "
        "CAs that this machine trusts.",
    )
    tls_cert_file: str | None = Field(
        None,
        description="PEM file with the client certificate. A Redis with TLS demands one, unless "
        "its `tls-auth-clients` says otherwise.",
    )
    tls_key_file: str | None = Field(
        None, description="PEM file with the private key of the client certificate."
    )
    tls_key_password_file: str | None = Field(
        None, description="File that holds the password of the private key, if it has one."
    )
    tls_check_hostname: bool = Field(
        default=True,
        description="Whether the server's certificate must name the host of `url`. The "
        "certificate itself is always checked.",
    )
    tls_server_name: str | None = Field(
        None,
        description="Host name in the server's certificate, where it is not the host of `url` "
        "(a tunnel, an address). It is sent to the server, too.",
    )
    tls_min_version: Literal["1.2", "1.3"] | None = Field(
        None, description="Lowest TLS version that is accepted. Unset: Python's default."
    )
    tls_ciphers: str | None = Field(
        None, description="Ciphers for TLS 1.2, as OpenSSL lists them. Unset: Python's default."
    )
    client_name: str = Field(
        "redis-dr",
        pattern=r"^[!-~]+$",
        description="Name of the connections, as `CLIENT LIST` shows it. No blanks.",
    )
    data_dir: str | None = Field(
        None,
        description="Data directory inside the container. Needed only for a server that does not "
        "start and so cannot report it.",
    )
    helper_image: str | None = Field(
        None,
        validation_alias=AliasChoices("helper_image", "hands_image"),  # its name until 0.1
        description="Image of the helper container. Unset: the instance's own image; set it when "
        "that image has no shell.",
    )

    def database(self, number: int) -> DatabaseSettings:
        """The settings of one database; without a table its defaults hold."""
        return self.databases.get(number, DatabaseSettings())
