"""`[retention]` and `[drift]`: which backups stay, and when one differs too much from the last."""

from pydantic import Field

from redis_dr.tasks.model.settings.section import Section


class RetentionSettings(Section):
    """Backups that `redis-dr prune` keeps: the newest of each calendar unit, in UTC."""

    keep_last: int = Field(
        3,
        ge=1,
        description="Newest backups that always stay. At least 1: prune never removes the last "
        "backup.",
    )
    keep_hourly: int = Field(24, ge=0, description="Hours of which the newest backup stays.")
    keep_daily: int = Field(30, ge=0, description="Days of which the newest backup stays.")
    keep_weekly: int = Field(52, ge=0, description="ISO weeks of which the newest backup stays.")
    keep_monthly: int = Field(0, ge=0, description="Months of which the newest backup stays.")
    keep_yearly: int = Field(0, ge=0, description="Years of which the newest backup stays.")
    orphan_grace_hours: float = Field(
        24,
        ge=0,
        description="Age in hours from which prune removes the files of an unfinished upload. "
        "Longer than the longest upload, or prune would remove one that still runs.",
    )


class DriftSettings(Section):
    """Warns when a database or a key pattern has far fewer keys than in the last backups."""

    max_fall: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of the median number of keys that may be missing before a warning "
        "is reported.",
    )
    of_last: int = Field(7, ge=1, description="Number of earlier backups that make the median.")
    at_least: int = Field(
        100,
        ge=1,
        description="Smallest median, in keys, that is judged. Smaller numbers vary by chance.",
    )
