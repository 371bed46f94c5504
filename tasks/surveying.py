"""Look at an instance before touching it."""

from tasks.engine.container import inspect
from tasks.engine.hands import Hands
from tasks.model.errors import Unreachable
from tasks.model.settings.instance import Instance
from tasks.model.survey import Survey
from tasks.server.connection import connect
from tasks.server.errors import redis_errors
from tasks.server.info import persistence, server_info
from tasks.step import step

# df counts in KiB; -P keeps each file system on one line
_FREE = "df -Pk \"$1\" | awk 'NR==2 {print $4 * 1024}'"


@step
def survey(instance: Instance) -> Survey:
    """The container and the server as they are. Raises UsageError for a wrong password."""
    container = inspect(instance.container)
    try:
        with redis_errors(instance.name):
            client = connect(instance)
            info = server_info(client)
            return Survey(container, info, persistence(client))
    except Unreachable as error:
        return Survey(container, silent=error.problem)


@step
def require_answer(found: Survey, instance: Instance) -> Survey:
    """Raise Unreachable when the server does not serve: there is nothing to back up then."""
    if found.info is None:
        raise Unreachable(
            f"{instance.name} does not answer: {found.silent}; its container is "
            f"{found.container.status}",
            f"see `docker logs {instance.container}`, and the url in the configuration; "
            "`redis-dr restore` can bring it back from a backup",
        )
    if found.info.loading:
        raise Unreachable(
            f"{instance.name} is loading its data set, {found.info.loading_loaded_perc:g} % done",
            "wait until it serves",
        )
    return found


def free_bytes(hands: Hands, path: str) -> int:
    """Free space of the file system that holds the path, as the container sees it."""
    return int(hands.run(_FREE, path))
