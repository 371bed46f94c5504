"""docs/commands.md: every command with its options, from the command line's own help."""

from collections.abc import Iterator
from typing import Any

import typer.main
from typer.testing import CliRunner

from docs.generate.markdown import page, table
from redis_dr.flows.cli.main import app
from redis_dr.tasks.model import errors

ABOUT = """
`redis-dr [OPTIONS] COMMAND`. The options `--config`, `--instance`, `--json` and `--debug` are
accepted before and after the command. Where a backup is named: an ID, or `latest`, the newest
backup that is neither suspicious nor a safety backup, or `latest-proven`, the newest of those that
a drill or a restore proved. The beginning of an ID is enough where it fits one backup only.

With `--json` a command prints one JSON document on standard output, see [reports.md](reports.md).
Progress, plans and logs go to standard error.
"""
WIDTH = 90  # columns of the help
OTHER_CODES = {0: "done and proven", 1: "ran, and the verdict is bad", 130: "interrupted"}


def render() -> str:
    """The page."""
    return page("Commands", ABOUT, [_exit_codes(), *_commands()])


def _exit_codes() -> str:
    meanings = {
        kind.exit_code: (kind.__doc__ or "").split("\n")[0].rstrip(".")
        for kind in (
            errors.UsageError,
            errors.Refused,
            errors.Unreachable,
            errors.StoreError,
            errors.Damaged,
        )
    }
    rows = [(str(code), text) for code, text in sorted((meanings | OTHER_CODES).items())]
    return "## Exit codes\n\n" + table(("code", "meaning"), rows)


def _commands() -> Iterator[str]:
    yield _section("redis-dr", [])
    for name, command in sorted(typer.main.get_command(app).commands.items()):
        inner: dict[str, Any] = getattr(command, "commands", {})
        for words in [[name, one] for one in sorted(inner)] or [[name]]:
            yield _section(" ".join(words), words)


def _section(title: str, words: list[str]) -> str:
    result = CliRunner().invoke(
        app, [*words, "--help"], prog_name="redis-dr", terminal_width=WIDTH, catch_exceptions=False
    )
    text = "\n".join(line.rstrip() for line in result.stdout.strip().splitlines())
    return f"## {title}\n\n```text\n{text}\n```"
