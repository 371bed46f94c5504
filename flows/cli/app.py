"""The command line: every command registers here with what it does and how its report is shown."""

import inspect
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from redis_dr.flows.cli.context import Context, GlobalOptions
from redis_dr.flows.cli.notify import Notify
from redis_dr.flows.cli.notify import notify as tell
from redis_dr.flows.cli.output import Output
from redis_dr.tasks.model.errors import Interrupted, RedisDrError

Command = Callable[..., Any]  # its report, or an exit code
Show = Callable[[Any, Output], None]
Own = Mapping[str, Any]  # the command's own options and arguments


@dataclass(frozen=True, slots=True)
class Manner:
    """How the outcome of a command reaches people."""

    show: Show | None = None  # prints the report
    notify: Notify | None = None  # None: only the terminal hears of it
    answers: Callable[[Own], bool] | None = None  # --quiet prints what was asked for
    recovers: bool = False  # stopped half way, it may leave something for `redis-dr recover`


DESCRIPTION = "Back up a Redis in a Docker container, restore it, and prove that this works."
HELP_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def flag(name: str, help_text: str) -> Any:
    """A switch that is off unless it is given."""
    return typer.Option(name, help=help_text, show_default="off")


def option(name: str, metavar: str, help_text: str, default: str | None = None) -> Any:
    """An option with a value; `default` is its text where the value itself says too little."""
    return typer.Option(name, metavar=metavar, help=help_text, show_default=default or True)


def argument(metavar: str, help_text: str, default: str | None = None) -> Any:
    """A word without an option's name."""
    return typer.Argument(metavar=metavar, help=help_text, show_default=default or True)


_GLOBAL: dict[str, Any] = {
    "config": Annotated[
        str | None,
        option("--config", "FILE", "The configuration.", "$REDIS_DR_CONFIG, else redis-dr.toml"),
    ],
    "instance": Annotated[
        str | None, option("--instance", "NAME", "The instance.", "the only one configured")
    ],
    "json": Annotated[bool, flag("--json", "Print one JSON document on stdout.")],
    "quiet": Annotated[
        bool, flag("--quiet", "Print no progress, and of a verdict only what is bad.")
    ],
    "debug": Annotated[bool, flag("--debug", "Show the traceback of an error.")],
}


def _print_version(wanted: bool) -> None:  # noqa: FBT001 the signature is typer's
    if wanted:
        from importlib.metadata import version

        print(f"redis-dr {version('redis-dr')}")
        raise typer.Exit


app = typer.Typer(
    name="redis-dr",
    help=DESCRIPTION,
    context_settings=HELP_SETTINGS,
    rich_markup_mode=None,  # rich costs 0.1 s of CPU, in every --help
    epilog="Examples: `redis-dr backup`, `redis-dr restore latest --dry-run`. "
    "`redis-dr COMMAND --help` shows the options and examples of a command.",
)
_groups: dict[str, typer.Typer] = {}


def always(_own: Own) -> bool:
    """For `Manner.answers`: the report is what was asked for."""
    return True


def command(
    *examples: str,
    show: Show | None = None,
    notify: Notify | None = None,
    answers: Callable[[Own], bool] | None = None,
    recovers: bool = False,
    group: str = "",
    name: str | None = None,
) -> Callable[[Command], Command]:
    """Register a function of a `Context` and the command's own options.

    `examples` stand in its help; the rest is its `Manner`.
    """
    manner = Manner(show, notify, answers, recovers)

    def register(function: Command) -> Command:
        words = name or function.__name__.replace("_", "-")
        (_groups[group] if group else app).command(
            words,
            help=_help(function, examples),
            short_help=_first_line(function),
            context_settings=HELP_SETTINGS,
        )(_with_global_options(function, f"{group} {words}".strip(), manner))
        return function

    return register


def add_group(name: str, help_text: str) -> None:
    """Register a command that has commands of its own, such as `config`."""
    group = typer.Typer(rich_markup_mode=None)
    group.callback(help=help_text, context_settings=HELP_SETTINGS)(_take_global_options())
    _groups[name] = group
    app.add_typer(group, name=name)


def execute(function: Command, manner: Manner, context: Context, own: dict[str, Any]) -> int:
    """Run a command, print its report or its error, notify, and give the exit code."""
    outcome = _outcome(function, manner, context, own)
    if isinstance(outcome, int):
        return outcome
    if isinstance(outcome, RedisDrError | Interrupted):
        exit_code = fail(context, outcome)
    else:
        exit_code = outcome.exit_code
        _print_report(outcome, manner, context, own)
    tell(manner.notify, context, own, outcome)
    return exit_code


