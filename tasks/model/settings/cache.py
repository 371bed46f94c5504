"""`[flush]`, `[invalidate]`, `[epochs]`: how cached data is removed or declared stale."""

from pydantic import Field, field_validator

from redis_dr.tasks.model.settings.section import Section


class FlushSettings(Section):
    """What allows `redis-dr flush`, and the pace of removing keys one by one."""

    backup_max_age_hours: float = Field(
        24,
        gt=0,
        description="Age in hours up to which a proven backup allows to flush a database whose "
        "`flush` is after-backup.",
    )
    batch: int = Field(
        250,
        ge=1,
        le=10_000,
        description="Keys of one SCAN or UNLINK call. The server answers no other client while "
        "it works on a call.",
    )
    busy_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of the server's time that the removal may use; 1 means no pauses.",
    )
    keys_per_second: float | None = Field(
        None, gt=0, description="Largest number of keys removed per second. Unset: no limit."
    )
    sample: int = Field(
        10, ge=0, description="Number of keys that are shown as a sample before the removal."
    )


class InvalidateSettings(Section):
    """The keys that `redis-dr invalidate` removes for a document or a chunk."""

    patterns: tuple[str, ...] = Field(
        (
            "doc:cache:{doc_id}",
            "doc:embeddings:{doc_id}:{chunk_id}",
            "expansion:candidates:{chunk_id}",
        ),
        description="Key patterns with {doc_id}, {chunk_id} or both. Name only data that can be "
        "computed again, never locks or queues.",
    )
    db: int = Field(0, ge=0, description="Number of the database that holds these keys.")

    @field_validator("patterns")
    @classmethod
    def _addressable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            if "{doc_id}" not in pattern and "{chunk_id}" not in pattern:
                raise ValueError(f"{pattern} has neither {{doc_id}} nor {{chunk_id}}")
        return value


class EpochSettings(Section):
    """Epochs are counters; raising one makes older cache entries stale.

    The keys are the hashes {namespace}:doc_epoch and {namespace}:chunk_epoch, and the string
    {namespace}:global_epoch. A restore never lowers them.
    """

    namespace: str = Field("rag:v1", description="Prefix of the epoch keys, without the colon.")
    db: int = Field(0, description="Number of the database that holds the epoch keys.")

    @property
    def hashes(self) -> tuple[str, ...]:
        """Hash keys whose fields hold an epoch each."""
        return (f"{self.namespace}:doc_epoch", f"{self.namespace}:chunk_epoch")

    @property
    def counter(self) -> str:
        """The string key that holds the global epoch."""
        return f"{self.namespace}:global_epoch"
