"""The smaller tables of redis-dr.toml: fleet, resilience, retention, restore, notify."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Section(BaseModel):
    """One table of redis-dr.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FleetSettings(Section):
    """Bounds of what goes on at the same time."""

    at_once: int = Field(4, ge=1, le=64, description="instances worked on at the same time")


class ResilienceSettings(Section):
    """The runbook's integration notes, as numbers."""

    max_connections: int = Field(50, ge=1)
    max_retries: int = Field(3, ge=0, description="after the first try")
    backoff_seconds: float = Field(
        0.2, gt=0, description="before the first retry; doubles, with jitter"
    )
    backoff_cap_seconds: float = Field(5, gt=0)
    breaker_failures: int = Field(5, ge=1, description="in a row; then it opens")
    breaker_reset_seconds: float = Field(30, gt=0, description="then it lets one try pass")
    timeout_seconds: float = Field(5, gt=0, description="for one answer, and for a free connection")


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


class NotifySettings(Section):
    """All empty: nobody is told, and Prefect's own automations still see every event."""

    when: Literal["failure", "always"] = Field("failure", description="what the webhook is told")
    webhook_url: SecretStr | None = Field(
        None, description="POST, JSON; or REDIS_DR_NOTIFY__WEBHOOK_URL"
    )
    webhook_url_file: str | None = None
    heartbeat_url: SecretStr | None = Field(
        None, description="GET after each good backup: a dead man's switch that you host"
    )
    heartbeat_url_file: str | None = None
    blocks: tuple[str, ...] = Field(
        (), description="Prefect notification blocks, as slack-webhook/ops"
    )
    timeout_seconds: float = Field(10, gt=0)
