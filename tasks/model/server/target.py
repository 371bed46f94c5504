"""Where a restore puts things: the names that the server will look for when it starts."""

from dataclasses import dataclass

from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.persistence import Persistence


@dataclass(frozen=True, slots=True)
class Target:
    """Names as the server reads them; a wrong one makes it start empty (facts/redis.md 5)."""

    dir: str
    dump: str
    append_folder: str
    append_file: str
    appendonly: bool
    databases: int = 16  # a file with a higher number is refused at the start
    modules: tuple[
        str, ...
    ] = ()  # --loadmodule of the container's command line, path and arguments

    @property
    def names(self) -> tuple[str, str]:
        """Everything in `dir` that holds data."""
        return (self.dump, self.append_folder)

    @property
    def loads(self) -> str:
        """The file that the server will load first."""
        return f"{self.append_folder}/" if self.appendonly else self.dump


def target_of(container: ContainerState, persistence: Persistence, configured: str = "") -> Target:
    """The server's own settings, corrected by what it will read when it starts.

    `configured` is the text of its configuration file. A setting changed at run time is gone after
    the restart; the file counts then, and the command line more.
    """
    given = {**_lines(configured), **options_of(container.command)}
    return Target(
        dir=persistence.dir,
        dump=given.get("dbfilename", persistence.dbfilename),
        append_folder=given.get("appenddirname", persistence.appenddirname),
        append_file=given.get("appendfilename", persistence.appendfilename),
        appendonly=given.get("appendonly", "yes" if persistence.appendonly else "no") == "yes",
        databases=int(given.get("databases", persistence.databases)),
        modules=_modules(container.command),
    )


def options_of(command: tuple[str, ...]) -> dict[str, str]:
    """`--name value` pairs of a redis-server command line; the last one wins, as in the server."""
    found: dict[str, str] = {}
    for word, following in zip(command, (*command[1:], ""), strict=True):
        if word.startswith("--"):
            name, separator, value = word[2:].partition("=")
            found[name.lower()] = value if separator else following.strip().strip('"')
    return found


def _lines(text: str) -> dict[str, str]:
    """`name value` lines of a redis.conf; includes are not followed, the trial boot would tell."""
    words = (line.split(None, 1) for line in text.splitlines() if line[:1].isalpha())
    return {pair[0].lower(): pair[1].strip().strip('"') for pair in words if len(pair) == 2}


def _modules(command: tuple[str, ...]) -> tuple[str, ...]:
    """`--loadmodule PATH ARGUMENT ...` as they stand there."""
    found: list[str] = []
    inside = False
    for word in command:
        if word.startswith("--"):
            inside = word == "--loadmodule"
        if inside:
            found.append(word)
    return tuple(found)
