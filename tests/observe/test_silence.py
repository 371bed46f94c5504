"""A server that does not answer: the remedy fits what its container does."""

from collections.abc import Callable

import docker
import pytest

from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.observe.check import check
from redis_dr.flows.runbook.observe.health import health
from redis_dr.flows.runbook.observe.top import top
from redis_dr.tasks.model.errors import NotReady, Refused, Unreachable
from redis_dr.tasks.model.settings.instance import Instance
from tests.support.instance import instance_of
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer

HASTE = {"max_retries": 0, "timeout_seconds": 1.0}


def remedy(work: Callable[[], object]) -> str:
    with pytest.raises(Unreachable) as caught:
        work()
    return f"{caught.value.problem} | {caught.value.remedy}"


def test_stopped_paused_and_wrong_port_have_remedies_of_their_own(
    redis_factory: Callable[..., RedisServer], docker_client: docker.DockerClient
) -> None:
    """Start it, unpause it, correct the url: whichever command met it."""
    server = redis_factory()
    instance = instance_of(server, resilience=HASTE)
    container = docker_client.containers.get(server.name)
    elsewhere = instance.model_copy(update={"url": f"redis://127.0.0.1:{free_port()}"})

    astray = [remedy(lambda: health(elsewhere)), remedy(lambda: backup(elsewhere))]
    container.pause()
    paused = remedy(lambda: top(instance, 0, 10, 5))
    container.unpause()
    container.stop()
    stopped = [remedy(lambda: health(instance)), remedy(lambda: backup(instance))]
    seen = {finding.check: finding for finding in check(instance).findings}["the server answers"]

    assert all("its container runs: see that `url`" in text for text in astray)
    assert all(f"docker port {server.name}" in text for text in astray)
    assert f"`docker unpause {server.name}`" in paused
    assert all(f"`docker logs {server.name}` says why it ended" in text for text in stopped)
    assert "docker start" in seen.detail


def test_a_server_that_loads_is_not_called_away(
    monkeypatch: pytest.MonkeyPatch, redis_server: RedisServer
) -> None:
    """It answered: its own error stays as it is."""
    from redis_dr.flows.runbook.observe import silence  # noqa: PLC0415 with its only user

    instance = instance_of(redis_server)
    words = r"^it answers slowly\nWhat to do: wait$"
    with pytest.raises(NotReady, match=words), silence.explained(instance):
        raise NotReady("it answers slowly", "wait")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    absent = instance.model_copy(update={"container": "no-such-container"})
    words = r"^x cannot be reached\nWhat to do: look$"
    with pytest.raises(NotReady, match=words), silence.explained(absent):
        raise NotReady("x cannot be reached", "look")


def test_a_backup_of_another_server_is_refused(
    redis_factory: Callable[..., RedisServer], tmp_path: object
) -> None:
    """The url leads to a second server: its data would lie under the first one's name."""
    first, second = redis_factory(), redis_factory()
    store = {"url": f"file:{tmp_path}/store"}
    crossed = instance_of(first, store=store).model_copy(update={"url": second.url})

    with pytest.raises(Refused, match="url and container are the same server is another server"):
        backup(crossed)
    good = backup(instance_of(first, store=store))

    assert {f.check: f.actual for f in good.findings}[
        "url and container are the same server"
    ] == "the same"


def test_the_rendered_service_is_that_of_the_container(redis_server: RedisServer) -> None:
    """Its image, its volume, the port of the url; what is given wins."""
    import yaml  # noqa: PLC0415 with its only user

    from redis_dr.flows.runbook.observe.config import render  # noqa: PLC0415 same

    instance: Instance = instance_of(redis_server)
    container = docker.from_env().containers.get(redis_server.name)
    mount = next(mount for mount in container.attrs["Mounts"] if mount["Destination"] == "/data")

    compose = yaml.safe_load(render(instance).compose)
    other = yaml.safe_load(render(instance, "redis:8", 7777).compose)
    fresh = yaml.safe_load(render(instance.model_copy(update={"container": "none"})).compose)

    assert compose["services"]["redis"]["image"] == container.attrs["Config"]["Image"]
    port = redis_server.url.rsplit(":", 1)[1]
    assert compose["services"]["redis"]["ports"] == [f"127.0.0.1:{port}:6379"]
    assert compose["volumes"]["redis-data"] == {"name": mount["Name"], "external": True}
    assert other["services"]["redis"]["image"] == "redis:8"
    assert other["services"]["redis"]["ports"] == ["127.0.0.1:7777:6379"]
    assert fresh["volumes"] == {"redis-data": None}


def test_listing_what_could_be_recovered_changes_nothing(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No helper container, no lock; what is unfinished is red and still there."""
    from redis_dr.flows.runbook.recover import look  # noqa: PLC0415 with its only user

    instance = instance_of(redis_server)
    client = docker.from_env()
    # of this instance: other tests make and remove theirs on the same engine
    of_ours = {"name": redis_server.name}
    before = {each.id for each in client.containers.list(all=True, filters=of_ours)}

    nothing = look.recoverable(instance)
    monkeypatch.setattr(look, "unfinished_operation", lambda _instance: "a journal lies there")
    left = look.recoverable(instance)

    assert nothing.ok
    assert nothing.outcome == "nothing to do"
    assert not left.ok
    assert left.outcome == "not recovered yet: a journal lies there"
    assert {each.id for each in client.containers.list(all=True, filters=of_ours)} == before
