"""The persistence settings of a server: what a restore needs to know of it."""

from pydantic import BaseModel, ConfigDict


class Persistence(BaseModel):
    """The effective settings of the server that a restore needs (facts/redis.md 5)."""

    model_config = ConfigDict(frozen=True, extra="ignore")  # a later release may add fields

    dir: str  # absolute path inside the container
    dbfilename: str
    appendonly: bool
    appenddirname: str
    appendfilename: str
    save: str = ""
    aof_use_rdb_preamble: bool = True
    rdbchecksum: bool = True
    rdbcompression: bool = True
    maxmemory: int = 0  # bytes, 0: no limit
    maxmemory_policy: str = "noeviction"
    databases: int = 16
    aof_timestamp_enabled: bool = False
    cluster_enabled: bool = False

    def settings(self) -> dict[str, str]:
        """Under the names and in the words of CONFIG GET."""
        words = {True: "yes", False: "no"}
        return {
            name.replace("_", "-"): words[value] if isinstance(value, bool) else str(value)
            for name, value in self
        }
