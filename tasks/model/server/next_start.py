"""What the next start of a container brings: its settings, modules, users, password and time.

A restart gives a server the settings of its start line, files, environment and entrypoint; what
CONFIG SET changed since is gone (facts/redis.md 18).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from redis_dr.tasks.model.server.server_config import SECRETS, normal, on_command_line
from redis_dr.tasks.model.server.start_line import server_words

# refused: it demands another password; not wanted: it demands none, and refuses the one it is given
Login = Literal["accepted", "refused", "not wanted", "unknown"]
# settings with more than one line
_PARTS = frozenset({"client-output-buffer-limit"})  # a file names some of its classes
_MANY = frozenset({"save", "client-output-buffer-limit"})


@dataclass(frozen=True, slots=True)
class Module:
    """One loaded module."""

    name: str
    path: str = ""  # "": built into the server
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NextStart:
    """What a throwaway server reported that was started as the container itself starts."""

    settings: Mapping[str, str]  # CONFIG GET *, without secrets; of an unknown start: what is known
    modules: tuple[Module, ...] = ()
    users: tuple[str, ...] | None = None  # None: not reported
    login: Login = "unknown"  # with the password that the configuration of the instance gives
    refused: tuple[str, ...] = ()  # commands that a restore needs and its user may not use
    renamed: Mapping[str, str] = field(default_factory=dict, repr=False)  # command: its new name
    seconds: float = 0.0  # from the start of the container to the first answer, without a load
    first_process: bool | None = None  # whether process 1 is the server; None: not known
    unknown: str = ""  # why the start could not be made here; then `settings` are only parsed

    @property
    def known(self) -> bool:
        """Whether the start was made, and the server told its settings."""
        return not self.unknown

    def value(self, name: str, running: str) -> str:
        """The setting after the restart; what runs now where nothing says otherwise."""
        return self.settings.get(name, running)

    def differs(self, name: str, running: str | None) -> bool:
        """Whether the restart changes it. A setting that one side does not know does not differ."""
        after = self.settings.get(name)
        if after is None or running is None or (name in _PARTS and not self.known):
            return False
        return normal(name, after) != normal(name, running)

    @property
    def cluster(self) -> bool:
        """Whether it is a node of a Redis Cluster."""
        return self.settings.get("cluster-enabled", "no") == "yes"

    @property
    def module_arguments(self) -> tuple[str, ...]:
        """`--loadmodule PATH ARGUMENT ...` for a server of the same image."""
        words = [("--loadmodule", one.path, *one.arguments) for one in self.modules if one.path]
        return tuple(word for line in words for word in line)


def without_secrets(settings: Mapping[str, str]) -> dict[str, str]:
    """The settings that may be shown; a secret one that is set is named as such."""
    return {
        name: ("***" if value else "") if name in SECRETS else value
        for name, value in settings.items()
    }


def parsed_start(command: tuple[str, ...], text: str, why: str) -> NextStart:
    """The start line and the configuration file's text, where the start could not be made."""
    lines = config_lines(text)
    settings: dict[str, str] = {}
    for name, value in lines:
        if name in _MANY and name in settings:
            settings[name] += f" {value}"
        elif name not in {"include", "rename-command"}:
            settings[name] = value
    for name, value in on_command_line(command).items():
        before, equals, after = name.partition("=")  # --name=value
        settings[before] = after if equals else value
    return NextStart(
        settings=without_secrets(settings),
        renamed=renamed_commands(lines),
        unknown=why
        if server_words(command) is not None
        else f"{why}; the start line does not tell how it starts the server",
    )


def config_lines(text: str) -> list[tuple[str, str]]:
    """`name value` of each line of a redis.conf, in order; names in lower case."""
    words = (line.strip().split(None, 1) for line in text.splitlines())
    return [
        (pair[0].lower(), pair[1].strip().strip("\"'"))
        for pair in words
        if len(pair) == 2 and not pair[0].startswith("#")
    ]


def renamed_commands(lines: list[tuple[str, str]]) -> dict[str, str]:
    """`rename-command CONFIG other`: upper case to the new name, "" for a disabled command."""
    renamed = {}
    for name, value in lines:
        words = value.split()
        if name == "rename-command" and words:
            renamed[words[0].strip("\"'").upper()] = words[1].strip("\"'") if words[1:] else ""
    return renamed


def renames_on_line(command: tuple[str, ...]) -> list[tuple[str, str]]:
    """`--rename-command CONFIG other` of a start line, as the lines of a configuration file."""
    words = [word for argument in command for word in (argument.split() or [""])]
    starts = [at for at, word in enumerate(words) if word.lower() == "--rename-command"]
    return [("rename-command", " ".join(words[at + 1 : at + 3])) for at in starts]


def modules_listed(answer: str) -> dict[str, Module]:
    """MODULE LIST as a client prints it, one word a line: name N ver V path P args A ..."""
    found: dict[str, Module] = {}
    words = answer.splitlines()
    starts = [at for at, word in enumerate(words[:-1]) if word == "name"]
    for at, end in pairwise([*starts, len(words)]):
        part = words[at:end]
        path = part[part.index("path") + 1] if "path" in part else ""
        arguments = part[part.index("args") + 1 :] if "args" in part else []
        given = tuple(word for word in arguments if word)
        found[part[1]] = Module(part[1], path if path.startswith("/") else "", given)
    return found


def settings_of_info(info: Mapping[str, str]) -> dict[str, str]:
    """What INFO tells of the settings, where CONFIG GET is not allowed."""
    names = {"maxmemory": "maxmemory", "maxmemory_policy": "maxmemory-policy"}
    found = {name: info[field] for field, name in names.items() if field in info}
    switches = {"aof_enabled": "appendonly", "cluster_enabled": "cluster-enabled"}
    yes_or_no = {"1": "yes", "0": "no"}
    return found | {
        name: yes_or_no[info[field]]
        for field, name in switches.items()
        if info.get(field) in yes_or_no
    }
