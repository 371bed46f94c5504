"""Render the server's configuration, and compare it with what runs and what a restart brings."""

import re

from redis_dr.tasks.cache.flush import look_at_server
from redis_dr.tasks.engine.container import inspect
from redis_dr.tasks.model.observe.rendering import compose_service, redis_conf
from redis_dr.tasks.model.report import Finding, heading
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.server_config import (
    SECRETS,
    ConfigReport,
    judge_drift,
    on_command_line,
)
from redis_dr.tasks.model.server.start_line import server_words
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.timings import Timings
from redis_dr.tasks.observe.config import read_settings, try_without_password
from redis_dr.tasks.server.connection import ServerConnection


def render(instance: Instance, image: str, port: int) -> ConfigReport:
    """redis.conf and a Compose service from `[server]`; nothing is asked and nothing touched."""
    return ConfigReport(
        **heading("config render", instance.name, Timings(), (), ok=True),
        redis_conf=redis_conf(instance.server),
        compose=compose_service(instance, image, port),
    )


def check(instance: Instance) -> ConfigReport:
    """Each setting: wanted, running, and after a restart. Raises UsageError, Unreachable."""
    timings = Timings()
    container = inspect(instance.container)
    with ServerConnection(instance) as server:
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
