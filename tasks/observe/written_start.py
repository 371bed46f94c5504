"""What start line and configuration file say of the next start, read without starting anything.

`check` runs every few minutes: it starts no throwaway server, as a restore does to be sure
(tasks/observe/next_start.py). What an entrypoint changes is not seen here.
"""

from collections.abc import Mapping
from dataclasses import replace

from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.model.server.next_start import Login, NextStart, config_lines, parsed_start
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.server.target import options_of
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.address import password_of
from redis_dr.tasks.step import step

_LOOK_SECONDS = 30
_READ = 'if [ -f "$1" ]; then cat "$1"; fi'


@step
def written_start(instance: Instance, found: Survey) -> NextStart:
    """The start as it is written down. Raises Unreachable."""
    container = found.container
    path = found.info.config_file if found.info else ""
    text = ""
    if path and container.running:
        command = ["sh", "-c", _READ, "redis-dr", path]
        code, output = run_in(container.id, command, seconds=_LOOK_SECONDS)
        text = output if code == 0 else ""
    start = parsed_start(container.command, text, "start line and file only: check starts nothing")
    # a relative directory depends on where the server is started
    settings = {
        name: value
        for name, value in start.settings.items()
        if name != "dir" or value.startswith("/")
    }
    written = dict(config_lines(text)) | options_of(container.command)
    return replace(start, settings=settings, login=_login(instance, written))


def _login(instance: Instance, written: Mapping[str, str]) -> Login:
    """Whether the configured password is the one that is written down, where one is."""
    wanted, given = written.get("requirepass", ""), password_of(instance)
    users = {"aclfile", "user"} & set(written)
    other_user = (instance.username or "default") != "default"
    if not wanted or "\\" in wanted or users or other_user or not given:
        return "unknown"
    return "accepted" if given == wanted else "refused"
