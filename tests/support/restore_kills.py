"""The whole kill table: every death of a restore in turn, and what was left.

python -m tests.support.restore_kills [WORD ...]     only the rows with these words
"""

import os
import signal
import sys
import tempfile
from pathlib import Path

import docker

from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.flows.runbook.backup import backup
from tests.support.installation import installation
from tests.support.leftovers import sweep
from tests.support.prefect_hosts import deploy
from tests.support.prefect_server import PrefectServer, running_prefect
from tests.support.redis_server import start_redis
from tests.support.restore_deaths import POOL, Death, after

KILL, TERM = signal.SIGKILL, signal.SIGTERM
DEATHS = (
    Death("direct", "flow", TERM),
    Death("direct", "flow", KILL),
    *(
        Death(under, struck, how)
        for under in ("serve", "worker")
        for struck, how in (
            ("flow", TERM),
            ("flow", KILL),
            ("nobody", None),
            ("stopped flow", None),
            ("runner", TERM),
            ("runner", KILL),
            ("both", KILL),
        )
    ),
)


def main() -> int:
    """1 when an instance was left neither old nor new, down or held, or a run open."""
    os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    engine, bad = docker.from_env(timeout=120), 0
    rows = [one for one in DEATHS if all(word in str(one) for word in sys.argv[1:])]
    sweep(engine)
    with tempfile.TemporaryDirectory() as name, running_prefect(Path(name) / "p") as server:
        for number, death in enumerate(rows):
            folder = Path(name) / str(number)
            folder.mkdir()
            bad += not one_row(engine, folder, server, death)
    return 1 if bad else 0


def one_row(engine: docker.DockerClient, folder: Path, server: PrefectServer, death: Death) -> bool:
    """Strike once, and print the row."""
    redis = start_redis(engine, args=RUNBOOK_ARGS, restart_policy={"Name": "unless-stopped"})
    try:
        made = installation(folder, redis)
        backup(made.instance)
        made.server.client().set("written:since", "1")
        if death.under == "worker":
            deploy(server, made, POOL)
        # Prefect kills what hears no cancel after 30 s, and its hook takes some more
        left = after(death, made, server, alone=120 if death.struck == "stopped flow" else 30)
    except (AssertionError, TimeoutError) as error:
        print(f"| {death} | BAD: {error} |", flush=True)
        return False
    finally:
        redis.remove()
    print(
        f"| {death} | {left.data} | {left.seconds} s | {left.state} | {left.closed} |", flush=True
    )
    return True


if __name__ == "__main__":
    sys.exit(main())
