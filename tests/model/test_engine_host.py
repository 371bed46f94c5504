"""Where a container is reached when its engine runs on another host: an address, or a question."""

import pytest

from redis_dr.tasks.model.errors import Unreachable
from redis_dr.tasks.model.server.engine_host import Binding, engine_host, reachable_address

OWN = [("172.17.0.2", 6379)]


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("", "127.0.0.1"),
        ("unix:///var/run/docker.sock", "127.0.0.1"),
        ("http+unix:///run/user/1000/docker.sock", "127.0.0.1"),
        ("npipe:////./pipe/docker_engine", "127.0.0.1"),
        ("tcp://10.1.2.3:2376", "10.1.2.3"),
        ("10.1.2.3:2375", "10.1.2.3"),
        ("https://engine.example:2376", "engine.example"),
        ("ssh://root@engine.example:2222", "engine.example"),
        ("tcp://[fd00::1]:2376", "fd00::1"),
    ],
)
def test_the_host_of_an_engine_is_that_of_its_address(address: str, host: str) -> None:
    """DOCKER_HOST and the address of a context, in every form that Docker takes."""
    assert engine_host(address) == host


@pytest.mark.parametrize("everywhere", ["", "0.0.0.0", "::"])  # noqa: S104 read, not bound
def test_a_port_published_everywhere_is_on_the_engine_s_host(everywhere: str) -> None:
    """The case: init wrote 127.0.0.1 for a container on another machine."""
    ports = [Binding(everywhere, 16379)]
    assert reachable_address("r", "10.1.2.3", ports, OWN) == ("10.1.2.3", 16379)
    assert reachable_address("r", "127.0.0.1", ports, OWN) == ("127.0.0.1", 16379)


def test_another_machine_s_loopback_and_its_bridge_are_a_question() -> None:
    """Neither can be reached from here, however well they look."""
    for ports in ([Binding("127.0.0.1", 6379)], [Binding("::1", 6379)], []):
        with pytest.raises(Unreachable) as asked:
            reachable_address("r", "10.1.2.3", ports, OWN)
        assert "--url" in asked.value.remedy
        assert "10.1.2.3" in asked.value.problem
    assert reachable_address("r", "127.0.0.1", [Binding("127.0.0.1", 7)], OWN) == ("127.0.0.1", 7)
    assert reachable_address("r", "127.0.0.1", [], OWN) == OWN[0]


def test_the_binding_that_can_be_reached_is_taken() -> None:
    """Published on the loopback and on an address of the host."""
    ports = [Binding("127.0.0.1", 6379), Binding("10.1.2.3", 6380)]
    assert reachable_address("r", "10.1.2.3", ports, []) == ("10.1.2.3", 6380)


def test_nothing_published_is_a_question_here_too() -> None:
    """A container on the host's network, for example."""
    with pytest.raises(Unreachable, match="publishes no port"):
        reachable_address("r", "127.0.0.1", [], [])
