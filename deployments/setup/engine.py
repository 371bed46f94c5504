"""Run a command with a Docker engine: one that answers, else a private one, stopped afterwards.

    python -m redis_dr.deployments.setup.engine run [--private DIRECTORY] -- COMMAND...

The command finds the engine in DOCKER_HOST. Several commands of one clone share its private
engine; the last one out stops it.
"""

import argparse
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from redis_dr.deployments.setup import dockerd
from redis_dr.deployments.setup.endpoint import answering, answers
from redis_dr.deployments.setup.engine_package import require_engine_package
from redis_dr.deployments.setup.lock import exclusive
from redis_dr.deployments.setup.place import Place, place_for
from redis_dr.tasks.model.errors import Interrupted, RedisDrError

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str]) -> int:
    """Run the command after `--` and give back its exit code, or 4 with one line why not."""
    asked = _parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with _opened(asked.private) as host:
            return call(asked.command, host)
    except KeyboardInterrupt:
        return Interrupted.exit_code
    except (RedisDrError, Interrupted) as error:
        print(f"engine: {error.problem}; {error.remedy}", file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="engine", description=__doc__)
    run = parser.add_subparsers(required=True).add_parser("run", help="run a command")
    run.add_argument(
        "--private", type=Path, metavar="DIRECTORY", help="leave other engines alone; its place"
    )
    run.add_argument("command", nargs="+", metavar="COMMAND")
    return parser


def _opened(private: Path | None) -> contextlib.AbstractContextManager[str]:
    if private is None:
        return engine(ROOT)
    require_engine_package()
    return private_engine(place_for(private))


@contextlib.contextmanager
def engine(root: Path) -> Iterator[str]:
    """The address of an engine that answers for as long as this lasts. Raises Unreachable."""
    if host := answering(os.environ):
        yield host
        return
    if named := os.environ.get("DOCKER_HOST"):
        print(f"engine: DOCKER_HOST={named} does not answer, taking a private one", file=sys.stderr)
    require_engine_package()
    if host := answering(os.environ):  # installing it may have started it
        yield host
        return
    with private_engine(place_for(root)) as host:
        yield host


@contextlib.contextmanager
def private_engine(place: Place) -> Iterator[str]:
    """The engine of this place, started when it does not run, stopped by its last user."""
    with (place.run / "users.lock").open("a") as users:
        with exclusive(place.run / "start.lock"):
            if not answers(place.host):
                dockerd.start(place)
                print(f"engine: a private one runs at {place.host}", file=sys.stderr)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield place.host
        finally:
            _leave(place, users.fileno())


def _leave(place: Place, users: int) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second ctrl-C must not cut this short
    with exclusive(place.run / "start.lock"):
        fcntl.flock(users, fcntl.LOCK_UN)
        with contextlib.suppress(BlockingIOError):  # somebody else still works with it
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            dockerd.stop(place)
    signal.signal(signal.SIGINT, before)


def call(command: Sequence[str], host: str) -> int:
    """Run the command to its end, whatever happens to us; its exit code as a shell gives it."""
    process = subprocess.Popen(command, env={**os.environ, "DOCKER_HOST": host})
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.wait()  # ctrl-C reached it as well: let it clean up
        raise
    except Interrupted:
        process.terminate()
        process.wait()
        raise
    return code if code >= 0 else 128 - code


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise Interrupted(f"stopped by {signal.Signals(number).name}", "run it again")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
