"""What start line and configuration file say of the next start, read without starting anything.

`check` runs every few minutes: it starts no throwaway server, as a restore does to be sure
(tasks/observe/next_start.py). What an entrypoint changes is not seen here.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.model.server.acl import names_in, opens
from redis_dr.tasks.model.server.next_start import Login, NextStart, config_lines, parsed_start
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.server.target import options_of
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.server.address import password_of, username_of
from redis_dr.tasks.step import step

_LOOK_SECONDS = 30
_READ = 'if [ -f "$1" ]; then cat "$1"; fi'

_RESOLVE = 'cd -- "$1" && pwd -P'


@step
def written_start(instance: Instance, found: Survey) -> NextStart:
    """The start as it is written down. Raises Unreachable."""
    container = found.container
    path = found.info.config_file if found.info else ""
    text = ""
    if path and container.running:
        text = _file(found, path)
    start = parsed_start(container.command, text, "start line and file only: check starts nothing")
    settings = dict(start.settings)
    if "dir" in settings:
        settings["dir"] = _resolved(found, settings["dir"])
    if not settings.get("dir"):
        settings.pop("dir", None)
    written = dict(config_lines(text)) | options_of(container.command)
    if file := written.get("aclfile", ""):
        users = _file(found, str(PurePosixPath(settings.get("dir") or "/", file)))
    else:
        users = text
    login = None
    if "user" not in options_of(container.command):
        login = _login_of_user(instance, users)
    login = login or _login(instance, written)
    return replace(start, settings=settings, login=login)


def _file(found: Survey, path: str) -> str:
    command = ["sh", "-c", _READ, "redis-dr", path]
    code, output = run_in(found.container.id, command, seconds=_LOOK_SECONDS)
    return output if code == 0 else ""


def _login_of_user(instance: Instance, users: str) -> Login | None:
    """By the lines that describe users; None where none does."""
    password, user = password_of(instance), username_of(instance) or "default"
    if not password or not names_in(users):
        return None
    login = opens(users, user, password)
    return None if login == "unknown" else login


def _resolved(found: Survey, folder: str) -> str:
    """As the container resolves it now, as a server names its own; "" for what is not known."""
    if not folder.startswith("/") or not found.container.running:
        return ""  # a relative one depends on where the server is started
    command = ["sh", "-c", _RESOLVE, "redis-dr", folder]
    code, output = run_in(found.container.id, command, seconds=_LOOK_SECONDS)
    return output.removesuffix("\n") if code == 0 else ""


def _login(instance: Instance, written: Mapping[str, str]) -> Login:
    """Whether the configured password is the one that is written down, where one is."""
    wanted, given = written.get("requirepass", ""), password_of(instance)
    users = {"aclfile", "user"} & set(written)
    other_user = (instance.username or "default") != "default"
    if not wanted or "\\" in wanted or users or other_user or not given:
        return "unknown"
    return "accepted" if given == wanted else "refused"
