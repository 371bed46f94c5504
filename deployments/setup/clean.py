"""Remove what the make targets made in this clone: environment, private engine, caches, core.

Standard library only: it runs on the system's Python. Trees of images in the user's cache stay.
"""

import shutil
import sys
from pathlib import Path

from redis_dr.deployments.setup.place import place_for

ROOT = Path(__file__).resolve().parents[2]
MADE = (".venv", ".run", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "build")


def main() -> int:
    """Exit code 3 while a private engine of this clone runs: its data would be cut off."""
    place = place_for(ROOT)
    if place.pidfile.exists() and Path("/proc", place.pidfile.read_text().strip()).exists():
        print("make clean: a private engine still runs; end the make that uses it", file=sys.stderr)
        return 3
    for built in (ROOT / "tasks" / "rdb" / "core").glob("*.so"):
        built.unlink()
    for folder in (place.run, *(ROOT / name for name in MADE)):
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
