"""`[notify]`: who hears about finished runs."""

from typing import Literal

from pydantic import Field, SecretStr

from redis_dr.tasks.model.settings.section import Section


class NotifySettings(Section):
    """Who hears about finished runs. With nothing set here, Prefect's automations still work."""

    when: Literal["failure", "always"] = Field(
        "failure", description="Which runs are sent to the webhook and the blocks."
    )
    webhook_url: SecretStr | None = Field(
        None, description="URL that gets each notification as a JSON body by POST."
    )
    webhook_url_file: str | None = Field(
        None, description="File that holds the webhook URL, such as a Docker secret."
    )
    heartbeat_url: SecretStr | None = Field(
        None,
        description="URL that is called by GET after each good backup. A monitor that misses the "
        "call (dead man's switch) notices that backups stopped.",
    )
    heartbeat_url_file: str | None = Field(
        None, description="File that holds the heartbeat URL, such as a Docker secret."
    )
    blocks: tuple[str, ...] = Field(
        (),
        description="Prefect notification blocks as TYPE/NAME, for example `slack-webhook/ops`.",
    )
    timeout_seconds: float = Field(
        10, gt=0, description="Seconds to wait for the answer of the webhook or heartbeat URL."
    )
