"""Where a restore puts things: the names that the server will look for when it starts."""

from dataclasses import dataclass

from tasks.model.container import ContainerState
from tasks.model.manifest import Persistence


@dataclass(frozen=True, slots=True)
class Target:
    """Names as the server reads them; a wrong one makes it start empty (facts/redis.md 5)."""

    dir: str
    dump: str
    append_folder: str
    append_file: str
    appendonly: bool

    @property
    def names(self) -> tuple[str, str]:
        """Everything in `dir` that holds data."""
        return (self.dump, self.append_folder)

    @property
    def loads(self) -> str:
        """The file that the server will load first."""
        return f"{self.append_folder}/" if self.appendonly else self.dump


def target_of(container: ContainerState, persistence: Persistence) -> Target:
    """The server's own settings, corrected by the container's command line.

    A setting changed at run time is gone after the restart; the command line is what counts then.
    """
    given = _options(container.command)
    return Target(
        dir=given.get("dir", persistence.dir),
        dump=given.get("dbfilename", persistence.dbfilename),
        append_folder=given.get("appenddirname", persistence.appenddirname),
        append_file=given.get("appendfilename", persistence.appendfilename),
        appendonly=given.get("appendonly", "yes" if persistence.appendonly else "no") == "yes",
    )


def _options(command: tuple[str, ...]) -> dict[str, str]:
    """`--name value` pairs of a redis-server command line; the last one wins, as in the server."""
    found: dict[str, str] = {}
    for word, following in zip(command, (*command[1:], ""), strict=True):
        if word.startswith("--"):
            name, separator, value = word[2:].partition("=")
            found[name.lower()] = value if separator else following.strip().strip('"')
    return found
