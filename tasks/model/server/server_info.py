"""What a running server says about itself, once: INFO as a frozen noun."""

import re
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field


class _Noun(BaseModel):
    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore", populate_by_name=True
    )


class Keyspace(_Noun):
    """One logical database, as INFO counts it: exact, but expired keys may still be in it."""

    keys: int  # expired ones may still be counted
    expires: int = 0  # keys that have an expiry


class Replica(_Noun):
    """One replica of a master."""

    address: str  # host and port
    state: str  # online, or on the way to it
    lag_seconds: int  # since its last acknowledgement


class ServerInfo(_Noun):
    """INFO, typed. Bytes, seconds and counts; names are Redis's own where they could be kept."""

    version: str  # of the server that runs: of Valkey its own, not the Redis that it imitates
    server_name: Literal["redis", "valkey"] = "redis"  # the program that runs
    run_id: str = ""  # random, new at each start
    process_id: int = 0  # inside the container
    tcp_port: int = 0  # as the server itself names it; 0: none, or TLS only
    uptime_in_seconds: int = 0  # since the start of the server
    config_file: str = ""  # "": none, its settings came by command line or standard input

    role: str = "master"  # master | slave
    connected_slaves: int = 0  # replicas
    cluster_enabled: bool = False  # it is a node of a Redis Cluster
    replicas: tuple[Replica, ...] = ()  # of a master
    master_link_status: str | None = None  # of a replica: up | down
    master_repl_offset: int = 0  # bytes
    master_replid: str = ""  # of the history of its data: another one after a full synchronisation

    loading: bool = False  # it loads its data and does not serve yet
    loading_loaded_perc: float = 0.0  # per cent of the file
    loading_eta_seconds: int = 0  # until the load ends, by its own guess
    loading_total_bytes: int = 0  # of the file that is loaded

    rdb_bgsave_in_progress: bool = False  # a save is running
    rdb_last_bgsave_status: str = "ok"  # ok or err
    rdb_last_save_time: int = 0  # Unix seconds
    rdb_changes_since_last_save: int = 0  # writes
    rdb_saves: int = 0  # begun since the server's start
    rdb_last_load_keys_loaded: int = 0  # over all databases (facts/redis.md 11)
    rdb_last_load_keys_expired: int = 0  # keys that the load left out
    aof_enabled: bool = False  # the append-only file is on
    aof_rewrite_in_progress: bool = False  # a rewrite is running
    aof_rewrite_scheduled: bool = False  # a rewrite will begin when the save ends
    aof_last_bgrewrite_status: str = "ok"  # ok or err
    aof_last_write_status: str = "ok"  # ok or err

    used_memory: int = 0  # bytes
    used_memory_rss: int = 0  # bytes, as the kernel counts them
    used_memory_peak: int = 0  # bytes, since the start
    maxmemory: int = 0  # 0: no limit
    maxmemory_policy: str = ""  # what is evicted at the limit
    mem_fragmentation_ratio: float = 0.0  # resident memory by used memory
    mem_fragmentation_bytes: int = 0  # resident beyond used memory

    connected_clients: int = 0  # replicas not counted
    blocked_clients: int = 0  # that wait in a blocking command
    maxclients: int = 0  # the limit of connections
    rejected_connections: int = 0  # by that limit, since the start
    instantaneous_ops_per_sec: int = 0  # commands per second
    keyspace_hits: int = 0  # lookups that found a key, since the start
    keyspace_misses: int = 0  # lookups that found none, since the start
    expired_keys: int = 0  # removed by their expiry, since the start
    evicted_keys: int = 0  # removed by maxmemory, since the start

    modules: tuple[str, ...] = ()  # names of the loaded ones

    keyspace: dict[int, Keyspace] = Field(
        default_factory=dict, description="Per database; INFO leaves empty ones out."
    )

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """From INFO as redis-py parses it. What this server does not have keeps its default."""
        valkey = "valkey_version" in fields
        return cls.model_validate(
            {
                **fields,
                "version": str(fields["valkey_version" if valkey else "redis_version"]),
                "server_name": "valkey" if valkey else "redis",
                "keyspace": {
                    int(name[2:]): value
                    for name, value in fields.items()
                    if name.startswith("db") and name[2:].isdigit() and isinstance(value, dict)
                },
                "replicas": tuple(_replicas(fields)),
                "modules": tuple(sorted(str(one["name"]) for one in fields.get("modules", ()))),
            }
        )

    @property
    def keys(self) -> int:
        """Keys of all databases."""
        return sum(database.keys for database in self.keyspace.values())

    @property
    def loaded_keys(self) -> int:
        """Keys of the file that the server loaded last, also those that had expired by then."""
        return self.rdb_last_load_keys_loaded + self.rdb_last_load_keys_expired

    def keys_in(self, db: int) -> int:
        """Keys of one database; INFO leaves empty ones out."""
        return self.keyspace[db].keys if db in self.keyspace else 0

    @property
    def hit_ratio(self) -> float | None:
        """Of all lookups since the start (or CONFIG RESETSTAT); None before the first."""
        lookups = self.keyspace_hits + self.keyspace_misses
        return self.keyspace_hits / lookups if lookups else None


def _replicas(fields: Mapping[str, Any]) -> list[Replica]:
    found = []
    for name, value in fields.items():
        if name.startswith("slave") and name[5:].isdigit() and isinstance(value, dict):
            address = f"{value.get('ip', '?')}:{value.get('port', '?')}"
            lag = int(value.get("lag", 0))
            found.append(Replica(address=address, state=str(value.get("state")), lag_seconds=lag))
    return found


# highest RDB version that a server loads: facts/redis.md 15 and 16; rdb.h of each release
_LOADS = (
    ("redis", (7, 4), 12),
    ("redis", (7, 2), 11),
    ("redis", (7, 0), 10),
    ("valkey", (7, 2), 11),
)


def loadable(server: str, version: str) -> int:
    """The highest RDB version that this server loads; 9 for what is older than the table."""
    for name, least, highest in _LOADS:
        if name == server and version_of(version) >= least:
            return highest
    return 9


def version_of(text: str) -> tuple[int, int]:
    """Major and minor; (0, 0) for what is no version."""
    numbers = [int(part) for part in re.findall(r"\d+", text)[:2]]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)
