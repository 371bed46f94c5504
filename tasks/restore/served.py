"""Look at what is served now: the container's state, the server at the url, the one inside."""

import re

from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.engine.errors import NoSuchContainer
from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.restore.sighting import Sighting
from redis_dr.tasks.model.server.server_info import ServerInfo
from redis_dr.tasks.server.address import password_of
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.info import server_info
from redis_dr.tasks.step import step

_ANSWER_SECONDS = 5
_USUAL_PORT = 6379
_RUN_ID = re.compile(r"^run_id:(\w+)", re.MULTILINE)
_CLIENT = 'client=$(command -v redis-cli || command -v valkey-cli) && exec "$client" "$@"'


@step
def look_at_served(server: ServerConnection) -> Sighting:
    """What is there at this moment. Raises Unreachable when the engine does not answer."""
    name = server.instance.container
    try:
        state = inspect(name)
    except NoSuchContainer:
        return Sighting(name, "gone", "")
    try:
        with server.single_try(_ANSWER_SECONDS) as client, server.errors():
            info = server_info(client)
    except RedisDrError as error:
        return Sighting(name, state.status, state.started_at, silent=error.problem)
    inside = _run_id_inside(server, state.id, info) if state.running else ""
    return Sighting(name, state.status, state.started_at, info, inside=inside)


def leads_elsewhere(server: ServerConnection, info: ServerInfo) -> bool:
    """Whether the server that answered at the url is surely not the one in the container."""
    state = inspect(server.instance.container)
    inside = _run_id_inside(server, state.id, info) if state.running else ""
    return not state.running or inside not in {"", info.run_id}


def _run_id_inside(server: ServerConnection, container_id: str, info: ServerInfo) -> str:
    """The run_id of the server in the container, by the image's own client; "" when not known."""
    for port in dict.fromkeys((info.tcp_port, _USUAL_PORT)):
        if port and (run_id := _run_id_at(server, container_id, port)):
            return run_id
    return ""


def _run_id_at(server: ServerConnection, container_id: str, port: int) -> str:
    instance = server.instance
    password = password_of(instance)
    user = ("--user", instance.username) if instance.username and password else ()
    options = ("-e", "--no-auth-warning", "-p", str(port), *user)
    command = ["sh", "-c", _CLIENT, "client", *options, "INFO", "server"]
    environment = {"REDISCLI_AUTH": password} if password else {}
    try:
        code, text = run_in(container_id, command, seconds=_ANSWER_SECONDS, environment=environment)
    except RedisDrError:
        return ""
    lines = (line.partition(":") for line in text.splitlines())
    return (
        next((value.strip() for name, _, value in lines if name == "run_id"), "")
        if not code
        else ""
    )
