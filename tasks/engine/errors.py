"""The one place where the engine's errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
import urllib3
from docker import errors as docker_errors

from redis_dr.tasks.engine.fault import fault_of
from redis_dr.tasks.model.errors import RedisDrError, Unreachable, UsageError

_AWAY = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class NoSuchContainer(Unreachable):
    """The engine answers, and knows no container of that name."""


class NotPossibleNow(Unreachable):
    """409: the container is in a state that does not allow it, or the name is taken."""


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Translate every way in which the engine can fail while `doing` something."""
    try:
        yield
    except docker_errors.NotFound as error:
        raise NoSuchContainer(
            f"{doing}: {_said(error)}",
            "check the container's name in redis-dr.toml against `docker ps -a`",
        ) from error
    except docker_errors.APIError as error:
        raise _refused(doing, error) from error
    except (docker_errors.DockerException, *_AWAY) as error:
        raise _away(doing, error) from error


def _away(doing: str, error: Exception) -> RedisDrError:
    fault = fault_of(error)
    kind = UsageError if fault.usage else Unreachable
    return kind(f"{doing}: {fault.reason}", fault.remedy)


def _refused(doing: str, error: docker_errors.APIError) -> RedisDrError:
    if error.status_code == 409:
        return NotPossibleNow(f"{doing}: {_said(error)}", "wait a moment, then run it again")
    return Unreachable(f"{doing}: the engine refused: {_said(error)}", "see the engine's log")


def _said(error: docker_errors.APIError) -> str:
    return str(error.explanation or error).strip()
