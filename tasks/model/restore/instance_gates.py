"""May this instance be restored at all? The gates that need no backup.

A restore asks them before the stop; `check` and `init` ask them without one.
"""

from dataclasses import dataclass, field

from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.companions import ServersInside, companions_gate
from redis_dr.tasks.model.server.container import ContainerState, volume_remedy
from redis_dr.tasks.model.server.neighbours import Running
from redis_dr.tasks.model.server.orchestrators import orchestrator_gate, watchdog_gate
from redis_dr.tasks.model.server.rights_gates import NOT_ASKED, Rights, restore_rights
from redis_dr.tasks.model.server.sentinel import Sentinels, sentinel_gate
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.model.server.server_inside import ServerInside
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.server.target import options_of

_START_SECONDS = 3  # both clocks count whole seconds


@dataclass(frozen=True, slots=True)
class InstanceFacts:
    """What was measured of an instance and of what acts on it."""

    survey: Survey
    dir: str  # the server's data directory; "": not known
    running: tuple[Running, ...] = ()  # every running container of the engine
    servers_on_data: tuple[str, ...] = ()  # containers that may serve from the same directory
    sentinels: Sentinels = field(default_factory=Sentinels)
    inside: ServerInside | None = None  # who answers in the container
    rights: Rights = NOT_ASKED  # to the commands that a restore needs
    servers: ServersInside = field(default_factory=ServersInside)  # that run in the container
    # device and inode of the data directory; "": not known
    served_place: str = ""  # where the server that runs has it
    start_place: str = ""  # where a container that starts now has it


def instance_gates(facts: InstanceFacts) -> tuple[Finding, ...]:
    """One finding a condition. A bad one stops a restore before anything is touched."""
    return (
        *_volume(facts),
        *_container(facts.survey.container),
        *_others(facts),
        *_server(facts),
        *restore_rights(facts.rights, facts.survey),
    )


def _volume(facts: InstanceFacts) -> list[Finding]:
    if not facts.dir:
        unknown = "unknown: the server does not answer"
        remedy = "start it, or set data_dir under [instances.NAME]"
        return [Finding(check="data directory", ok=False, actual=unknown, detail=remedy)]
    mount = facts.survey.container.mount_of(facts.dir)
    named = mount is not None and mount.kind in {"volume", "bind"} and not mount.anonymous
    return [
        Finding(
            check="data on a named volume or bind mount",
            ok=named,
            expected="a volume that outlives the container",
            actual=f"{mount.kind} {mount.name[:12]}".strip()
            if mount
            else "the container's own layer",
            detail=volume_remedy(mount, facts.dir),
        ),
        Finding(
            check="volume is writable",
            ok=mount is not None and mount.writable,
            expected="read-write",
            actual="read-write" if mount and mount.writable else "read-only",
        ),
        *_replaced_directory(facts),
    ]


def _replaced_directory(facts: InstanceFacts) -> list[Finding]:
    """A running container keeps the directory that it was started with, under whatever name."""
    served, start = facts.served_place, facts.start_place
    if not (served and start):
        return []
    container = facts.survey.container.name
    return [
        Finding(
            check="the restart finds the directory that is served now",
            ok=served == start,
            expected=served,
            actual=start,
            detail=f"{facts.dir} was replaced since the start (renamed on the host?): the server "
            "writes into the old directory, a restart and a restore use the new one. Put the old "
            "one back under its name; or, where the new one shall count, save what is served by "
            f"`redis-dr backup`, then `docker restart {container}`"
            if served != start
            else "",
        )
    ]


def _container(container: ContainerState) -> list[Finding]:
    return [
        Finding(check="restart policy", ok=True, actual=container.restart_policy),
        Finding(
            check="container stays when it is stopped",
            ok=not container.auto_remove,
            expected="made without --rm",
            actual="made with --rm" if container.auto_remove else "stays",
            detail="make it again without --rm: a stop would remove it",
        ),
        Finding(
            check="container is not paused",
            ok=container.status != "paused",
            expected="running or stopped",
            actual=container.status,
            detail=f"docker unpause {container.name}: a paused server cannot save what it holds",
        ),
    ]


def _others(facts: InstanceFacts) -> list[Finding]:
    """What else may start, stop or serve while the data is replaced."""
    container, others = facts.survey.container, facts.servers_on_data
    return [
        orchestrator_gate(container),
        watchdog_gate(container, facts.running),
        Finding(
            check="no other server runs on the data",
            ok=not others,
            expected="none",
            actual=", ".join(others) or "none",
            detail=f"docker stop {' '.join(others)}: two servers on one data directory lose writes"
            if others
            else "",
        ),
        companions_gate(
            facts.servers, container.name, facts.survey.info.tcp_port if facts.survey.info else 0
        ),
    ]


