"""The documentation's commands: each is one that the program takes, the README's are run."""

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.flows.cli import app
from redis_dr.flows.cli.main import main
from tests.support.command_line import CommandLine
from tests.support.redis_server import RedisServer
from tests.support.runbook_toml import fill

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`(redis-dr [^`]+)`")
# what stands for something else in the text -> something that could stand there
STANDS_FOR = {
    "ID|latest|--all": "latest",
    "ID": "20261122T020000Z-1f09ac",
    "INSTANCE": "weka-redis",
    "NAME": "weka-redis",
    "N": "1",
    "FILE": "file.rdb",
    "URL": "file:elsewhere",
    "GLOB": "cache:*",
    "SECONDS": "5",
    "D": "doc-1",
    "C": "chunk-1",
}


def commands(page: Path) -> Iterator[list[str]]:
    """Every redis-dr command on a page, as arguments without the program's name."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    for line in [*lines, *SPAN.findall(text)]:
        command = line.strip().removeprefix("$ ")
        if command.startswith("redis-dr ") and "..." not in command:
            words = shlex.split(command, comments=True)[1:]
            yield [STANDS_FOR.get(word, word) for word in words]


ALL = [(page, command) for page in PAGES for command in commands(page)]


@pytest.mark.parametrize(
    ("page", "command"), ALL, ids=[f"{p.stem}-{shlex.join(c)}" for p, c in ALL]
)
def test_a_command_in_the_docs_is_one_that_the_program_takes(
    page: Path,
    command: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Verb, options and arguments: exit 2 would make the page a lie."""
    monkeypatch.setattr(app, "execute", lambda *_: 0)  # parse the words, run nothing

    code = main(command)

    assert code == 0, f"{page.name}: redis-dr {shlex.join(command)}: {capsys.readouterr().err}"


def test_the_readme_for_your_own_redis_works_line_by_line(
    redis_factory: Callable[..., RedisServer],
    configured: Callable[..., CommandLine],
) -> None:
    """From init to the dry run, on a container that redis-dr has never seen."""
    server = redis_factory(args=RUNBOOK_ARGS)
    redis_dr = configured(server)
    fill(server)
    (redis_dr.folder / "redis-dr.toml").unlink()
    section = (ROOT / "README.md").read_text().split("## For your own Redis")[1]
    lines = BLOCK.findall(section)[0].splitlines()
    ours = [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("redis-dr")]

    codes = {}
    for command in ours:
        words = [server.name if word == "weka-redis" else word for word in command]
        codes[command[0]] = redis_dr.run(*words).code

    assert codes.pop("check") in {0, 1}  # a young estate may have something to say
    assert codes == dict.fromkeys(["init", "backup", "drill", "restore"], 0)
