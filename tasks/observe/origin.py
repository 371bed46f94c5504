"""The origin that a backup of an instance has when it is made now."""

import socket

from redis_dr.tasks.engine.identity import engine_identity
from redis_dr.tasks.model.backup.origin import Origin
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.step import step


@step
def origin_of(container: ContainerState) -> Origin:
    """This host, its engine and the container. Raises Unreachable."""
    identity = engine_identity()
    return Origin(
        host=socket.gethostname(),
        engine_id=identity.id,
        engine_name=identity.name,
        container=container.name,
        container_id=container.id,
    )
