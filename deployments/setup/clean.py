"""Remove what the make targets made in this clone: environment, private engine, caches."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = (".venv", ".run", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis")


def main() -> int:
    """Refuses while a private engine of this clone runs: its data lies in .run."""
    if (ROOT / ".run" / "engine" / "docker.pid").exists():
        print("make clean: a private engine still runs; end the make that uses it", file=sys.stderr)
        return 3
    for name in MADE:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
