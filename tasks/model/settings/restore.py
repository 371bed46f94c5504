"""`[restore]`: limits and defaults of `redis-dr restore` and `redis-dr recover`."""

from typing import Literal

from pydantic import Field

from redis_dr.tasks.model.settings.section import Section


class RestoreSettings(Section):
    """Limits and defaults of `redis-dr restore` and `redis-dr recover`."""

    trial: bool = Field(
        default=True,
        description="Start a throwaway server on the staged files before the instance is stopped, "
        "so that an unreadable backup costs no downtime.",
    )
    safety_backup: bool = Field(
        default=True, description="Back up the current data before it is replaced."
    )
    ttl: Literal["absolute", "rebase"] = Field(
        "absolute",
        description="absolute: keys expire at the time that the backup recorded; keys whose time "
        "has passed are not restored. rebase: keys get back the time to live that they had left "
        "when the backup was taken.",
    )
    lease_seconds: int = Field(
        60,
        ge=5,
        description="Seconds without a sign of life from this program after which the helper "
        "container ends and releases its lock on the volume.",
    )
    stop_timeout_seconds: int = Field(
        120,
        ge=1,
        description="Seconds to wait for the instance's container to stop. A server with more data "
        "than can surely be saved in that time (5 MB/s) gets longer.",
    )
    start_timeout_seconds: int = Field(
        600,
        ge=1,
        description="Seconds to wait until the restarted server has loaded its data and answers. "
        "After that the old data is put back. A server with more data than can surely be loaded "
        "in that time (5 MB/s) gets longer.",
    )
    set_aside_hours: float = Field(
        72, ge=0, description="Hours that the replaced data stays on the volume for a rollback."
    )
    compare_all_up_to: int = Field(
        2_000_000,
        ge=0,
        description="Number of keys up to which every key of the restored server is compared with "
        "the backup. With more keys, a sample is compared.",
    )
    sample_keys: int = Field(100_000, ge=1, description="Size of that sample, in keys.")
