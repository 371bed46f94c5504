"""Kill drills at every line that they say, at calls to the engine from the first to the last, and
at random moments; what is left after `check`?

python -m tests.support.drill_kills [FROM [TO]]     these of the points only
"""

import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import docker

from tests.drill.test_killed import command_line, left, start, strike
from tests.support.command_line import CommandLine
from tests.support.drill_case import make_drill_case
from tests.support.drill_strike import strike as strike_call

_LINES = ("fetching", "applying", "staging", "booting", "comparing", "writing", "replaying",
          "negative control")  # fmt: skip
_CALLS = 140  # a little more than a drill makes (131)
_STRIDE = 3
_AT_RANDOM = 16
Kill = Callable[[CommandLine], object]


def main() -> int:
    """1 when anything was left."""
    first, last = [*map(int, sys.argv[1:]), None, None][:2]
    points = list(_points().items())[first:last]
    engine, dirty, struck = docker.from_env(timeout=120), 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drill_case, server = make_drill_case(engine, folder / "store")
        server.remove()
        redis_dr = command_line(drill_case, folder)
        for point, kill in points:
            kill(redis_dr)
            before = left(engine, drill_case)
            redis_dr.run("check")
            after = left(engine, drill_case)
            dirty += bool(after)
            struck += bool(before)
            print(f"{point}: left {len(before)}, after check {after}", flush=True)
    print(f"{len(points)} kills, {struck} left something, {dirty} also after the next command")
    return 1 if dirty else 0


def _points() -> dict[str, Kill]:
    dice = random.Random(20261122)
    calls = range(1, _CALLS, _STRIDE)
    seconds = [dice.uniform(0.5, 12) for _ in range(_AT_RANDOM)]
    return {
        **{f"at {line!r}": partial(_at_line, line) for line in _LINES},
        **{
            f"{when} call {at}": partial(_at_call, at, when)
            for at, when in zip(calls, ("before", "after") * len(calls), strict=False)
        },
        **{f"after {one:.1f} s": partial(_after, one) for one in seconds},
    }


def _at_line(line: str, redis_dr: CommandLine) -> None:
    strike(start(redis_dr), line, signal.SIGKILL)


def _at_call(at: int, when: str, redis_dr: CommandLine) -> None:
    strike_call(redis_dr, name="SIGKILL", when=when, call=str(at))


def _after(seconds: float, redis_dr: CommandLine) -> None:
    process = start(redis_dr)
    time.sleep(seconds)
    process.kill()
    process.communicate()


if __name__ == "__main__":
    sys.exit(main())
