"""Draws lines over one axis as an SVG file of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from redis_dr.tasks.drill.svg import Frame, element, round_up, way

_FRAME = Frame(width=760, height=380, left=60, right=20, top=40, bottom=50)
_COLOURS = ("#c0392b", "#2980b9", "#27ae60", "#8e44ad")
_DASHES = ("2 4", "8 4", "", "12 3 3 3")  # told apart without colours, too
_STYLE = Markup("text {font: 12px sans-serif}")
Line = Sequence[tuple[float, float]]


def draw(path: Path, title: str, axes: tuple[str, str], lines: Mapping[str, Line]) -> None:
    """Write the picture. `axes` are the names of x and y; y begins at 0."""
    most_x = max(x for points in lines.values() for x, _ in points) or 1
    most_y = round_up(max(y for points in lines.values() for _, y in points) or 1)
    width, height, left = _FRAME.width, _FRAME.height, _FRAME.left
    parts = [
        element("style", _STYLE),
        element("rect", width=width, height=height, fill="white"),
        element("text", title, x=left, y=20, font_size=15),
    ]
    for quarter in range(5):
        share = quarter / 4
        parts.append(_FRAME.grid(share, f"{most_y * share:.3g}", stroke="#ddd"))
        label, below = f"{most_x * share:.4g}", _FRAME.y(0) + 18
        parts.append(element("text", label, x=_FRAME.x(share), y=below, text_anchor="middle"))
    parts.append(element("text", axes[0], x=width // 2, y=height - 8, text_anchor="middle"))
    parts.append(element("text", axes[1], x=left, y=34, fill="#555"))
    for number, (name, points) in enumerate(lines.items()):
        places = [(_FRAME.x(x / most_x), _FRAME.y(y / most_y)) for x, y in points]
        parts += _line(number, name, places)
    whole = {"xmlns": "http://www.w3.org/2000/svg", "width": width, "height": height}
    path.write_text(element("svg", Markup("\n").join(parts), **whole) + "\n", encoding="utf-8")


def _line(number: int, name: str, places: Line) -> list[Markup]:
    """One line, and its row in the legend."""
    dashes = _DASHES[number % 4]
    pen = {"stroke": _COLOURS[number % 4], "stroke_width": 2, "stroke_dasharray": dashes}
    y, x = _FRAME.height - _FRAME.bottom - 20 - 18 * number, _FRAME.width - 230
    return [
        element("polyline", points=way(places), fill="none", **pen),
        element("line", x1=x, y1=y - 4, x2=x + 35, y2=y - 4, **pen),
        element("text", name, x=x + 42, y=y),
    ]
