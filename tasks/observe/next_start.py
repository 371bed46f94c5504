"""Ask a throwaway server, started as the container itself starts, what the restart will bring."""

import contextlib
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from redis_dr.tasks.engine.exec import run_in
from redis_dr.tasks.engine.own_start import OwnStart, own_start
from redis_dr.tasks.engine.sandbox import (
    Sandbox,
    SandboxFailed,
    info_fields,
)
from redis_dr.tasks.engine.start_files import StartFiles, start_files
from redis_dr.tasks.model.errors import RedisDrError, Refused
from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.next_start import (
    Login,
    Module,
    NextStart,
    config_lines,
    modules_listed,
    parsed_start,
    renamed_commands,
    renames_on_line,
    settings_of_info,
    without_secrets,
)
from redis_dr.tasks.model.server.rights import NEEDS, probes_of
from redis_dr.tasks.model.server.rights_gates import answer_of
from redis_dr.tasks.model.server.survey import Survey
from redis_dr.tasks.model.server.throwaway import memory_without_data
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.observe.login import client_login, tls_arguments
from redis_dr.tasks.server.address import username_of
from redis_dr.tasks.server.connection import ServerConnection
from redis_dr.tasks.server.info import config_values
from redis_dr.tasks.step import step

_LEAST_SECONDS = 30  # for an entrypoint; one that took longer last time gets three times as much
_INCLUDES = 20  # files that may include each other


@dataclass(frozen=True, slots=True)
class StartQuestion:
    """Whose next start, and what is known of the running one."""

    instance: Instance
    survey: Survey
    folder: str  # its data directory
    reader: str  # id of a container that has its mounts
    running: Mapping[str, str]  # settings of the server that runs; empty when it does not answer
    name: str  # of the throwaway container

    @property
    def seconds(self) -> float:
        """How long to wait for an answer: by what the last start took, where that is known."""
        took = self.survey.entrypoint_seconds or 0.0
        limit = self.instance.restore.start_timeout_seconds
        return min(limit, max(_LEAST_SECONDS, 3 * took))


@step
def next_start(question: StartQuestion) -> NextStart:
    """What the next start brings; where it cannot be made here, what files and start line say.

    Nothing of the instance is changed, and none of its data is read. Raises Unreachable.
    """
    with collected_files(question) as files:
        return ask_start(question, files)


def collected_files(question: StartQuestion) -> AbstractContextManager[StartFiles]:
    """The files that the next start finds. Raises Unreachable, ScriptFailed."""
    names = (
        question.running.get("dbfilename") or "dump.rdb",
        question.running.get("appenddirname") or "appendonlydir",
    )
    return start_files(question.survey.container, question.reader, names, question.folder)


def start_with(question: StartQuestion, files: StartFiles) -> OwnStart:
    """The container's own start, with a login for the client, and without any data."""
    return OwnStart(
        container=question.survey.container,
        name=question.name,
        files=files,
        beside=question.reader,
        memory=memory_without_data(question.survey.container.memory_limit),
        lease_seconds=question.instance.restore.lease_seconds,
        tls=tls_arguments(question.running),
        login=client_login(question.instance),
    )


def ask_start(question: StartQuestion, files: StartFiles) -> NextStart:
    """Make the start with these files, and ask it. Raises Unreachable."""
    found = question.survey
    try:
        start = start_with(question, files)
        with own_start(start, question.seconds) as (server, seconds):
            return replace(_asked(server, question), seconds=seconds)
    except (SandboxFailed, Refused) as error:
        text = _configuration(files, found)
        return parsed_start(found.container.command, text, error.problem)


@step
def running_settings(server: ServerConnection) -> dict[str, str]:
    """CONFIG GET * of the running server, without secrets; empty when it is not answered."""
    with contextlib.suppress(RedisDrError), server.errors():
        return without_secrets(config_values(server.client(), ["*"]))
    return {}


