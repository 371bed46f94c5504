"""The persistence settings of a server: what a restore needs to know of it."""

from pydantic import BaseModel, ConfigDict


class Persistence(BaseModel):
    """The effective settings of the server that a restore needs (facts/redis.md 5)."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, extra="ignore"
    )  # a later release may add fields

    dir: str  # absolute path inside the container
    dbfilename: str  # name of the RDB file
    appendonly: bool  # the append-only file is on
    appenddirname: str  # folder of the append-only files
    appendfilename: str  # first part of their names
    save: str = ""  # save points; empty: none
    aof_use_rdb_preamble: bool = True  # the base of the append-only file is an RDB
    rdbchecksum: bool = True  # the RDB ends with a CRC-64
    rdbcompression: bool = True  # strings in the RDB are compressed
    maxmemory: int = 0  # bytes, 0: no limit
    maxmemory_policy: str = "noeviction"  # what is evicted at the limit
    databases: int = 16  # how many there are
    aof_timestamp_enabled: bool = False  # the append-only file has time stamps
    cluster_enabled: bool = False  # it is a node of a Redis Cluster

    def settings(self) -> dict[str, str]:
        """Under the names and in the words of CONFIG GET."""
        words = {True: "yes", False: "no"}
        return {
            name.replace("_", "-"): words[value] if isinstance(value, bool) else str(value)
            for name, value in self
        }
