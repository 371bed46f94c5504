"""`make bench`: every benchmark in turn, each in a process of its own; figures go to results/.

python -m benchmarks [NAME ...]     only these
"""

import subprocess
import sys
from pathlib import Path

from redis_dr.deployments.setup.caller import forget_caller


def names() -> list[str]:
    """The modules that measure something: those that can be run."""
    folder = Path(__file__).parent
    return sorted(path.stem for path in folder.glob("*.py") if _runs(path))


def _runs(path: Path) -> bool:
    return path.stem != "__main__" and '__name__ == "__main__"' in path.read_text(encoding="utf-8")


def main() -> int:
    """Run them; the exit code is 1 when one failed."""
    failed = []
    for name in sys.argv[1:] or names():
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    forget_caller()
    sys.exit(main())
