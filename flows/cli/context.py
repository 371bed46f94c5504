"""What a verb of the command line gets: the configuration, and a place to talk to people."""

import argparse
import sys
from dataclasses import dataclass
from functools import cached_property

from redis_dr.tasks.configuration import configuration_path, load_settings
from redis_dr.tasks.model.settings.instance import Instance
from redis_dr.tasks.model.settings.root import Settings


@dataclass(frozen=True)
class Context:
    """Read once a run; the configuration is loaded when a verb first asks for it."""

    arguments: argparse.Namespace

    @cached_property
    def settings(self) -> Settings:
        """The whole configuration."""
        return load_settings(configuration_path(self.arguments.config))

    @cached_property
    def instance(self) -> Instance:
        """The instance that this run is about."""
        return self.settings.instance(self.arguments.instance)

    @property
    def json(self) -> bool:
        """Whether stdout belongs to one JSON document."""
        return bool(self.arguments.json)

    def progress(self, text: str, done: float | None = None, /) -> None:
        """A line for people: on stdout, or on stderr when stdout belongs to the JSON document."""
        line = text if done is None else f"{text}, {100 * done:.0f} %"
        print(line, file=sys.stderr if self.json else sys.stdout, flush=True)
