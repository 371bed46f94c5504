"""Measure what the gates of an instance judge: reads only, and takes no helper container."""

from collections.abc import Mapping
from dataclasses import dataclass

from redis_dr.tasks.engine.neighbours import running_containers, servers_on_data
from redis_dr.tasks.engine.processes import place_in
from redis_dr.tasks.model.restore.instance_gates import InstanceFacts
from redis_dr.tasks.model.server.companions import ServersInside
from redis_dr.tasks.model.server.sentinel import Sentinels
from redis_dr.tasks.model.server.server_inside import ServerInside
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.server.target import options_of
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.observe.companions import servers_inside
from redis_dr.tasks.observe.sentinel import sentinels_of
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.step import step


@dataclass(frozen=True, slots=True)
class InstanceQuestion:
    """What is known of an instance before its gates are measured."""

    survey: Survey
    folder: str  # the server's data directory
    inside: ServerInside | None  # who answers in the container
    settings: Mapping[str, str]  # of the running server
    reader: str = ""  # id of a container that was started now with its mounts; "": none


@step
def instance_facts(server: ServerConnection, question: InstanceQuestion) -> InstanceFacts:
    """The neighbours of the container, its processes, and the Sentinels. Raises Unreachable."""
    found, folder, inside = question.survey, question.folder, question.inside
    running = running_containers()
    servers = servers_inside(server.instance, found, question.settings)
    return InstanceFacts(
        survey=found,
        dir=folder,
        servers=servers,
        served_place=_served_place(found, servers, folder),
        start_place=place_in(question.reader, folder) if question.reader and folder else "",
        running=running,
        servers_on_data=servers_on_data(found.container, folder, running),
        sentinels=sentinels_of(server) if found.answers else Sentinels(),
        inside=inside,
        rights=server.rights,
    )


def _served_place(found: Survey, servers: ServersInside, folder: str) -> str:
    """Device and inode of the data directory, as the process of the server has it."""
    if servers.own is not None and servers.own.place:
        return servers.own.place
    return place_in(found.container.id, folder) if found.answers and folder else ""


def known_dir(instance: Instance, found: Survey) -> str:
    """The server's data directory by its own word; of a dead one by its configuration.

    "" when neither says it: a look at the volume would, which takes a helper container.
    """
    if found.persistence is not None:
        return found.persistence.dir
    container = found.container
    given = options_of(container.command).get("dir", "")
    mounts = [mount for mount in container.mounts if mount.kind in {"volume", "bind"}]
    for folder in (instance.data_dir or "", given, container.working_dir):
        if folder.startswith("/") and any(mount.holds(folder) for mount in mounts):
            return folder
    return ""
