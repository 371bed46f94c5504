"""The command line as a person uses it: a process of its own, its exit code, what it printed."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call gave."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The one JSON document on stdout; an error when there is more, or none."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document


@dataclass(frozen=True, slots=True)
class CommandLine:
    """redis-dr in a folder with a configuration."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def write(self, toml: str) -> "CommandLine":
        """Write redis-dr.toml."""
        (self.folder / "redis-dr.toml").write_text(toml, encoding="utf-8")
        return self

    def run(self, *arguments: str, seconds: float = 180) -> Answer:
        """Run a command for people."""
        return self._call(["-m", "redis_dr.flows.cli.main", *arguments], seconds)

    def python(self, code: str, *, seconds: float = 180) -> Answer:
        """Run a few lines of Python in the same place."""
        return self._call(["-c", code], seconds)

    def _call(self, arguments: list[str], seconds: float) -> Answer:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def report(self, *arguments: str, seconds: float = 180) -> dict[str, Any]:
        """Run with --json and give the report of a run that must succeed."""
        answer = self.run("--json", *arguments, seconds=seconds)
        assert answer.code == 0, f"{arguments}: exit {answer.code}\n{answer.out}\n{answer.err}"
        return answer.report
