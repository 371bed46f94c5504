"""Do drills lie? 200 seeded faults, of which none may be called proven, and 100 clean drills, of
which none may raise an alarm.

python -m tests.support.drill_soak [--faults N] [--clean N] [--seed N]     (or `make soak`)
python -m tests.support.drill_soak --journal FILE --minutes 4     a part; the next call continues
"""

import argparse
import json
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import docker

from benchmarks.measured import keep
from redis_dr.deployments.demo.instance import RUNBOOK_ARGS
from redis_dr.flows.runbook.backup import backup
from redis_dr.flows.runbook.drill.drill import DrillOptions, drill
from redis_dr.tasks.model.errors import RedisDrError
from redis_dr.tasks.model.settings.instance import Instance
from tests.support.drill_case import POLICY, make_drill_case, rewrite_aof
from tests.support.drill_faults import FAULTS, Means, identity, outcome
from tests.support.instance import instance_of
from tests.support.redis_server import RedisServer, start_redis
from tests.support.sleeping_image import sleeping_image

_AT_ONCE = 3  # clean drills
IMAGES = ("redis-dr/redis:7.0", "redis-dr/redis:8.0", "redis-dr/valkey:8.1")


def main() -> int:
    """Run both, print every failure, write the figures. 1 when a drill lied."""
    chosen = _arguments()
    engine = docker.from_env(timeout=120)
    deadline = time.monotonic() + chosen.minutes * 60
    for name, total, run in (("faults", chosen.faults, _faults), ("clean", chosen.clean, _clean)):
        done = len(_read(chosen.journal, name))
        for one in run(engine, range(done, total), chosen.seed):
            _note(chosen.journal, {"of": name, **one})
            if time.monotonic() > deadline:
                print(f"{name}: {len(_read(chosen.journal, name))} of {total}; run it again")
                return 3
    return _judge(chosen)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--clean", type=int, default=100)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--minutes", type=float, default=600, help="then stop; exit code 3")
    parser.add_argument("--journal", type=Path, help="go on where it ends; default: from the start")
    chosen = parser.parse_args()
    if chosen.journal is None:
        chosen.journal = Path(tempfile.mkdtemp(prefix="redis-dr-soak-")) / "journal"
    return chosen


def _judge(chosen: argparse.Namespace) -> int:
    faults, clean = (_read(chosen.journal, name) for name in ("faults", "clean"))
    lies = [one for one in (*faults, *clean) if not one["right"]]
    figures = {
        "faults": len(faults),
        "kinds": dict(Counter(one["kind"] for one in faults)),
        "called_proven": sum(one["proven"] for one in faults),
        "cause_not_named": sum(not one["proven"] and not one["right"] for one in faults),
        "clean": len(clean),
        "false_alarms": sum(not one["right"] for one in clean),
        "controls": dict(Counter(one["control"] for one in clean)),
    }
    print(json.dumps(figures, indent=1))
    for one in lies:
        print("LIE", json.dumps(one))
    if chosen.faults >= 200 and chosen.clean >= 100:
        keep("drill_soak", figures)
    return 1 if lies else 0


def _read(journal: Path, name: str) -> list[dict[str, Any]]:
    lines = journal.read_text().splitlines() if journal.exists() else []
    return [one for one in map(json.loads, lines) if one["of"] == name]


def _note(journal: Path, one: Mapping[str, object]) -> None:
    with journal.open("a") as file:
        file.write(json.dumps(one) + "\n")


