"""Who else may act on an instance while it is restored: known by labels, mounts and processes."""

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.restore.instance_gates import InstanceFacts, instance_gates
from redis_dr.tasks.model.server.container import ContainerState, Mount
from redis_dr.tasks.model.server.neighbours import (
    Running,
    apart,
    may_serve,
    on_place,
    place_of,
)
from redis_dr.tasks.model.server.orchestrators import orchestrator_gate, watchdog_gate
from redis_dr.tasks.model.server.sentinel import Hello, Sentinels, sentinel_gate, sentinel_ids
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.model.server.survey import Survey

VOLUME = Mount("volume", "data", "/data", writable=True, source="/volumes/data/_data")
CONTAINER = ContainerState(
    id="1",
    name="weka-redis",
    image="redis:7.2",
    image_id="sha256:1",
    status="running",
    exit_code=0,
    restart_count=0,
    restart_policy="no",
    restart_retries=0,
    user="",
    command=("docker-entrypoint.sh", "redis-server"),
    mounts=(VOLUME,),
    memory_limit=0,
    labels=(),
    networks=("shop",),
)
HELLO = "172.18.0.3,26379,f00dfeed0123,0,mymaster,172.18.0.2,6379,0"


def running(**fields: object) -> Running:
    other = Running(id="2", name="other", image="other:1", command="run", labels=(), mounts=())
    return replace(other, **fields)  # type: ignore[arg-type] # each test names a field of it


def shut(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings if not finding.ok}


@pytest.mark.parametrize(
    ("labels", "owner", "remedy"),
    [
        (
            {"com.docker.swarm.task.id": "x", "com.docker.swarm.service.name": "shop_redis"},
            "Docker Swarm",
            "docker service scale shop_redis=0",
        ),
        (
            {"io.kubernetes.pod.name": "redis-0", "io.kubernetes.pod.namespace": "shop"},
            "Kubernetes",
            "kubectl -n shop scale --replicas=0 the workload of pod redis-0",
        ),
        (
            {"com.hashicorp.nomad.alloc_id": "x", "com.hashicorp.nomad.job_name": "cache"},
            "Nomad",
            "nomad job stop cache",
        ),
        (
            {"com.amazonaws.ecs.task-arn": "x", "com.amazonaws.ecs.cluster": "blue"},
            "Amazon ECS",
            "--cluster blue",
        ),
        ({"net.azure-devices.edge.owner": "agent"}, "Azure IoT Edge", "remove the module"),
        ({"io.balena.supervised": "true"}, "balena", "dashboard"),
        ({"io.hass.type": "addon"}, "Home Assistant", "ha addons stop"),
        ({"io.rancher.container.uuid": "x"}, "Rancher", "scale its service to 0"),
    ],
)
def test_a_container_that_is_replaced_when_it_stops_is_refused(
    labels: dict[str, str], owner: str, remedy: str
) -> None:
    """
    The label of each orchestrator shuts the gate, and the remedy names the very service.
    """
    owned = replace(CONTAINER, labels=tuple(labels.items()))
    bad = shut(instance_gates(InstanceFacts(Survey(owned), "/data")))
    finding = bad["nothing replaces the container when it stops"]
    assert owner in str(finding.actual)
    assert remedy in finding.detail
    assert "docker run" in finding.detail


def test_labels_of_compose_and_of_people_are_no_orchestrator() -> None:
    """
    Compose starts nothing by itself: its labels, and labels that only look alike, are good.
    """
    labels = (("com.docker.compose.project", "shop"), ("com.docker.swarmish", "1"), ("team", "x"))
    assert orchestrator_gate(replace(CONTAINER, labels=labels)).ok


@pytest.mark.parametrize(
    ("labels", "image", "works"),
    [
        ((("autoheal", "true"),), "willfarrell/autoheal:1.2", True),
        ((), "willfarrell/autoheal:1.2", False),
        ((("autoheal", "true"),), "redis-exporter", False),
        ((), "containrrr/watchtower", True),
        ((("com.centurylinklabs.watchtower.enable", "false"),), "containrrr/watchtower", False),
        ((("deunhealth.restart.on.unhealthy", "true"),), "qmcgaw/deunhealth", True),
    ],
)
def test_a_watchdog_that_runs_and_watches_shuts_the_gate(
    labels: tuple[tuple[str, str], ...], image: str, works: bool
) -> None:
    """
    It has to run, and to watch this container; stopping it opens the gate, and the remedy says so.
    """
    watched = replace(CONTAINER, labels=labels)
    dog = running(name="dog", image=image)
    finding = watchdog_gate(watched, (dog,))
    assert finding.ok is not works
    assert ("docker stop dog" in finding.detail) is works
    assert watchdog_gate(watched, ()).ok


PLACE = PurePosixPath("/srv/redis/db")


@pytest.mark.parametrize(
    ("mount", "shares"),
    [
        (Mount("bind", "", "/x", writable=True, source="/srv/redis/db"), True),
        (Mount("bind", "", "/x", writable=True, source="/srv/redis"), True),
        (Mount("bind", "", "/x", writable=True, source="/"), True),
        (Mount("bind", "", "/x", writable=True, source="/srv/redis/db/appendonlydir"), True),
        (Mount("bind", "", "/x", writable=False, source="/srv/redis/db"), False),
        (Mount("bind", "", "/x", writable=True, source="/srv/redis/db2"), False),
        (Mount("volume", "on-bind", "/x", writable=True, source="/volumes/on-bind"), True),
        (Mount("volume", "other", "/x", writable=True, source="/volumes/other"), False),
        (Mount("tmpfs", "", "/x", writable=True), False),
    ],
)
def test_the_same_directory_is_seen_however_it_is_mounted(mount: Mount, shares: bool) -> None:
    """
    The same path, one above it, one inside it, a volume that stands for it; read-only does not
    count, and a name that only begins alike does not.
    """
    devices = {"on-bind": "/srv/redis", "other": "/srv/other"}
    assert on_place((mount,), PLACE, devices) is shares


