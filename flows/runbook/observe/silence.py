"""Why a server does not answer: the engine knows whether its container runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.model.errors import NotReady, RedisDrError
from redis_dr.tasks.model.server.container import silence_remedy
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.errors import answered

_NO_CONNECTION = "cannot be reached"  # as tasks/server/errors.py says it


@contextmanager
def explained(instance: Instance) -> Iterator[None]:
    """Give the error of a server that does not answer the remedy that fits its container."""
    try:
        yield
    except NotReady as error:
        if answered(error):  # it is loading, or serves nobody new
            raise
        try:
            container = inspect(instance.container)
        except RedisDrError:  # the server's own error is all that is known
            raise error from None
        if container.running and _NO_CONNECTION not in error.problem:
            raise  # slow, not away
        problem = f"{error.problem}; its container is {container.status}"
        raise NotReady(problem, silence_remedy(container, instance.url)) from error
