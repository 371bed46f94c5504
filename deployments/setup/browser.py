"""A headless browser for the tests of the UI: Debian's chromium, installed as root where missing.

python -m redis_dr.deployments.setup.browser
"""

import shutil
import sys
from collections.abc import Sequence

from redis_dr.deployments.setup.apt import install, may_install
from redis_dr.tasks.model.errors import RedisDrError, Unreachable

NAMES = ("chromium", "chromium-browser", "google-chrome")


def main(_arguments: Sequence[str]) -> int:
    """Have one; 4 with one line where that cannot be."""
    try:
        ensure_browser()
    except RedisDrError as error:
        print(f"browser: {error.problem}; {error.remedy}", file=sys.stderr)
        return error.exit_code
    return 0


def ensure_browser() -> str:
    """The path of one that is there, or was installed now. Raises Unreachable."""
    if found := browser():
        return found
    if not may_install():
        raise Unreachable(
            "no chromium is installed, and this user may not install one",
            "install it (on Debian and Ubuntu: sudo apt-get install chromium)",
        )
    install(["chromium"], "browser")
    if found := browser():
        return found
    raise Unreachable("chromium was installed and is not found", "see the package's files")


def browser() -> str | None:
    """The path of the first one that this machine has."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
