"""Plots as SVG: well-formed XML, every text escaped, every value inside of the frame."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.curve import draw
from redis_dr.tasks.drill.plots import Point, line_plot, spark, stacked_bar
from redis_dr.tasks.drill.svg import Frame, round_up

BEGIN = datetime(2026, 11, 22, tzinfo=UTC)
# seconds: none, or from a microsecond to 30 years
VALUES = st.lists(st.just(0.0) | st.floats(1e-6, 1e9), min_size=1, max_size=20)
TEXT = 'a < b & "c"'


def numbers(svg: ET.Element, *names: str) -> list[float]:
    return [float(part.attrib[n]) for part in svg.iter() for n in names if n in part.attrib]


@given(VALUES)
def test_a_line_stays_inside_and_says_each_value(values: list[float]) -> None:
    """With a target, with one point, with zeros."""
    points = [
        Point(BEGIN + timedelta(days=number), value, number % 2 == 0, TEXT)
        for number, value in enumerate(values)
    ]

    svg = ET.fromstring(str(line_plot(points, "s", target=values[0])))  # noqa: S314 our own text

    assert all(0 <= x <= 640 for x in numbers(svg, "x", "x1", "x2", "cx"))
    assert all(0 <= y <= 200 for y in numbers(svg, "y", "y1", "y2", "cy"))
    titles = [title.text or "" for title in svg.iter("title")]
    assert len(titles) == len(values)
    assert all(title.endswith(TEXT) for title in titles)


@given(VALUES)
def test_bars_and_sparks_are_well_formed(values: list[float]) -> None:
    """Whatever the shares are called."""
    bar = ET.fromstring(str(stacked_bar([(TEXT, value) for value in values], "B")))  # noqa: S314 see above
    line = ET.fromstring(str(spark(values)))  # noqa: S314 see above

    assert len(list(bar.iter("title"))) == len(values)
    assert line.attrib["viewBox"] == "0 0 120 24"


def test_a_picture_of_a_benchmark_is_a_file_of_its_own(tmp_path: Path) -> None:
    """It names the SVG namespace, or a browser shows only text."""
    draw(tmp_path / "a.svg", TEXT, ("x", "y"), {TEXT: [(0, 1), (5, 3)], "b": [(0, 0), (5, 2)]})

    svg = ET.parse(tmp_path / "a.svg").getroot()  # noqa: S314 see above
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert TEXT in [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]


@given(st.floats(1e-6, 1e15))
def test_the_axis_ends_at_a_round_number(value: float) -> None:
    """Not below the value, and at most 2.5 times above it."""
    top = round_up(value)

    assert value <= top <= 2.5 * value


def test_a_frame_turns_shares_into_pixels() -> None:
    """0 is at the left and at the bottom."""
    frame = Frame(width=100, height=50, left=10, right=20, top=5, bottom=15)

    assert (frame.x(0), frame.x(1)) == (10, 80)
    assert (frame.y(0), frame.y(1)) == (35, 5)
