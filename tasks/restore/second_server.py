"""Two servers on one data directory lose writes: look for the other one before each step."""

from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.errors import NoSuchContainer
from redis_dr.tasks.engine.helper import Helper
from redis_dr.tasks.engine.neighbours import servers_on_data
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.report import Finding


class SecondServer(RedisDrError):
    """Another container may serve from the same data: nothing is moved, nothing is started."""


def require_alone(helper: Helper, container: str, folder: str) -> None:
    """Raise SecondServer when another running container may serve from the data directory."""
    others = _others(helper, container, folder)
    if others:
        raise SecondServer(
            f"{', '.join(others)} runs on the data directory of {container}; two servers on it "
            f"would lose writes, so {container} stays stopped and its data as it is",
            f"hold back what started it (an orchestrator, a watchdog), run "
            f"`docker stop {' '.join(others)}`, then `redis-dr recover`",
        )


def alone(helper: Helper, container: str, folder: str) -> Finding:
    """The same look, as a finding about a server that was started."""
    others = _others(helper, container, folder)
    return Finding(
        check="no other server runs on the data",
        ok=not others,
        expected="none",
        actual=", ".join(others) or "none",
        detail=f"docker stop {' '.join(others)}" if others else "",
    )


def _others(helper: Helper, container: str, folder: str) -> tuple[str, ...]:
    try:
        instance = inspect(container)
    except NoSuchContainer:
        instance = inspect(helper.id)  # it has the same mounts
    return servers_on_data(instance, folder)
