"""Where a restore puts things: the names that the server will look for when it starts."""

from dataclasses import dataclass

from redis_dr.tasks.model.server.container import ContainerState
from redis_dr.tasks.model.server.next_start import NextStart, parsed_start
from redis_dr.tasks.model.server.persistence import Persistence
from redis_dr.tasks.model.server.start_line import server_words


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


def target_of(
    container: ContainerState, persistence: Persistence, start: NextStart | None = None
) -> Target:
    """Where the next start looks for its data: its own settings count, not those that run.

    `persistence` is what runs, or ran at the backup; it fills what the start does not tell.
    Without a `start` the start line has to tell.
    """
    start = start or parsed_start(container.command, "", "not tried")
    running = "yes" if persistence.appendonly else "no"
    databases = start.value("databases", str(persistence.databases))
    return Target(
        dir=persistence.dir,
        dump=start.value("dbfilename", persistence.dbfilename),
        append_folder=start.value("appenddirname", persistence.appenddirname),
        append_file=start.value("appendfilename", persistence.appendfilename),
        appendonly=start.value("appendonly", running) == "yes",
        databases=int(databases) if databases.isdecimal() else persistence.databases,
        modules=start.module_arguments or _modules(container.command),
    )


def options_of(command: tuple[str, ...]) -> dict[str, str]:
    """`--name value` pairs of the server's arguments; the last one wins, as in the server.

    None of a command that does not tell which arguments these are (start_line.py).
    """
    found: dict[str, str] = {}
    words = server_words(command) or ()
    for word, following in zip(words, (*words[1:], ""), strict=False):
        if word.startswith("--"):
            name, separator, value = word[2:].partition("=")
            found[name.lower()] = value if separator else following.strip().strip('"')
    return found


def _modules(command: tuple[str, ...]) -> tuple[str, ...]:
    """`--loadmodule PATH ARGUMENT ...` as they stand there."""
    found: list[str] = []
    inside = False
    for word in server_words(command) or ():
        if word.startswith("--"):
            inside = word == "--loadmodule"
        if inside:
            found.append(word)
    return tuple(found)
