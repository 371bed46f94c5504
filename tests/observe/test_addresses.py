"""Where `init` looks for the server of a container."""

import re
from pathlib import Path
from typing import Any

import pytest

from redis_dr.flows.runbook.observe.init import Wish, init
from redis_dr.tasks.engine.networks import candidate_ports
from tests.support.ports import free_port
from tests.support.redis_server import PASSWORD, RedisServer
from tests.support.waiting import wait_until

TO = [{"HostIp": "127.0.0.1", "HostPort": "7001"}]


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ({"6379/tcp": TO}, (6379,)),
        ({"6380/tcp": TO, "6379/tcp": None}, (6380,)),
        ({"16379/tcp": TO, "6379/tcp": TO, "1/tcp": TO, "53/udp": TO}, (6379, 1, 16379)),
        ({"7000/tcp": None}, (7000,)),
        ({"53/udp": TO}, (6379,)),
        ({}, (6379,)),
    ],
)
def test_every_published_port_is_a_candidate(
    ports: dict[str, Any], expected: tuple[int, ...]
) -> None:
    """
    The usual port first, then the others; where none is published, what the image exposes.
    """
    assert candidate_ports(ports) == expected


def test_of_several_published_ports_the_one_is_taken_at_which_a_redis_answers(
    redis_factory: Any, tmp_path: Path
) -> None:
    """
    Redis listens on 7000, and the container publishes 6379, where nothing listens, as well.
    """
    port = free_port()
    server: RedisServer = redis_factory(args=["--port", "7000"], wait=False)
    attrs = server.container.attrs
    server.container.remove(force=True)
    made = server.engine.containers.run(
        server.image,
        attrs["Config"]["Cmd"],
        name=server.name,
        labels=attrs["Config"]["Labels"],
        ports={"6379/tcp": ("127.0.0.1", server.port), "7000/tcp": ("127.0.0.1", port)},
        volumes={server.volume: {"bind": "/data"}},
        detach=True,
    )
    wait_until(lambda: b"Ready to accept" in made.logs(), 30, "it is ready")
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    output = tmp_path / "redis-dr.toml"
    init(
        Wish(
            container=server.name,
            output=output,
            password_file=str(secret),
            store=f"file:{tmp_path}/store",
        )
    )
    assert re.search(rf'^url = "redis://127.0.0.1:{port}"$', output.read_text(), re.MULTILINE)
