"""Webhook and heartbeat over real HTTP; an address that holds a token is never said."""

import logging
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest

from redis_dr.tasks.http.webhook import send
from redis_dr.tasks.model.errors import RedisDrError, ServiceDown, ServiceError, UsageError
from redis_dr.tasks.model.observe.notification import Notification
from redis_dr.tasks.model.settings.notify import NotifySettings
from redis_dr.tasks.observe.notify import beat, post
from tests.support.http_listener import TOKEN, listening

NEWS = Notification("weka-redis", "backup", "failed", "it failed")


def settings(**fields: object) -> NotifySettings:
    return NotifySettings.model_validate(fields)


def test_the_webhook_gets_the_news_as_json(tmp_path: Path) -> None:
    """Its address may come from a file."""
    with listening() as listener:
        (tmp_path / "hook").write_text(listener.url + "\n")
        sent = post(settings(webhook_url_file=str(tmp_path / "hook")), NEWS)

    assert sent
    assert listener.heard == [("POST", f"/{TOKEN}", asdict(NEWS))]


def test_the_heartbeat_is_one_get() -> None:
    """As dead man's switches expect it."""
    with listening() as listener:
        assert beat(settings(heartbeat_url=listener.url))

    assert listener.heard == [("GET", f"/{TOKEN}", None)]


def test_nobody_is_told_where_nothing_is_configured() -> None:
    """No address, no call, no error."""
    assert not post(settings(), NEWS)
    assert not beat(settings())


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (f"http://127.0.0.1:9/{TOKEN}", ServiceDown),
        (f"gopher://127.0.0.1/{TOKEN}", UsageError),
        (f"http://[{TOKEN}", UsageError),
        (TOKEN, UsageError),
    ],
)
def test_an_address_is_never_said(url: str, kind: type[RedisDrError]) -> None:
    """Whatever is wrong with it: the error names the host at most."""
    with pytest.raises(kind) as caught:
        post(settings(webhook_url=url), NEWS)

    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(caught.value.__cause__)


def test_a_service_that_refuses_is_told_by_its_status() -> None:
    """The status, not the address."""
    with listening(500) as listener, pytest.raises(ServiceError, match="500") as caught:
        post(settings(webhook_url=listener.url), NEWS)

    assert TOKEN not in str(caught.value)


def test_a_missing_file_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    """It names the key."""
    with pytest.raises(UsageError, match="heartbeat_url_file"):
        beat(settings(heartbeat_url_file=str(tmp_path / "none")))


def test_an_address_is_logged_at_no_level(caplog: pytest.LogCaptureFixture) -> None:
    """
    Neither by the HTTP client nor by what it is made of; other calls of that client are logged.
    """
    caplog.set_level(logging.DEBUG)
    for status in (200, 500):
        with listening(status) as listener, suppress(ServiceError):
            send("POST", listener.url, 5, {"line": "x"})
    with suppress(ServiceDown):
        send("GET", f"http://127.0.0.1:9/{TOKEN}", 5)
    assert TOKEN not in caplog.text

    with listening() as listener:
        httpx.get(listener.url)
    assert TOKEN in caplog.text
