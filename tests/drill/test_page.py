"""The page for people: it opens offline, tells the truth, and what it quotes cannot break it."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redis_dr.tasks.drill.page import render_page, summary
from redis_dr.tasks.model.drill.drill_report import Control, DrillLine, DrillReport
from redis_dr.tasks.model.report import Finding
from redis_dr.tasks.model.units import quantity
from tests.support.drill_case import DrillCase


class Links(HTMLParser):
    """Everything in a page that a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        outside = {"src", "href", "srcset", "action", "data"}
        self.found += [f"{tag} {name}={value}" for name, value in attrs if name in outside]
        self.found += [f"{tag} {name}" for name, _ in attrs if name.startswith("on")]


@pytest.fixture(scope="module")
def drilled(
    made: DrillCase, tmp_path_factory: pytest.TempPathFactory
) -> tuple[DrillCase, DrillReport]:
    """One drill and its stored page."""
    drill_case = made.copy(tmp_path_factory.mktemp("page") / "store")
    return drill_case, drill_case.drill(control=False)


def page_of(drill_case: DrillCase, report: DrillReport) -> str:
    return render_page(report, drill_case.manifest, drill_case.catalog, drill_case.instance)


def assert_offline(html: str) -> None:
    """No address in it is fetched, and nothing runs."""
    links = Links()
    links.feed(html)
    assert links.found == []
    assert not {"script", "link", "img", "iframe", "object", "base"} & links.tags
    assert not re.search(r"url\(|@import", html)


def test_the_stored_page_opens_offline(drilled: tuple[DrillCase, DrillReport]) -> None:
    """It lies beside the proof, plots inside, and fetches nothing."""
    drill_case, report = drilled
    html = (drill_case.folder / "proofs" / report.html.removeprefix("proofs/")).read_text()

    assert_offline(html)
    assert html.count("<svg") >= 4
    assert "cache:{hash}" in html
    assert drill_case.backup_id in html
    assert all(one.check in html.replace("&#39;", "'") for one in report.findings)


@settings(deadline=None, max_examples=50)
@given(text=st.text(min_size=1, max_size=40).map(lambda word: f'{word}<script>x</script>"onload='))
def test_nothing_that_a_key_or_an_error_says_becomes_markup(
    drilled: tuple[DrillCase, DrillReport], text: str
) -> None:
    """Names of keys and texts of errors come from outside."""
    drill_case, report = drilled
    hostile = report.model_copy(
        update={
            "examples": (text,),
            "findings": (Finding(check=text, ok=False, expected=text, actual=text, detail=text),),
            "negative_control": Control(kind=text, seed=1, red=True, named=True, cause=text),
            "trend": (
                DrillLine(
                    at=report.started_at, backup_id=text, ok=False, rto_seconds=1, keys=1, size=1
                ),
            ),
        }
    )
    assert_offline(page_of(drill_case, hostile))


def test_a_bad_drill_says_so_first(drilled: tuple[DrillCase, DrillReport]) -> None:
    """Verdict and cause come before everything else, in the page and in the lines."""
    drill_case, report = drilled
    bad = Finding(check="DB 0 holds the content", ok=False, expected="aa", actual="bb")
    failed = report.model_copy(update={"ok": False, "proven": False, "findings": (bad,)})
    html = page_of(drill_case, failed)

    assert "not proven" in html
    assert html.index("DB 0 holds the content") < html.index("Evidence")
    assert summary(failed)[0].startswith("NOT PROVEN")
    assert any("DB 0 holds the content: bb (expected aa)" in line for line in summary(failed))


def test_a_drill_that_restored_nothing_still_has_a_page(drill_case: DrillCase) -> None:
    """A damaged dump: no timings, no databases, a page with the cause."""
    path = drill_case.folder / "dump.rdb.zst"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    report = drill_case.drill(control=False)
    html = (drill_case.folder / "proofs" / report.html.removeprefix("proofs/")).read_text()

    assert not report.proven
    assert_offline(html)
    assert "dump.rdb.zst" in html


def test_figures_are_short() -> None:
    """Three digits and a unit."""
    assert quantity(1_234_567, "B") == "1.2 MB"
    assert quantity(999_600, "B") == "999.6 kB"
    assert quantity(0.0514, "s") == "0.0514 s"
    assert quantity(48_200, "keys") == "48,200 keys"
