"""`[retention]`: what prune keeps, in calendar units of UTC."""

from pydantic import Field

from redis_dr.tasks.model.settings.base import Section


class RetentionSettings(Section):
    """How many backups of each calendar unit stay."""

    keep_last: int = Field(3, ge=1)
    keep_hourly: int = Field(24, ge=0)
    keep_daily: int = Field(30, ge=0)
    keep_weekly: int = Field(52, ge=0)
    keep_monthly: int = Field(0, ge=0)
    keep_yearly: int = Field(0, ge=0)
    orphan_grace_hours: float = Field(
        24, ge=0, description="unfinished uploads younger than this stay"
    )
