"""The command line: finds the verb, runs it, prints its report, and alone decides the exit code."""

import argparse
import importlib
import json
import signal
import sys
import traceback
from collections.abc import Sequence
from types import FrameType
from typing import Any

from redis_dr.flows.cli.context import Context
from redis_dr.tasks.model.errors import Interrupted, RedisDrError
from redis_dr.tasks.model.report import Report

# module of flows/cli -> commands that it registers; only the asked one is imported (start-up time)
VERBS: dict[str, tuple[str, ...]] = {
    "backup": ("backup",),
    "restore": ("restore",),
    "recover": ("recover",),
    "drill": ("drill",),
    "check": ("check",),
    "export": ("export",),
    "list": ("list",),
    "show": ("show",),
    "verify": ("verify",),
    "prune": ("prune",),
    "pin": ("pin", "unpin"),
    "copy": ("copy",),
    "doctor": ("doctor",),
    "warm": ("warm",),
    "invalidate": ("invalidate",),
    "epoch": ("epoch",),
    "flush": ("flush",),
    "health": ("health",),
    "top": ("top",),
    "monitor": ("monitor",),
    "config": ("config",),
    "keys": ("keys",),
    "init": ("init",),
}


def run() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code (CONTRACT.md)."""
    arguments = command_parser(argv).parse_args(argv)
    for name in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _interrupt)
    try:
        return _execute(arguments)
    except KeyboardInterrupt:
        return _fail(
            arguments, Interrupted("interrupted by the keyboard", "run `redis-dr recover`")
        )
    except RedisDrError as error:
        return _fail(arguments, error)
    except Exception as error:  # noqa: BLE001 the last line of defence: a bug must not print a traceback
        bug = RedisDrError(
            f"a fault in redis-dr itself: {type(error).__name__}: {error}",
            "run `redis-dr recover`, then this again with --debug, and report what it prints",
        )
        return _fail(arguments, bug)


def _execute(arguments: argparse.Namespace) -> int:
    context = Context(arguments)
    report: Report = arguments.run(arguments, context)
    if context.json:
        sys.stdout.write(report.model_dump_json() + "\n")
    else:
        arguments.show(report, _console())
    return report.exit_code


def _console() -> Any:
    from rich.console import Console  # noqa: PLC0415 0.1 s that --json need not pay

    return Console(soft_wrap=True, highlight=False)


def _fail(arguments: argparse.Namespace, error: RedisDrError) -> int:
    if arguments.debug:
        traceback.print_exc()
    if arguments.json:
        document = {
            "command": arguments.command,
            "instance": arguments.instance or "",
            "ok": False,
            "exit_code": error.exit_code,
            "error": {
                "kind": type(error).__name__,
                "problem": error.problem,
                "remedy": error.remedy,
            },
            "findings": [],
        }
        sys.stdout.write(json.dumps(document) + "\n")
    sys.stderr.write(f"redis-dr {arguments.command}: {error}\n")
    return error.exit_code


def _interrupt(number: int, _frame: FrameType | None) -> None:
    name = signal.Signals(number).name
    raise Interrupted(
        f"stopped by {name}", "run `redis-dr recover` to see and settle what was going on"
    )


def command_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The parser for this command line; only the modules of the asked verb are loaded."""
    everywhere = _global_options()
    parser = argparse.ArgumentParser(
        prog="redis-dr", description=__doc__, parents=[_global_options(defaults=True)]
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    # every subparser takes the global options too: "accepted before and after the command"
    commands.add_parser = _with_parent(commands.add_parser, everywhere)  # type: ignore[method-assign] # see above
    for module in _modules(argv):
        importlib.import_module(f"redis_dr.flows.cli.{module}").register(commands)
    return parser


def _with_parent(add_parser: Any, parent: argparse.ArgumentParser) -> Any:
    def add(name: str, **options: Any) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = add_parser(
            name, parents=[parent], description=options.get("help"), **options
        )
        return made

    return add


def _global_options(*, defaults: bool = False) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    options.add_argument(
        "--config", metavar="FILE", help="default: $REDIS_DR_CONFIG, redis-dr.toml"
    )
    options.add_argument(
        "--instance", metavar="NAME", help="may be left out when one is configured"
    )
    options.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options.add_argument("--debug", action="store_true", help="show the traceback of an error")
    if defaults:
        options.set_defaults(config=None, instance=None, json=False, debug=False)
    return options


def _modules(argv: Sequence[str]) -> list[str]:
    asked = [module for module, verbs in VERBS.items() if any(verb in argv for verb in verbs)]
    helps = not asked or "-h" in argv or "--help" in argv
    return list(VERBS) if helps else asked


if __name__ == "__main__":
    run()
