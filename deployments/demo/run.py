"""The main job on real parts: `make demo`. Back up, lose everything, bring it back, prove it."""

import argparse
import contextlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import docker

from redis_dr.deployments.demo.dataset import fill, records
from redis_dr.deployments.demo.instance import (
    NAME,
    PASSWORD_FILE,
    DemoInstance,
    remove_instance,
    start_instance,
)
from redis_dr.deployments.demo.proof import answer_keys, compare, expected_keys, keys_of
from redis_dr.deployments.demo.query_service import running_query_service
from redis_dr.deployments.demo.workspace import (
    ROOT,
    Workspace,
    create_workspace,
    heading,
    note,
    write_configuration,
)
from redis_dr.deployments.setup.caller import forget_caller
from redis_dr.deployments.setup.image import ensure_image
from redis_dr.deployments.setup.recipe import REDIS_70
from redis_dr.tasks.cache.query_lists import read_lists
from redis_dr.tasks.configuration import load_settings
from redis_dr.tasks.model.errors import RedisDrError, Unreachable

RUNBOOK_IMAGE = "redis:7.2-alpine"


@dataclass(frozen=True, slots=True)
class Demo:
    """What the steps of the demo work with."""

    instance: DemoInstance
    workspace: Workspace
    size: int  # keys in all databases


def main(arguments: Sequence[str]) -> int:
    """Run the demo and remove what it started, also after ctrl-C."""
    started, options = time.monotonic(), _parser().parse_args(arguments)
    forget_caller()
    try:
        with contextlib.ExitStack() as end:
            _run(_set_up(options, end))
    except KeyboardInterrupt:
        return 130
    except RedisDrError as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return error.exit_code
    seconds = time.monotonic() - started
    heading(f"Done in {seconds:.0f} s; the backups are in {options.folder}/backups")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--name", default=NAME, help="of container and instance (%(default)s)")
    parser.add_argument("--keys", type=int, default=52_000, help="in all databases (%(default)s)")
    parser.add_argument("--folder", type=Path, default=ROOT / ".run" / "demo")
    return parser


def _set_up(options: argparse.Namespace, end: contextlib.ExitStack) -> Demo:
    heading("A Redis as the runbook has it, with its kinds of keys in DB 0, 1 and 2")
    engine = end.enter_context(contextlib.closing(docker.from_env(timeout=120)))
    workspace = create_workspace(options.folder)
    image = _image(engine)
    instance = start_instance(engine, options.name, image, workspace.password_file.read_text())
    end.callback(remove_instance, engine, options.name)
    service = running_query_service(workspace.password_file, instance.port)
    service_port = end.enter_context(service)
    write_configuration(workspace, instance.name, instance.port, service_port)
    note(
        f"container {instance.name} from {image}, port {instance.port}; "
        f"query service on {service_port}"
    )
    for db, keys in fill(instance.client, options.keys).items():
        note(f"DB {db}: {keys:,} keys")
    return Demo(instance, workspace, options.keys)


def _image(engine: docker.DockerClient) -> str:
    """The runbook's image, or one built from this distribution where no registry answers."""
    try:
        ensure_image(engine, RUNBOOK_IMAGE)
    except Unreachable:
        ensure_image(engine, REDIS_70.image)
        return REDIS_70.image
    return RUNBOOK_IMAGE


def _run(demo: Demo) -> None:
    run = demo.workspace.run
    heading("Back up")
    run("backup")
    run("list")
    heading("Lose everything")
    _lose(demo.instance)
    heading("A restore without the instance's name refuses, and shows its plan")
    run("restore", "latest", code=3)
    heading("Bring it back")
    run("restore", "latest", "--confirm", demo.instance.name)
    heading("Prove it, without asking redis-dr")
    _prove(demo)
    demo.instance.container.restart(timeout=60)
    note("one more docker restart")
    _prove(demo)
    heading("Ask the common queries once more: now they come from the cache")
    run("warm", "--replay")
    run("list")


def _lose(instance: DemoInstance) -> None:
    print(f"\n$ docker exec {instance.name} redis-cli FLUSHALL", flush=True)
    login = f"export REDISCLI_AUTH=$(cat {PASSWORD_FILE})"
    output = instance.container.exec_run(["sh", "-c", f"{login}; redis-cli FLUSHALL"]).output
    sizes = [len(keys_of(instance.client(db))) for db in (0, 1, 2)]
    note(output.decode().strip())
    note(f"keys in DB 0, 1 and 2 now: {sizes}; dump.rdb is empty as well")


def _prove(demo: Demo) -> None:
    settings = load_settings(demo.workspace.configuration).instance()
    queries = [query.text for query in read_lists(settings.warm.lists)]
    expected = expected_keys(list(records(demo.size)), settings.keys)
    compare(expected | answer_keys(queries), keys_of(demo.instance.client(0)))
    note(f"DB 0: {len(expected):,} keys, the very ones that were written and may come back,")
    note(f"      and {len(answer_keys(queries))} answers that the warm-up put there")
    for db in (1, 2):
        compare(set(), keys_of(demo.instance.client(db)))
        note(f"DB {db}: empty")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
