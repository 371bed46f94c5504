"""What a command gets: the global options, the configuration, and where progress goes."""

import sys
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from redis_dr import api
from redis_dr.flows.cli.progress import QuietProgress, TerminalProgress

if TYPE_CHECKING:
    from redis_dr.tasks.model.settings.instance import Instance
    from redis_dr.tasks.model.settings.root import Settings


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """The options that every command takes, before its name and after it."""

    config: str | None = None
    instance: str | None = None
    json: bool = False
    quiet: bool = False
    debug: bool = False

    def with_values(self, values: dict[str, Any]) -> "GlobalOptions":
        """The same with what was given at a later place of the command line."""
        return replace(self, **{name: value for name, value in values.items() if value})


@dataclass(frozen=True)
class Context:
    """One run of one command."""

    command: str
    options: GlobalOptions

    @cached_property
    def settings(self) -> "Settings":
        """The whole configuration, read when a command first asks for it."""
        return api.settings(self.options.config)

    @cached_property
    def instance(self) -> "Instance":
        """The instance that this run is about."""
        return self.settings.instance(self.options.instance)

    @cached_property
    def progress(self) -> TerminalProgress | QuietProgress:
        """For people: on stdout, or on stderr when stdout belongs to the JSON document."""
        if self.options.quiet:
            return QuietProgress()
        return TerminalProgress(sys.stderr if self.options.json else sys.stdout)
