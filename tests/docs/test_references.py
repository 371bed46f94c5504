"""The reference pages say what the code says."""

import pytest

from docs.generate.__main__ import DOCS, PAGES


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_is_as_the_code_makes_it(name: str) -> None:
    """When this fails, `make docs` writes the page again."""
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"