def _server(facts: InstanceFacts) -> list[Finding]:
    info = facts.survey.info
    role = Finding(
        check="role",
        ok=info is None or info.role == "master",
        expected="master",
        actual=info.role if info else "does not answer",
        detail="a replica takes its data from its master: restore the master",
    )
    known = [role, _cluster(facts)]
    if info is None:
        return [*known, _lets_in(facts), _sentinels_near(facts)]
    return [*known, sentinel_gate(facts.sentinels), *_at_work(info), _same_server(facts)]


def _lets_in(facts: InstanceFacts) -> Finding:
    """A server that runs and cannot be asked to save would lose what is only in its memory."""
    survey = facts.survey
    return Finding(
        check="no server runs that refuses to be asked",
        ok=not survey.refuses,
        expected="one that answers, or none",
        actual=survey.silent,
        detail="what it holds may be in memory only: free it (SCRIPT KILL, CLIENT KILL, a larger "
        f"maxclients), or end it yourself by `docker stop {survey.container.name}`, which saves as "
        "its save points say"
        if survey.refuses
        else "",
    )


def _cluster(facts: InstanceFacts) -> Finding:
    info = facts.survey.info
    given = options_of(facts.survey.container.command).get("cluster-enabled") == "yes"
    node = given if info is None else info.cluster_enabled
    return Finding(
        check="not a node of a Redis Cluster",
        ok=not node,
        expected="a single server",
        actual="cluster-enabled yes" if node else "cluster-enabled no",
        detail="a node that stops is replaced by its replica, and takes that one's data when it "
        "starts. Restore into a single server (another instance of the configuration), then load "
        "the cluster from it: redis-cli --cluster import HOST:PORT --cluster-from HOST:PORT"
        if node
        else "",
    )


def _sentinels_near(facts: InstanceFacts) -> Finding:
    """A server that is down tells nothing; a Sentinel on its networks may be watching it."""
    mine = set(facts.survey.container.networks)
    near = [
        other.name
        for other in facts.running
        if mine & set(other.networks)
        and ("sentinel" in other.command.lower() or "sentinel" in other.image.lower())
    ]
    return Finding(
        check="no Sentinel watches the server",
        ok=not near,
        expected="none",
        actual=f"on its network: {', '.join(near)}" if near else "none seen on its networks",
        detail="the server is down and cannot tell whether they watch it; a Sentinel would make it "
        f"a replica, and its data would be replaced: docker stop {' '.join(near)}; after the "
        "restore start them again, having removed or corrected what they monitor"
        if near
        else "",
    )


def _at_work(info: ServerInfo) -> list[Finding]:
    busy = [
        name
        for name, going in (
            ("BGSAVE", info.rdb_bgsave_in_progress),
            ("AOF rewrite", info.aof_rewrite_in_progress or info.aof_rewrite_scheduled),
        )
        if going
    ]
    return [
        Finding(
            check="replicas",
            ok=True,
            actual=info.connected_slaves,
            detail="they will copy the restored data in full" if info.connected_slaves else "",
        ),
        Finding(
            check="save or rewrite running",
            ok=True,
            actual=", ".join(busy) or "none",
            detail="the safety backup waits for it; without one, the stop ends it" if busy else "",
        ),
    ]


def _same_server(facts: InstanceFacts) -> Finding:
    return same_server(facts.survey, facts.inside)


def same_server(survey: Survey, inside: ServerInside | None, *, must_know: bool = True) -> Finding:
    """The server in the container names its run_id: no other server has the same.

    A restore must know it, because it stops one and loads the other. Without `must_know` only
    what was seen to be another server is bad.
    """
    info = survey.info
    same, how = None, inside.unknown if inside else "not asked"
    if info is not None and inside is not None:
        if inside.run_id:
            same, how = inside.run_id == info.run_id, "by its run_id"
        elif inside.started_at is not None and survey.started_at is not None:
            apart = abs(inside.started_at - survey.started_at)
            same, how = apart <= _START_SECONDS, f"by the start of its process; {how}"
    words = {True: "the same", False: "another server", None: "unknown"}
    return Finding(
        check="url and container are the same server",
        ok=same is True or (same is None and not must_know),
        expected="the same",
        actual=words[same],
        detail=how if same else f"{how}; correct `url` or `container` of this instance",
    )
