"""Render the server's configuration, and compare it with what runs and what a restart brings."""

import re
from urllib.parse import urlsplit

from redis_dr.flows.runbook.observe.silence import explained
from redis_dr.tasks.cache.flush import look_at_server
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.observe.rendering import (
    DATA,
    DEFAULT_IMAGE,
    DEFAULT_PORT,
    Service,
    compose_service,
    redis_conf,
)
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.server_config import (
    SECRETS,
    ConfigReport,
    judge_drift,
    on_command_line,
)
from redis_dr.tasks.model.server.start_line import server_words
from redis_dr.tasks.model.settings.instance import RUNBOOK_SERVER, Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.observe.config import read_settings, try_without_password
from redis_dr.tasks.server.connection import ServerConnection


def render(instance: Instance, image: str | None = None, port: int | None = None) -> ConfigReport:
    """redis.conf and a Compose service from `[server]`.

    Image, port and volume are those of the container where the engine knows it, unless they are
    given. Nothing is touched.
    """
    place = _service(instance, image, port)
    return ConfigReport(
        **heading("config render", instance.name, Timings(), (), ok=True),
        redis_conf=redis_conf(instance.server or RUNBOOK_SERVER),
        compose=compose_service(instance, place),
    )


def _service(instance: Instance, image: str | None, port: int | None) -> Service:
    try:
        container = inspect(instance.container)
    except RedisDrError:  # it may not exist yet: this writes the file that makes it
        return Service(image or DEFAULT_IMAGE, port or DEFAULT_PORT)
    mount = container.mount_of(DATA)
    return Service(
        image=image or container.image,
        port=port or _port_of(instance.url) or DEFAULT_PORT,
        volume=mount.name if mount and mount.kind == "volume" else "",
        folder=mount.source if mount and mount.kind == "bind" else "",
    )


def _port_of(url: str) -> int | None:
    parts = urlsplit(url)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    return parts.port if local else None


def check(instance: Instance) -> ConfigReport:
    """Each setting: wanted, running, and after a restart. Raises UsageError, Unreachable."""
    timings = Timings()
    container = inspect(instance.container)
    with explained(instance), ServerConnection(instance) as server:
        client = server.client()
        running = read_settings(client, instance)
        info = look_at_server(client, instance)
    command = on_command_line(container.command)
    # what a configuration file says nobody outside the container can tell
    told = server_words(container.command) is not None
    knowable = command if told and not (info.config_file or _from_stdin(container)) else None
    wanted = {name: value for name, value in instance.server.items() if name not in SECRETS}
    findings = (
        *judge_drift(wanted, running, knowable),
        try_without_password(instance),
        _hidden(container),
    )
    return ConfigReport(
        **heading("config check", instance.name, timings, findings),
    )


def _from_stdin(container: ContainerState) -> bool:
    return any("redis-server - <<" in word for word in container.command)


def _hidden(container: ContainerState) -> Finding:
    line = " ".join(container.command)  # the text of a shell shows it as well
    shown = sorted(name for name in SECRETS if re.search(rf"--{name}(?![\w-])", line))
    return Finding(
        check="no password on the command line",
        ok=not shown,
        expected="none",
        actual=", ".join(shown) or "none",
        detail="`docker inspect` and `ps` show it to everybody; `config render` shows how else"
        if shown
        else "",
    )
