"""Plots as inline SVG: a page that carries them needs no network and no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from markupsafe import Markup

from redis_dr.tasks.drill.svg import Frame, element, round_up, way
from redis_dr.tasks.model.units import quantity

_FRAME = Frame(width=640, height=200, left=62, right=14, top=12, bottom=26)


@dataclass(frozen=True, slots=True)
class Point:
    """One value at one moment; a bad one is drawn hollow."""

    at: datetime
    value: float
    good: bool = True
    says: str = ""  # shown when pointed at


def line_plot(points: Sequence[Point], unit: str, target: float | None = None) -> Markup:
    """Values over time, with the target as a dashed line."""
    top = round_up(max([point.value for point in points] + [target or 0.0]) or 1.0)
    first, last = points[0].at.timestamp(), points[-1].at.timestamp()

    def place(point: Point) -> tuple[float, float]:
        share = (point.at.timestamp() - first) / (last - first) if last > first else 0.5
        return _FRAME.x(share), _FRAME.y(point.value / top)

    parts = [
        _FRAME.grid(share / 4, quantity(top * share / 4, unit), class_="grid") for share in range(5)
    ]
    parts.append(element("polyline", class_="line", points=way(map(place, points))))
    if target is not None:
        parts += _target(_FRAME.y(target / top), f"target {quantity(target, unit)}")
    parts += [_dot(*place(point), point, unit) for point in points]
    parts += _ends(points)
    return _svg(parts, _FRAME.height)


def _target(y: float, label: str) -> list[Markup]:
    end = _FRAME.x(1)
    return [
        element("line", class_="target", x1=_FRAME.x(0), x2=end, y1=y, y2=y),
        element("text", label, class_="target", x=end, y=y - 4, text_anchor="end"),
    ]


def stacked_bar(parts: Sequence[tuple[str, float]], unit: str) -> Markup:
    """One bar of named shares, with a legend below it."""
    total = sum(value for _, value in parts) or 1.0
    drawn, legend, left = [], [], 0.0
    for index, (name, value) in enumerate(parts):
        width = value / total * _FRAME.width
        text, shade = f"{name}: {quantity(value, unit)}", f"c{index % 8}"
        bar = {"x": left, "y": 0, "width": max(width - 1, 0.5), "height": 26, "rx": 2}
        drawn.append(element("rect", element("title", text), class_=shade, **bar))
        x, y = index % 4 * 160, 38 + index // 4 * 20
        legend.append(element("rect", class_=shade, x=x, y=y, width=11, height=11, rx=2))
        legend.append(element("text", text, x=x + 17, y=y + 10))
        left += width
    return _svg([*drawn, *legend], 40 + 20 * ceil(len(parts) / 4))


def spark(values: Sequence[float]) -> Markup:
    """A small line without axes: is it going up or down?"""
    top = max(values) or 1.0
    step = 116 / max(len(values) - 1, 1)
    places = [(2 + number * step, 22 - value / top * 18) for number, value in enumerate(values)]
    x, y = places[-1]
    line = element("polyline", class_="line", points=way(places))
    dot = element("circle", class_="dot", cx=x, cy=y, r=2.2)
    return element("svg", line + dot, viewBox="0 0 120 24", width=120, height=24)


def _dot(x: float, y: float, point: Point, unit: str) -> Markup:
    shade = "dot" if point.good else "dot bad"
    says = f"{point.at:%Y-%m-%d %H:%M} UTC: {quantity(point.value, unit)} {point.says}".strip()
    return element("circle", element("title", says), class_=shade, cx=x, cy=y, r=4)


def _ends(points: Sequence[Point]) -> list[Markup]:
    y = _FRAME.height - 6
    first, last = f"{points[0].at:%d %b %H:%M}", f"{points[-1].at:%d %b %H:%M}"
    if points[0].at == points[-1].at:
        return [element("text", first, x=_FRAME.width // 2, y=y, text_anchor="middle")]
    return [
        element("text", first, x=_FRAME.left, y=y),
        element("text", last, x=_FRAME.x(1), y=y, text_anchor="end"),
    ]


def _svg(parts: Sequence[Markup], height: int) -> Markup:
    inside = Markup("").join(parts)
    return element("svg", inside, viewBox=f"0 0 {_FRAME.width} {height}", role="img")
