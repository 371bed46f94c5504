"""What must never be committed is not committed."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# put together here, so that this file does not hold what it looks for
HOSTS = ["pypi" + ".org", "python" + "hosted", "deb.debian" + ".org", "registry." + "npmjs"]
PLACES = [
    r"(?<![\w.$}])/" + place for place in ("work/main", "work/shared", "Users/", "home/[a-z]+/")
]
FORBIDDEN = {
    "a package registry's host": "|".join(map(re.escape, HOSTS)),
    "a path of one machine": "|".join([*PLACES, re.escape(str(ROOT) + "/")]),
    "a private key": "-----BEGIN [A-Z ]*PRIVATE" + " KEY|AGE-SECRET-" + "KEY-1[0-9A-Z]{20}",
    "unfinished work": "NotImplemented" + r"Error|\bTO" + r"DO\b|\bFIX" + "ME",
    "a test that is not run": r"pytest\.sk" + r"ip|mark\.(sk" + r"ip|xf" + "ail)",
}


@pytest.fixture(scope="module")
def tracked() -> dict[str, str]:
    """Every committed text, by its path."""
    command = ["git", "ls-files", "-z"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    paths = [ROOT / name for name in listing.stdout.split("\0") if name and name != "LICENSE"]
    return {str(p.relative_to(ROOT)): p.read_text(errors="replace") for p in paths if p.is_file()}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_tree_is_clean(tracked, what):
    """No committed file holds it."""
    pattern = re.compile(FORBIDDEN[what])
    assert [name for name, text in tracked.items() if pattern.search(text)] == []


def test_the_search_would_find_it():
    """Each pattern matches what it stands for: a search that finds nothing proves something."""
    examples = {
        "a package registry's host": "https://" + HOSTS[0] + "/simple",
        "a path of one machine": f"cd {ROOT}/flows",
        "a private key": "-----BEGIN PRIVATE" + " KEY-----",
        "unfinished work": "raise NotImplemented" + "Error",
        "a test that is not run": "pytest.sk" + "ip('later')",
    }
    assert all(re.search(FORBIDDEN[what], text) for what, text in examples.items())
    assert set(examples) == set(FORBIDDEN)


def test_generated_and_foreign_files_are_not_committed(tracked):
    """No environment, no caches, no lock file with addresses, no data of others."""
    bad = re.compile(r"(^|/)(\.venv|\.run|__pycache__|node_modules)/|golden_queries|\.lock$")
    assert [name for name in tracked if bad.search(name)] == []
