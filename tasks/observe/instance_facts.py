"""Measure what the gates of an instance judge: reads only, and takes no helper container."""

from redis_dr.tasks.engine.neighbours import running_containers, servers_on_data
from redis_dr.tasks.model.restore.instance_gates import InstanceFacts
from redis_dr.tasks.model.server.sentinel import Sentinels
from redis_dr.tasks.model.server.server_inside import ServerInside
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.server.target import options_of
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.observe.sentinel import sentinels_of
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.step import step


@step
def instance_facts(
    server: ServerConnection, found: Survey, folder: str, inside: ServerInside | None
) -> InstanceFacts:
    """The neighbours of the container, and the Sentinels of the server. Raises Unreachable.

    `folder` is the server's data directory, `inside` who answers in the container.
    """
    running = running_containers()
    return InstanceFacts(
        survey=found,
        dir=folder,
        running=running,
        servers_on_data=servers_on_data(found.container, folder, running),
        sentinels=sentinels_of(server) if found.answers else Sentinels(),
        inside=inside,
        rights=server.rights,
    )


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