def test_the_data_directory_is_found_on_the_engines_host() -> None:
    """
    By the innermost mount, below it by the same path, through a volume's device; None for the
    container's own layer.
    """
    inner = Mount("bind", "", "/data/db", writable=True, source="/fast")
    assert place_of((VOLUME, inner), "/data/db/x", {}) == PurePosixPath("/fast/x")
    assert place_of((VOLUME,), "/data/db", {"data": "/srv"}) == PurePosixPath("/srv/db")
    assert place_of((VOLUME,), "/data", {}) == PurePosixPath(VOLUME.source)
    assert place_of((VOLUME,), "/elsewhere", {}) is None


@pytest.mark.parametrize(
    ("command", "processes", "serves"),
    [
        (("docker-entrypoint.sh", "redis-server"), ("sh -c chown",), True),
        (("/start.sh",), ("sh /start.sh", "redis-server *:6379"), True),
        (("/start.sh",), ("valkey-server *:6379",), True),
        (("/start.sh",), None, True),
        (("/start.sh",), ("sleep 5",), False),
        (("redis-server", "/s.conf", "--sentinel"), ("redis-server *:26379 [sentinel]",), False),
        (("/redis_exporter",), ("/redis_exporter",), False),
        (("tar", "cf", "-", "/data"), ("tar cf - /data",), False),
    ],
)
def test_what_may_be_a_server_is_known_by_its_processes_or_its_command(
    command: tuple[str, ...], processes: tuple[str, ...] | None, serves: bool
) -> None:
    """
    Also before its entrypoint came to the server, and where the engine lists no processes; what
    copies files or exports figures is none.
    """
    assert may_serve(replace(CONTAINER, command=command), processes, CONTAINER) is serves


def test_the_same_command_may_be_the_same_server() -> None:
    """
    An orchestrator starts the replacement by the command of the container that it replaces.
    """
    wrapped = replace(CONTAINER, command=("/bitnami/run.sh",))
    assert may_serve(wrapped, ("sh run.sh",), wrapped)


def test_a_server_in_another_folder_of_the_volume_is_apart() -> None:
    """
    Its command line says so; without a word of it, it counts.
    """
    place = PurePosixPath(VOLUME.source, "a")
    there = replace(CONTAINER, command=("redis-server", "--dir", "/data/b"))
    assert apart(there, place, {})
    assert not apart(replace(there, command=("redis-server", "--dir", "/data/a")), place, {})
    assert not apart(replace(there, command=("redis-server",)), place, {})


def test_sentinels_are_known_by_the_names_of_their_connections() -> None:
    """
    One id for the two connections of each; other clients are not taken for one.
    """
    names = (
        "sentinel-f00dfeed-cmd",
        "sentinel-f00dfeed-pubsub",
        "sentinel-abcd0123-cmd",
        "app",
        "",
    )
    assert sentinel_ids([{"name": name} for name in names]) == ("abcd0123", "f00dfeed")


def test_the_gate_names_the_exact_commands_for_each_sentinel() -> None:
    """
    Address, port and master's name as they announced themselves; the silent one is counted.
    """
    hello = Hello.parse(HELLO)
    assert hello is not None
    finding = sentinel_gate(Sentinels(("abcd0123", "f00dfeed"), 2, (hello,)))
    assert not finding.ok
    assert "172.18.0.3:26379 (mymaster), 1 that did not announce itself" in str(finding.actual)
    assert "redis-cli -h 172.18.0.3 -p 26379 SENTINEL REMOVE mymaster" in finding.detail
    assert "SENTINEL MONITOR mymaster 172.18.0.2 6379 QUORUM" in finding.detail


def test_what_cannot_be_asked_is_unknown_and_shut() -> None:
    """
    Neither CLIENT LIST nor PUBSUB is allowed: the gate says that it does not know.
    """
    finding = sentinel_gate(Sentinels(problem="no permission"))
    assert not finding.ok
    assert "unknown: no permission" in str(finding.actual)
    assert sentinel_gate(Sentinels()).ok
    assert Hello.parse("no,announcement") is None


def test_a_sentinel_on_the_network_of_a_dead_server_shuts_the_gate() -> None:
    """
    The server cannot tell who watches it; a Sentinel on its networks may. One elsewhere does not.
    """
    check = "no Sentinel watches the server"
    near = running(name="sentinel-1", command="redis-server /s.conf --sentinel", networks=("shop",))
    facts = InstanceFacts(Survey(CONTAINER), "/data", running=(near,))
    assert "docker stop sentinel-1" in shut(instance_gates(facts))[check].detail
    away = replace(facts, running=(replace(near, networks=("bank",)),))
    assert check not in shut(instance_gates(away))


@pytest.mark.parametrize("answers", [True, False])
def test_a_node_of_a_cluster_is_refused(answers: bool) -> None:
    """
    By its own word; of a dead one by its command line.
    """
    info = ServerInfo(version="7.2.6", cluster_enabled=True) if answers else None
    node = replace(CONTAINER, command=("redis-server", "--cluster-enabled", "yes"))
    bad = shut(instance_gates(InstanceFacts(Survey(node, info), "/data")))
    assert "redis-cli --cluster import" in bad["not a node of a Redis Cluster"].detail