def _asked(server: Sandbox, question: StartQuestion) -> NextStart:
    container = question.survey.container
    login = _login(server, given=bool(server.access.environment))
    if login == "refused":
        return NextStart({}, login=login)
    answer = _optional(server, "INFO", "everything")  # `refused` names it where it is denied
    info = info_fields(answer)
    renamed = _renamed(server, info.get("config_file", ""), container)
    server = replace(server, access=replace(server.access, renamed=renamed))
    settings = _pairs(_optional(server, "CONFIG", "GET", "*"))
    users = _optional(server, "ACL", "USERS")
    named = (username_of(question.instance) or "default") != "default"
    return NextStart(
        refused=_refused(server) if named or settings.get("aclfile") else (),
        settings=without_secrets(settings) or settings_of_info(info),
        modules=_modules(server, answer),
        users=tuple(sorted(users.split())) if users else None,
        login=login,
        renamed=renamed,
        first_process=info.get("process_id") == "1",
    )


def _login(server: Sandbox, *, given: bool) -> Login:
    """PING is refused without the right password, also where the command itself is denied."""
    _, answer = server.ask("PING")
    if "WRONGPASS" in answer or "NOAUTH" in answer:
        return "refused"
    if "without any password configured" in answer:
        return "not wanted"
    return "accepted" if given or "PONG" in answer else "unknown"


def _refused(server: Sandbox) -> tuple[str, ...]:
    """The commands that a restore cannot do without, and that this user may not use there."""
    needed = {name for need in NEEDS["restore"] if need.required for name in need.commands}
    return tuple(
        name
        for name, call in probes_of("restore").items()
        if name in needed and "denied" in answer_of(server.ask(*call)[1])
    )


def _renamed(server: Sandbox, path: str, container: ContainerState) -> dict[str, str]:
    """New names of commands: the configuration file as the entrypoint left it, the start line."""
    lines = _with_includes(path, lambda name: _read(server, name))
    return renamed_commands([*lines, *renames_on_line(container.command)])


def _read(server: Sandbox, pattern: str) -> str | None:
    # unquoted: an include may be a pattern
    code, text = run_in(server.id, ["sh", "-c", "cat $1", "redis-dr", pattern])
    return text if code == 0 else None


def _with_includes(path: str, read: Callable[[str], str | None]) -> list[tuple[str, str]]:
    """The lines of a configuration file and of those that it includes."""
    left = [path] if path else []
    lines: list[tuple[str, str]] = []
    seen: set[str] = set()
    while left and len(seen) < _INCLUDES:
        path = left.pop(0)
        if path in seen:
            continue
        seen.add(path)
        found = config_lines(read(path) or "")
        left += [value for name, value in found if name == "include"]
        lines += found
    return lines


def _configuration(files: StartFiles, found: Survey) -> str:
    """The text of its configuration file, of those that can be seen without a start."""
    named = found.info.config_file if found.info else ""
    words = [word for word in found.container.command if word.endswith(".conf")]
    path = named or next(iter(words), "")
    home = found.container.working_dir or "/"
    lines = _with_includes(path, lambda name: files.text(str(PurePosixPath(home, name))))
    return "\n".join(f"{name} {value}" for name, value in lines)


def _optional(server: Sandbox, *command: str) -> str:
    """The answer; "" when this user may not ask, or the command has gone."""
    code, answer = server.ask(*command)
    return answer if code == 0 else ""


def _pairs(answer: str) -> dict[str, str]:
    lines = answer.splitlines()
    return dict(zip(lines[::2], lines[1::2], strict=False))


def _modules(server: Sandbox, info: str) -> tuple[Module, ...]:
    """By INFO, which needs no right; their paths by MODULE LIST."""
    names = re.findall(r"^module:name=([^,\s]+)", info, re.MULTILINE)
    paths = modules_listed(_optional(server, "MODULE", "LIST")) if names else {}
    return tuple(paths.get(name, Module(name)) for name in names)
