"""The main job on real parts: `make demo`. Back up, lose everything, bring it back, prove it."""

import argparse
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import docker

from redis_dr.deployments.demo.dataset import fill, records
from redis_dr.deployments.demo.instance import (
    NAME,
    PASSWORD_FILE,
    Demo,
    remove_instance,
    start_instance,
)
from redis_dr.deployments.demo.proof import answers, compare, expected_keys, found_keys
from redis_dr.deployments.demo.stage import (
    ROOT,
    Stage,
    heading,
    say,
    set_stage,
    write_configuration,
)
from redis_dr.deployments.setup.image import ensure_image
from redis_dr.deployments.setup.recipe import REDIS_70
from redis_dr.tasks.cache.query_lists import read_lists
from redis_dr.tasks.configuration import load_settings
from redis_dr.tasks.model.errors import RedisDrError, Unreachable

RUNBOOK_IMAGE = "redis:7.2-alpine"


def main(arguments: Sequence[str]) -> int:
    """Run the demo; what it started is gone afterwards, also after ctrl-C."""
    started, asked = time.monotonic(), _parser().parse_args(arguments)
    try:
        with contextlib.ExitStack() as end:
            _job(*_set_up(asked, end))
    except KeyboardInterrupt:
        return 130
    except RedisDrError as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return error.exit_code
    heading(
        f"Done in {time.monotonic() - started:.0f} s; the backups are in {asked.folder}/backups"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--name", default=NAME, help="of container and instance (%(default)s)")
    parser.add_argument("--keys", type=int, default=52_000, help="in all databases (%(default)s)")
    parser.add_argument("--folder", type=Path, default=ROOT / ".run" / "demo")
    return parser


def _set_up(asked: argparse.Namespace, end: contextlib.ExitStack) -> tuple[Demo, Stage, int]:
    heading("A Redis as the runbook has it, with its kinds of keys in DB 0, 1 and 2")
    engine = end.enter_context(contextlib.closing(docker.from_env(timeout=120)))
    stage = set_stage(asked.folder)
    image = _image(engine)
    demo = start_instance(engine, asked.name, image, stage.password_file.read_text())
    end.callback(remove_instance, engine, asked.name)
    service_port = end.enter_context(_query_service(stage, demo.port))
    write_configuration(stage, demo.name, demo.port, service_port)
    say([f"container {demo.name} from {image}, port {demo.port}; query service on {service_port}"])
    for db, keys in fill(demo.client, asked.keys).items():
        say([f"DB {db}: {keys:,} keys"])
    return demo, stage, asked.keys


def _image(engine: docker.DockerClient) -> str:
    """The runbook's, or the one that this distribution gives where no registry is reached."""
    try:
        ensure_image(engine, RUNBOOK_IMAGE)
    except Unreachable:
        ensure_image(engine, REDIS_70.image)
        return REDIS_70.image
    return RUNBOOK_IMAGE


def _job(demo: Demo, stage: Stage, size: int) -> None:
    heading("Back up")
    stage.run("backup")
    stage.run("list")
    heading("Lose everything")
    _lose(demo)
    heading("A restore without the instance's name refuses, and shows its plan")
    stage.run("restore", "latest", code=3)
    heading("Bring it back")
    stage.run("restore", "latest", "--confirm", demo.name)
    heading("Prove it, without asking redis-dr")
    _prove(demo, stage, size)
    demo.container.restart(timeout=60)
    say(["one more docker restart"])
    _prove(demo, stage, size)
    heading("Ask the common queries once more: now they come from the cache")
    stage.run("warm", "--replay")
    stage.run("list")


def _lose(demo: Demo) -> None:
    print(f"\n$ docker exec {demo.name} redis-cli FLUSHALL", flush=True)
    login = f"export REDISCLI_AUTH=$(cat {PASSWORD_FILE})"
    said = demo.container.exec_run(["sh", "-c", f"{login}; redis-cli FLUSHALL"]).output
    sizes = [len(found_keys(demo.client(db))) for db in (0, 1, 2)]
    say([said.decode().strip(), f"keys in DB 0, 1 and 2 now: {sizes}; dump.rdb is empty as well"])


def _prove(demo: Demo, stage: Stage, size: int) -> None:
    instance = load_settings(stage.configuration).instance()
    queries = [query.text for query in read_lists(instance.warm.lists)]
    expected = expected_keys(list(records(size)), instance.keys)
    found = found_keys(demo.client(0))
    compare(expected | answers(queries), found)
    say([f"DB 0: {len(expected):,} keys, the very ones that were written and may come back,"])
    say([f"      and {len(answers(queries))} answers that the warm-up put there"])
    for db in (1, 2):
        compare(set(), found_keys(demo.client(db)))
        say([f"DB {db}: empty"])


@contextlib.contextmanager
def _query_service(stage: Stage, redis_port: int) -> Iterator[int]:
    command = [sys.executable, "-m", "redis_dr.deployments.demo.query_service", str(redis_port)]
    environment = {**os.environ, "REDIS_PASSWORD_FILE": str(stage.password_file)}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environment,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None  # noqa: S101 it is a pipe: for the type checker
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
