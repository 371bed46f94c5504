"""CPU of the start of the command: `redis-dr --help` and `redis-dr list`.

    python -m benchmarks.startup [ROUNDS]

User and system seconds of the process, the least and the median of the rounds: CPU, unlike time,
says little about what else the machine does. `list` reads a directory store with five backups.
Limits (issue 12): 0.35 s and 0.5 s. Bytecode must be written already, so a first round is not
counted; with PYTHONDONTWRITEBYTECODE every start would compile all libraries again.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from redis_dr.deployments.setup.caller import forget_caller
from redis_dr.tasks.model.settings.store import StoreSettings
from tests.support.backups import NAME, NOON, store_backup

RESULTS = Path(__file__).parent / "results" / "startup.json"
LIMITS = {"--help": 0.35, "list": 0.5}


def main() -> int:
    """Measure, print, keep; 1 when a limit is exceeded."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "redis-dr.toml").write_text(
            f'[instances."{NAME}"]\ncontainer = "{NAME}"\n[store]\nurl = "file:store"\n'
        )
        for day in range(5):
            store_backup(StoreSettings(url=f"file:{folder}/store"), NOON - timedelta(days=day))
        figures = {words: measure(words, folder, rounds) for words in LIMITS}
    RESULTS.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    return int(any(figures[words]["least"] > limit for words, limit in LIMITS.items()))


def measure(words: str, folder: Path, rounds: int) -> dict[str, float]:
    """CPU seconds of one command."""
    seconds = [cpu(words, folder) for _ in range(rounds + 1)][1:]
    return {
        "least": round(min(seconds), 3),
        "median": round(statistics.median(seconds), 3),
        "limit": LIMITS[words],
        "rounds": rounds,
    }


def cpu(words: str, folder: Path) -> float:
    """User and system seconds of one run."""
    environment = {key: value for key, value in os.environ.items() if key != _NO_BYTECODE}
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "redis_dr.flows.cli.main", words],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"

if __name__ == "__main__":
    forget_caller()
    sys.exit(main())
