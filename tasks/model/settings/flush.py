"""`[flush]` and `[invalidate]`: removing keys without hurting whoever else uses the server."""

from pydantic import Field, field_validator

from redis_dr.tasks.model.settings.base import Section


class FlushSettings(Section):
    """The guard of a flush, and the pace of removing keys one by one."""

    backup_max_age_hours: float = Field(
        24, gt=0, description="a proven backup younger than this allows an after-backup flush"
    )
    batch: int = Field(250, ge=1, le=10_000, description="keys of one SCAN or UNLINK")
    busy_share: float = Field(
        0.5, gt=0, le=1, description="share of the time that the server works for us; 1: no pause"
    )
    keys_per_second: float | None = Field(None, gt=0, description="of removals; absent: no limit")
    sample: int = Field(10, ge=0, description="keys to show before they are removed")


class InvalidateSettings(Section):
    """Which keys hold what was derived from a document or a chunk."""

    patterns: tuple[str, ...] = Field(
        (
            "doc:cache:{doc_id}",
            "doc:embeddings:{doc_id}:{chunk_id}",
            "expansion:candidates:{chunk_id}",
        ),
        description="key patterns with {doc_id}, {chunk_id} or both; locks and queues never belong",
    )
    db: int = Field(0, ge=0)

    @field_validator("patterns")
    @classmethod
    def _addressable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            if "{doc_id}" not in pattern and "{chunk_id}" not in pattern:
                raise ValueError(f"{pattern} names neither {{doc_id}} nor {{chunk_id}}")
        return value