def _outcome(function: Command, manner: Manner, context: Context, own: Own) -> Any:
    """The report, the exit code, or the error that ended the command."""
    remedy = "run `redis-dr recover` to see and finish or undo what was going on"
    if not manner.recovers:
        remedy = "run it again: it changes nothing on the instance that would need a recovery"
    try:
        return function(context, **own)
    except KeyboardInterrupt:
        return Interrupted("interrupted by the keyboard", remedy)
    except Interrupted as error:
        return Interrupted(error.problem, remedy)
    except RedisDrError as error:
        return error
    except Exception as error:  # noqa: BLE001 the last line of defence: no traceback for a bug
        bug = RedisDrError(
            f"a fault in redis-dr itself: {type(error).__name__}: {error}",
            "run it again with --debug, and report what it prints"
            + ("; `redis-dr recover` finishes or undoes what it began" if manner.recovers else ""),
        )
        bug.__cause__ = error
        return bug
    finally:
        context.progress.close()


def _print_report(report: Any, manner: Manner, context: Context, own: Own) -> None:
    """The exit code comes from the work, so a report that cannot be printed changes nothing."""
    asked = manner.answers is not None and manner.answers(own)
    quiet = context.options.quiet and not asked
    try:
        if context.options.json:
            print(_json_text(report.model_dump_json()))
        elif manner.show is not None and not (quiet and report.ok):
            manner.show(report, Output(only_bad=quiet))
    except Exception as error:  # noqa: BLE001 whatever it is, the work is done
        if context.options.debug:
            traceback.print_exc()
        print(
            f"redis-dr {context.command}: it ended with exit code {report.exit_code}, but its "
            f"report could not be printed: {type(error).__name__}: {error}; try --json",
            file=sys.stderr,
        )


def _json_text(text: str) -> str:
    """The same document in ASCII where it is not: any encoding of stdout can carry it."""
    import json

    return text if text.isascii() else json.dumps(json.loads(text))


def fail(context: Context, error: RedisDrError | Interrupted) -> int:
    """Print what happened and what to do; with --json also as the one document on stdout."""
    import json

    if context.options.debug:
        traceback.print_exception(error)
    if context.options.json:
        document = {
            "command": context.command,
            "instance": context.options.instance or "",
            "ok": False,
            "exit_code": error.exit_code,
            "error": {
                "kind": type(error).__name__,
                "problem": error.problem,
                "remedy": error.remedy,
            },
            "findings": [],
        }
        print(json.dumps(document))
    print(f"{f'redis-dr {context.command}'.strip()}: {error}", file=sys.stderr)
    return error.exit_code


def _with_global_options(function: Command, words: str, manner: Manner) -> Command:
    """What typer calls: the function's own options plus the global ones."""

    def call(ctx: typer.Context, **values: Any) -> int:
        given = {key: values.pop(key) for key in _GLOBAL}
        options = (ctx.obj or GlobalOptions()).with_values(given)
        return execute(function, manner, Context(words, options), values)

    own = list(inspect.signature(function).parameters.values())[1:]  # without the Context
    return _typed(call, [*own, *_global_parameters()])


def _take_global_options(more: Sequence[inspect.Parameter] = ()) -> Command:
    """The callback of the app or of a group: remembers what stands before the command."""

    def call(ctx: typer.Context, **values: Any) -> None:
        given = {key: values[key] for key in _GLOBAL}
        ctx.obj = (ctx.obj or GlobalOptions()).with_values(given)

    return _typed(call, [*_global_parameters(), *more])


def _typed(call: Command, parameters: Sequence[inspect.Parameter]) -> Command:
    """Give `call` the signature that typer reads the options from."""
    named = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    first = inspect.Parameter(
        "ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
    )
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in [first, *named]}
    setattr(call, "__signature__", inspect.Signature([first, *named]))  # noqa: B010 mypy knows no such attribute of a function
    return call


def _global_parameters() -> list[inspect.Parameter]:
    defaults = {"config": None, "instance": None, "json": False, "quiet": False, "debug": False}
    kind = inspect.Parameter.KEYWORD_ONLY
    return [
        inspect.Parameter(name, kind, default=defaults[name], annotation=annotation)
        for name, annotation in _GLOBAL.items()
    ]


def _help(function: Command, examples: Sequence[str]) -> str:
    lines = "\n".join(f"  {example}" for example in examples)
    return f"{inspect.getdoc(function)}\n\n\b\nExamples:\n{lines}"


def _first_line(function: Command) -> str:
    return (function.__doc__ or "").strip().splitlines()[0].rstrip(".")


app.callback()(
    _take_global_options(
        [
            inspect.Parameter(
                "version",
                inspect.Parameter.KEYWORD_ONLY,
                default=False,
                annotation=Annotated[
                    bool,
                    typer.Option(
                        "--version",
                        help="Print the version.",
                        show_default="off",
                        is_eager=True,
                        callback=_print_version,
                    ),
                ],
            )
        ]
    )
)
