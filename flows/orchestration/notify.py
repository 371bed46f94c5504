"""Tells people and machines how a run ended: an event, a webhook, blocks, a heartbeat."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from prefect.blocks.core import Block
from prefect.events import emit_event
from prefect.logging import get_logger
from prefect.runtime import flow_run

from redis_dr.flows.orchestration.artifacts import API_ERRORS
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.notify import NotifySettings
from redis_dr.tasks.observe.notify import beat, post

BEATS = frozenset({"backup", "nightly"})  # what the dead man's switch waits for


@dataclass(frozen=True, slots=True)
class News:
    """One line about one run. Everything in it may be shown to anybody."""

    instance: str
    operation: str
    outcome: str  # succeeded | failed | crashed | cancelled
    line: str
    run: str = ""  # its name
    url: str = ""  # of the run in the UI

    @property
    def good(self) -> bool:
        """Whether nobody needs to get up."""
        return self.outcome == "succeeded"


def tell(news: News, settings: NotifySettings) -> None:
    """Every configured way is tried; one that fails is a line in the log and stops nothing."""
    emit_event(
        event=f"redis-dr.{news.operation}.{news.outcome}",
        resource={
            "prefect.resource.id": f"redis-dr.instance.{news.instance}",
            "prefect.resource.name": news.instance,
        },
        payload=asdict(news),
    )
    if news.good and news.operation in BEATS:
        _try("heartbeat", lambda: beat(settings))
    if not news.good or settings.when == "always":
        _try("webhook", lambda: post(settings, asdict(news)))
        for slug in settings.blocks:
            _try(slug, lambda slug=slug: _notify(slug, news))  # type: ignore[misc] # binds this turn's slug


def this_run() -> dict[str, str]:
    """Name and address of the run that is going on."""
    return {"run": str(flow_run.name or ""), "url": str(flow_run.ui_url or "")}


def _notify(slug: str, news: News) -> None:
    block: Any = Block.load(slug)
    block.notify(
        subject=f"redis-dr: {news.operation} of {news.instance} {news.outcome}", body=news.line
    )


def _try(way: str, act: Callable[[], object]) -> None:
    try:
        act()
    except (RedisDrError, ValueError, *API_ERRORS) as error:
        # a webhook's address may hold a token: an error of ours never says it, another's might
        said = error.problem if isinstance(error, RedisDrError) else type(error).__name__
        get_logger("redis-dr").warning("%s could not be told: %s", way, said)