def _faults(engine: docker.DockerClient, numbers: range, seed: int) -> Iterator[dict[str, object]]:
    if not numbers:
        return
    with tempfile.TemporaryDirectory() as name, sleeping_image(engine) as sleeping:
        folder = Path(name)
        made, server = make_drill_case(engine, folder / "made")
        server.remove()
        newer, server = make_drill_case(engine, folder / "newer", IMAGES[1])
        server.remove()
        for number in numbers:
            kind = sorted(FAULTS)[number % len(FAULTS)]
            own = folder / str(number)
            own.mkdir()
            means = Means(newer, sleeping, own)
            with identity(own / "none"):
                drill_case = made.copy(own / "store")
                broken = FAULTS[kind](drill_case, Random(seed + number), means)
                proven, cause = outcome(broken)
            right = not proven and any(text in cause for text in broken.says)
            told = "ok" if right else f"LIE, proven {proven}: {cause}"
            print(f"fault {number} {kind}: {told}", file=sys.stderr, flush=True)
            yield {"kind": kind, "seed": seed + number, "proven": proven, "cause": cause,
                   "right": right}  # fmt: skip


def _clean(engine: docker.DockerClient, numbers: range, seed: int) -> Iterator[dict[str, object]]:
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # a drill mostly waits
        for first in range(0, len(numbers), _AT_ONCE):
            some = numbers[first : first + _AT_ONCE]
            yield from pool.map(partial(_one_clean, engine, seed), some)


def _one_clean(engine: docker.DockerClient, seed: int, number: int) -> dict[str, object]:
    dice = Random(seed + number)
    image = IMAGES[number % len(IMAGES)]
    aof = dice.random() < 0.5
    arguments = RUNBOOK_ARGS if aof else ["--appendonly", "no"]
    server = start_redis(engine, image=image, args=[*arguments, "--databases", "20"])
    try:
        _strew(server, dice)
        if aof and dice.random() < 0.5:
            rewrite_aof(server)
        with tempfile.TemporaryDirectory() as store:
            report = _drilled(server, Path(store), number)
    finally:
        server.remove()
    print(f"clean {number} {image} aof={aof}: {report}", file=sys.stderr, flush=True)
    return {"image": image, "aof": aof, "seed": seed + number, **report}


def _drilled(server: RedisServer, store: Path, turn: int) -> dict[str, object]:
    fields = {**POLICY, "store": {"url": f"file:{store}"}}
    instance: Instance = instance_of(server, name=f"soak-{secrets.token_hex(4)}", **fields)
    try:
        backup(instance)
        report = drill(instance, DrillOptions(turn=turn))
    except RedisDrError as error:
        return {"right": False, "control": "", "cause": error.problem}
    bad = [f"{one.check}: {one.actual} {one.detail}" for one in report.findings if not one.ok]
    control = report.negative_control.kind if report.negative_control else ""
    return {"right": report.ok, "control": control, "cause": "; ".join(bad)}


def _strew(server: RedisServer, dice: Random) -> None:
    """Random keys of all types; some expire before, while and after they are drilled."""
    for db in dice.sample(range(20), dice.randrange(1, 5)):
        pipeline = server.client(db).pipeline(transaction=False)
        for number in range(dice.choice([0, 1, 7, 200, 800])):
            name = dice.randbytes(dice.randrange(1, 12)) + b"%d" % number
            kind = dice.randrange(6)
            if kind == 0:
                pipeline.set(name, dice.randbytes(dice.choice([0, 3, 60, 5000])))
            elif kind == 1:
                pipeline.rpush(name, *[dice.randbytes(9) for _ in range(dice.randrange(1, 200))])
            elif kind == 2:
                pipeline.sadd(name, *[dice.randrange(10**9) for _ in range(dice.randrange(1, 90))])
            elif kind == 3:
                pipeline.zadd(name, {dice.randbytes(5): dice.random() for _ in range(20)})
            elif kind == 4:
                fields = {dice.randbytes(4): dice.randbytes(dice.choice([5, 90])) for _ in range(9)}
                pipeline.hset(name, mapping=fields)
            else:
                pipeline.xadd(name, {"a": dice.randbytes(30), "b": number})
            if dice.random() < 0.3:
                pipeline.pexpire(name, dice.choice([1, 500, 4000, 8000, 20_000, 3_600_000]))
        pipeline.execute()


if __name__ == "__main__":
    sys.exit(main())
