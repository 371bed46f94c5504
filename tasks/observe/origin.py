"""The origin that a backup of an instance has when it is made now."""

import socket

from redis_dr.tasks.engine.identity import engine_identity
from redis_dr.tasks.model.backup.origin import Origin, plain_name
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.step import step


@step
def origin_of(container: ContainerState) -> Origin:
    """This host, its engine and the container. Raises Unreachable."""
    identity = engine_identity()
    return Origin(
        host=plain_name(socket.gethostname()),
        engine_id=plain_name(identity.id),
        engine_name=plain_name(identity.name),
        container=container.name,
        container_id=container.id,
    )
