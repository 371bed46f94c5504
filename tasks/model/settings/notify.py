"""`[notify]`: who is told. A webhook's address often holds a token, so it may come from a file."""

from typing import Literal

from pydantic import Field, SecretStr

from redis_dr.tasks.model.settings.base import Section


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
