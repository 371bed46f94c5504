"""Who replaces or restarts a container that is stopped: known by labels. Pure."""

import re
from dataclasses import dataclass

from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.neighbours import Running

_PLAIN = (
    "restore into a container of your own on the same volume (`docker run`, and `container` of "
    "this instance set to it), remove that container"
)


@dataclass(frozen=True, slots=True)
class Orchestrator:
    """Something that starts another container when one stops."""

    name: str
    label: str  # exact, or the beginning when it ends in a dot
    pause: str  # the command that keeps it away; {label} is replaced by that label's value
    resume: str


ORCHESTRATORS = (
    Orchestrator(
        "Docker Swarm",
        "com.docker.swarm.",
        "docker service scale {com.docker.swarm.service.name}=0",
        "docker service scale {com.docker.swarm.service.name}=1",
    ),
    Orchestrator(
        "Kubernetes",
        "io.kubernetes.",
        "kubectl -n {io.kubernetes.pod.namespace} scale --replicas=0 the workload of pod "
        "{io.kubernetes.pod.name}",
        "scale it to 1",
    ),
    Orchestrator(
        "Nomad",
        "com.hashicorp.nomad.",
        "nomad job stop {com.hashicorp.nomad.job_name}",
        "nomad job start {com.hashicorp.nomad.job_name}",
    ),
    Orchestrator(
        "Amazon ECS",
        "com.amazonaws.ecs.",
        "aws ecs update-service --cluster {com.amazonaws.ecs.cluster} --desired-count 0 for the "
        "service of task {com.amazonaws.ecs.task-definition-family}",
        "set its desired count to 1",
    ),
    Orchestrator(
        "Azure IoT Edge",
        "net.azure-devices.edge.",
        "remove the module from the deployment",
        "deploy it again",
    ),
    Orchestrator(
        "balena", "io.balena.", "stop the service in the dashboard", "start it there again"
    ),
    Orchestrator("balena", "io.resin.", "stop the service in the dashboard", "start it there"),
    Orchestrator("Home Assistant", "io.hass.", "ha addons stop of the add-on", "start it again"),
    Orchestrator("Rancher", "io.rancher.", "scale its service to 0", "scale it to 1"),
    Orchestrator("Mesos Marathon", "mesos.", "scale its app to 0", "scale it to 1"),
)


@dataclass(frozen=True, slots=True)
class Watchdog:
    """A container that restarts or replaces others."""

    name: str
    image: re.Pattern[str]
    marks: tuple[tuple[str, str], ...]  # labels by which a container asks for it
    refuses: tuple[tuple[str, str], ...] = ()  # labels by which a container is left alone
    everything: bool = False  # whether it acts on containers without such a label, too


WATCHDOGS = (
    Watchdog("autoheal", re.compile(r"(^|/)(docker-)?autoheal\b"), (("autoheal", "true"),)),
    Watchdog(
        "deunhealth",
        re.compile(r"(^|/)deunhealth\b"),
        (("deunhealth.restart.on.unhealthy", "true"),),
    ),
    Watchdog(
        "Watchtower",
        re.compile(r"(^|/)watchtower\b"),
        (("com.centurylinklabs.watchtower.enable", "true"),),
        refuses=(("com.centurylinklabs.watchtower.enable", "false"),),
        everything=True,
    ),
    Watchdog(
        "Ouroboros",
        re.compile(r"(^|/)ouroboros\b"),
        (("com.ouroboros.enable", "true"),),
        refuses=(("com.ouroboros.enable", "false"),),
        everything=True,
    ),
)


def orchestrator_gate(container: ContainerState) -> Finding:
    """Shut for a container that is replaced as soon as it stops: two servers on one volume."""
    labels = dict(container.labels)
    owner = next((one for one in ORCHESTRATORS if _has(labels, one.label)), None)
    detail = ""
    if owner is not None:
        pause, resume = _filled(owner.pause, labels), _filled(owner.resume, labels)
        detail = (
            f"{owner.name} starts another container on the volume as soon as this one stops: "
            f"{pause}; {_PLAIN}; then {resume}"
        )
    return Finding(
        check="nothing replaces the container when it stops",
        ok=owner is None,
        expected="a container that no orchestrator owns",
        actual=f"a container of {owner.name}" if owner else "no label of an orchestrator",
        detail=detail,
    )


def watchdog_gate(container: ContainerState, running: tuple[Running, ...]) -> Finding:
    """Shut while a watchdog runs that restarts or replaces this container by itself."""
    labels = set(container.labels)
    at_work = [
        other.name
        for dog in WATCHDOGS
        for other in running
        if dog.image.search(other.image) and _watches(dog, labels)
    ]
    asked = sorted(dog.name for dog in WATCHDOGS if labels & set(dog.marks))
    names = " ".join(at_work)
    note = f"labelled for {', '.join(asked)}; none is seen running here" if asked else ""
    return Finding(
        check="no watchdog restarts the container meanwhile",
        ok=not at_work,
        expected="none at work",
        actual=", ".join(at_work) or "none",
        detail=f"docker stop {names}; after the restore: docker start {names}" if at_work else note,
    )


def _watches(dog: Watchdog, labels: set[tuple[str, str]]) -> bool:
    return bool(labels & set(dog.marks)) or (dog.everything and not labels & set(dog.refuses))


def _has(labels: dict[str, str], wanted: str) -> bool:
    if wanted.endswith("."):
        return any(name.startswith(wanted) for name in labels)
    return wanted in labels


def _filled(text: str, labels: dict[str, str]) -> str:
    return re.sub(r"\{([^}]+)\}", lambda found: labels.get(found[1], f"<{found[1]}>"), text)
