"""A headless browser for the tests of the UI: Debian's chromium, installed as root where missing.

python -m deployments.setup.browser
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from tasks.model.errors import RedisDrError, Unreachable

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
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Unreachable(
            "no chromium is installed, and this user may not install one",
            "install it (on Debian and Ubuntu: sudo apt-get install chromium)",
        )
    print("browser: installing chromium", flush=True)
    for arguments in (("update",), ("install", "-y", "--no-install-recommends", "chromium")):
        _apt_get(*arguments)
    if found := browser():
        return found
    raise Unreachable("chromium was installed and is not found", "see the package's files")


def browser() -> str | None:
    """The path of the first one that this machine has."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _apt_get(*arguments: str) -> None:
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", *arguments]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment, timeout=900
    )
    # a broken third-party source must not stop an install that does not need it
    if result.returncode != 0 and arguments[0] != "update":
        complaint = (result.stderr.strip().splitlines() or ["no words"])[-1]
        raise Unreachable(f"chromium could not be installed ({complaint})", "install it by hand")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
