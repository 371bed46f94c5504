"""The reference pages say what the code says."""

import pytest

from docs.generate.__main__ import DOCS, PAGES


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_is_as_the_code_makes_it(name: str) -> None:
    """When this fails, `make docs` writes the page again."""
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_every_field_of_a_report_says_what_it_means() -> None:
    """A field without a comment or a description beside it has an empty cell in reports.md."""
    lines = PAGES["reports.md"]().splitlines()
    assert [line for line in lines if line.startswith("| `") and line.endswith("|  |")] == []
