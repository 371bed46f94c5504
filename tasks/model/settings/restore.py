"""`[restore]`: how a restore behaves where the contract leaves a choice."""

from typing import Literal

from pydantic import Field

from redis_dr.tasks.model.settings.base import Section


class RestoreSettings(Section):
    """Limits and habits of restore and recover."""

    trial: bool = Field(
        default=True, description="boot the staged files in a throwaway container first"
    )
    safety_backup: bool = True
    ttl: Literal["absolute", "rebase"] = "absolute"
    lease_seconds: int = Field(60, ge=5, description="without a sign of life the hands let go")
    stop_timeout_seconds: int = Field(120, ge=1)
    start_timeout_seconds: int = Field(600, ge=1, description="until the server answers")
    set_aside_hours: float = Field(
        72, ge=0, description="how long the replaced data stays on the volume"
    )
    compare_all_up_to: int = Field(
        2_000_000, ge=0, description="keys; above it a sample is compared"
    )
    sample_keys: int = Field(100_000, ge=1)
