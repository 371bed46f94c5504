"""The door to the Docker engine. DOCKER_HOST and its TLS variables say which one."""

import functools
import os
from typing import Any

import docker
import requests
from docker import errors as docker_errors
from docker.context import ContextAPI

from redis_dr.tasks.engine.errors import engine_errors
from redis_dr.tasks.engine.patience import patiently

TIMEOUT_SECONDS = 60  # for one answer; calls that take longer by nature bring their own


class _PatientApi(docker.APIClient):  # type: ignore[misc] # the SDK has no types
    """Every call of the SDK and of ours goes through `send`."""

    # requests would take REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and the proxies, which are set for
    # other programs: the engine's own CA is the one in DOCKER_CERT_PATH
    trust_env = property(lambda _: False, lambda _, __: None)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """As requests sends it, until the engine's answer is one that lasts."""
        once = functools.partial(super().send, request, **options)
        return patiently(once, request.method or "", request.path_url)


class _PatientClient(docker.DockerClient):  # type: ignore[misc] # as above
    """The SDK's client, with that."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.api = _PatientApi(*args, **options)


@functools.lru_cache(maxsize=8)
def _client(seconds: int) -> docker.DockerClient:
    return _PatientClient.from_env(version="auto", timeout=seconds)


def engine(seconds: int = TIMEOUT_SECONDS) -> docker.DockerClient:
    """A client of the engine. Raises Unreachable when none answers."""
    with engine_errors("connecting to the Docker engine"):
        try:
            return _client(seconds)
        except ValueError as error:  # the SDK leaves it to urllib to find the port
            text = f"Invalid bind address: {error}"
            raise docker_errors.DockerException(text) from error


def engine_address() -> str:
    """DOCKER_HOST, or the address of the Docker context in use; "" for the default socket."""
    named = os.environ.get("DOCKER_HOST", "")
    if named:
        return named
    return str(ContextAPI.kwargs_from_context(environment=os.environ).get("base_url") or "")


def ask(method: str, path: str, seconds: float, **options: Any) -> requests.Response:
    """One request with its own patience for each byte. To be called within engine_errors."""
    api = engine().api
    url = f"{api.base_url}/v{api.api_version}{path}"
    answer: requests.Response = api.request(method, url, timeout=seconds, **options)
    try:
        answer.raise_for_status()
    except requests.HTTPError as error:
        raise docker_errors.create_api_error_from_http_exception(error) from error
    return answer
