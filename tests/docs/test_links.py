"""Links between pages lead somewhere, and the code that a page names is there."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, links, name

PATH = re.compile(
    r"`((?:tests|flows|tasks|deployments|docs|benchmarks|src)/[\w./-]*\w(?:\.\w+|/))(?:::(\w+))?"
)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_has_a_target(page: Path) -> None:
    """File and anchor exist; the target is inside the repository."""
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(ROOT):
            broken.append(f"{link}: no such file")
        elif anchor and anchor not in anchors(target):
            broken.append(f"{link}: no such heading")
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_and_test_that_a_page_names_exists(page: Path) -> None:
    """A path in code marks is one of this repository; behind :: stands how a test's name begins."""
    missing = []
    for path, test in PATH.findall(page.read_text(encoding="utf-8")):
        target = ROOT / path
        if not target.exists() or (test and f"def {test}" not in target.read_text()):
            missing.append(f"{path}::{test}" if test else path)
    assert not missing


def test_every_page_can_be_reached_from_the_readme() -> None:
    """No page is known only to those who list the folder."""
    reached, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        todo += [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
    assert {name(page) for page in PAGES} <= {name(page) for page in reached}
