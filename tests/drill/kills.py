"""Kill drills at every line that they say, and at random moments; what is left after `check`?

python -m tests.drill.kills [COUNT]
"""

import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import docker

from tests.drill.place import make_place
from tests.drill.test_killed import command_line, left, start, strike

_POINTS = ("fetching", "applying", "staging", "booting", "comparing", "writing", "replaying",
           "negative control")  # fmt: skip


def main() -> int:
    """1 when anything was left."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 24
    engine, dice, dirty = docker.from_env(timeout=120), random.Random(20261122), 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        place, server = make_place(engine, folder / "store")
        server.remove()
        redis_dr = command_line(place, folder)
        for number in range(count):
            process = start(redis_dr)
            if number < len(_POINTS):
                point = _POINTS[number]
                strike(process, point, signal.SIGKILL)
            else:
                seconds = dice.uniform(0.5, 12)
                point = f"after {seconds:.1f} s"
                time.sleep(seconds)
                process.kill()
                process.communicate()
            before = left(engine, place)
            redis_dr.run("check")
            after = left(engine, place)
            dirty += bool(after)
            print(f"{point}: left {len(before)}, after check {after}", flush=True)
    print(f"{count} kills, {dirty} left something after the next command")
    return 1 if dirty else 0


if __name__ == "__main__":
    sys.exit(main())
