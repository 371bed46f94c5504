"""The help, the typos and the global options of every command, walked over the whole app."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from redis_dr.flows.cli import app as command_line
from redis_dr.flows.cli.main import main

GLOBAL = ("--config", "--instance", "--json", "--quiet", "--debug")
NO_DEFAULT = {"--help", "--install-completion", "--show-completion"}  # each is an action


def walk(group: TyperGroup, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command, those of groups included."""
    for name, one in group.commands.items():
        if isinstance(one, TyperGroup):
            yield from walk(one, (*words, name))
        else:
            yield (*words, name)


ROOT = typer.main.get_command(command_line.app)
assert isinstance(ROOT, TyperGroup)
COMMANDS = list(walk(ROOT))
EVERY = pytest.mark.parametrize("words", COMMANDS, ids=" ".join)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """No option's text is broken into lines."""
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setitem(command_line.HELP_SETTINGS, "max_content_width", 400)


def help_of(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> str:
    """What --help prints."""
    assert main([*words, "--help"]) == 0
    return capsys.readouterr().out


@EVERY
def test_the_help_has_a_sentence_and_an_example(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every example is a command line that this command takes."""
    lines = help_of(words, capsys).splitlines()
    assert lines[2].strip().endswith((".", ":"))
    begin = lines.index("  Examples:") + 1
    examples = [line.strip() for line in lines[begin : lines.index("", begin)]]
    monkeypatch.setattr(command_line, "execute", lambda *_: 0)

    assert examples
    for example in examples:
        given = example[example.index("redis-dr ") :].split()[1:]
        if '"' not in example:
            assert main(given) == 0, example
        assert tuple(given[: len(words)]) == words


@EVERY
def test_the_help_shows_the_default_of_every_option(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Or that the option is required."""
    text = help_of(words, capsys)
    options = [line for line in text.split("Options:\n")[1].splitlines() if "--" in line]
    without = [
        line
        for line in options
        if not ("[default: " in line or "required]" in line or NO_DEFAULT & set(line.split()))
    ]

    assert without == []
    assert all(any(line.strip().startswith(one) for line in options) for one in GLOBAL)


@EVERY
def test_global_options_are_taken_before_and_after_the_command(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both give the command the same values."""
    seen: list[object] = []
    monkeypatch.setattr(
        command_line, "execute", lambda _f, _s, context, _own: seen.append(context.options) or 0
    )
    given = ["--config", "a.toml", "--instance", "one", "--json", "--quiet", "--debug"]
    required = {
        ("pin",): ["ID"],
        ("unpin",): ["ID"],
        ("accept",): ["ID", "--reason", "meant"],
        ("init",): ["box"],
        ("export",): ["ID", "--db", "0", "--output", "f"],
    }.get(words, [])

    assert main([*given, *words, *required]) == 0
    assert main([*words, *required, *given]) == 0

    before, after = seen
    assert before == after
    assert before == type(before)("a.toml", "one", True, True, True)  # type: ignore[call-arg] # GlobalOptions


@pytest.mark.parametrize(
    ("line", "suggestion"),
    [
        ("bakup", "'backup'"),
        ("lst", "'list'"),
        ("config chek", "'check'"),
        ("list --jsn", "--json"),
        ("restore --dry-rum", "--dry-run"),
        ("backup --instanc x", "--instance"),
    ],
)
def test_a_typo_gets_a_suggestion(
    line: str, suggestion: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, one sentence and what to do; with --json one document that says the same."""
    assert main(line.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert suggestion in printed.err
    assert len(printed.err.splitlines()) == 2
    assert "What to do: run `redis-dr" in printed.err

    assert main(["--json", *line.split()]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["exit_code"] == 2
    assert suggestion in document["error"]["problem"]


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    """`redis-dr --version`."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    version = text.split('\nversion = "')[1].split('"')[0]

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"redis-dr {version}\n"


@pytest.mark.parametrize(
    ("words", "completion"), [("redis-dr rest", "restore"), ("redis-dr list --js", "--json")]
)
def test_the_shell_completes_commands_and_options(
    words: str,
    completion: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As bash asks for it."""
    monkeypatch.setenv("_REDIS_DR_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))

    with pytest.raises(SystemExit) as end:
        main([])

    assert end.value.code in {0, None}
    assert completion in capsys.readouterr().out.split()


def test_the_completion_script_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """`redis-dr --show-completion bash` prints what a shell loads."""
    with pytest.raises(SystemExit) as end:
        main(["--show-completion", "bash"])

    assert end.value.code in {0, None}
    assert "_REDIS_DR_COMPLETE" in capsys.readouterr().out


def test_serve_without_a_server_says_what_to_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No PREFECT_API_URL: exit code 2 and one sentence."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))

    assert main(["serve"]) == main(["deploy"]) == 2
    assert "set PREFECT_API_URL" in capsys.readouterr().err


def test_serve_without_prefect_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prefect is an extra: exit code 2 and one sentence."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    assert main(["serve"]) == 2
    assert "install redis-dr[prefect]" in capsys.readouterr().err
