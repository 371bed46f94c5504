"""Plots as inline SVG: a page that carries them needs no network and no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor, log10

from markupsafe import Markup, escape

from redis_dr.tasks.model.units import quantity

_WIDTH, _HEIGHT = 640, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 12, 26


@dataclass(frozen=True, slots=True)
class Point:
    """One value at one moment; a bad one is drawn hollow."""

    at: datetime
    value: float
    good: bool = True
    says: str = ""  # shown when pointed at


def line_plot(points: Sequence[Point], unit: str, target: float | None = None) -> Markup:
    """Values over time, with the target as a dashed line."""
    top = _round_up(max([point.value for point in points] + [target or 0.0]) or 1.0)
    first, last = points[0].at.timestamp(), points[-1].at.timestamp()
    span = (last - first) or 1.0

    def x(point: Point) -> float:
        share = (point.at.timestamp() - first) / span if last > first else 0.5
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _HEIGHT - _BOTTOM - value / top * (_HEIGHT - _TOP - _BOTTOM)

    parts = [_grid(y(top * share / 4), quantity(top * share / 4, unit)) for share in range(5)]
    path = " ".join(f"{x(point):.1f},{y(point.value):.1f}" for point in points)
    parts.append(f'<polyline class="line" points="{path}"/>')
    if target is not None:
        end = _WIDTH - _RIGHT
        parts.append(
            f'<line class="target" x1="{_LEFT}" x2="{end}" y1="{y(target):.1f}" '
            f'y2="{y(target):.1f}"/>'
            f'<text class="target" x="{end}" y="{y(target) - 4:.1f}" text-anchor="end">'
            f"target {escape(quantity(target, unit))}</text>"
        )
    parts += [_dot(x(point), y(point.value), point, unit) for point in points]
    parts += _ends(points)
    return _svg(parts, _HEIGHT)


def stacked_bar(parts: Sequence[tuple[str, float]], unit: str) -> Markup:
    """One bar of named shares, with a legend below it."""
    total = sum(value for _, value in parts) or 1.0
    drawn, legend, left = [], [], 0.0
    for index, (name, value) in enumerate(parts):
        width = value / total * _WIDTH
        title = f"{name}: {quantity(value, unit)}"
        drawn.append(
            f'<rect class="c{index % 8}" x="{left:.1f}" y="0" width="{max(width - 1, 0.5):.1f}" '
            f'height="26" rx="2"><title>{escape(title)}</title></rect>'
        )
        column, row = index % 4, index // 4
        legend.append(
            f'<rect class="c{index % 8}" x="{column * 160}" y="{38 + row * 20}" width="11" '
            f'height="11" rx="2"/><text x="{column * 160 + 17}" y="{48 + row * 20}">'
            f"{escape(title)}</text>"
        )
        left += width
    return _svg([*drawn, *legend], 40 + 20 * ceil(len(parts) / 4))


def spark(values: Sequence[float]) -> Markup:
    """A small line without axes: is it going up or down?"""
    top = max(values) or 1.0
    step = 116 / max(len(values) - 1, 1)
    path = " ".join(f"{2 + i * step:.1f},{22 - v / top * 18:.1f}" for i, v in enumerate(values))
    x, y = (2 + (len(values) - 1) * step, 22 - values[-1] / top * 18)
    return Markup(  # noqa: S704 numbers only
        f'<svg viewBox="0 0 120 24" width="120" height="24">'
        f'<polyline class="line" points="{path}"/>'
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.2"/></svg>'
    )


def _round_up(value: float) -> float:
    scale = 10 ** floor(log10(value))
    return float(next(step for step in (1, 2, 4, 5, 8, 10, 20) if step * scale >= value) * scale)


def _grid(y: float, label: str) -> str:
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(label)}</text>'
    )


def _dot(x: float, y: float, point: Point, unit: str) -> str:
    shade = "dot" if point.good else "dot bad"
    says = f"{point.at:%Y-%m-%d %H:%M} UTC: {quantity(point.value, unit)} {point.says}".strip()
    return (
        f'<circle class="{shade}" cx="{x:.1f}" cy="{y:.1f}" r="4">'
        f"<title>{escape(says)}</title></circle>"
    )


def _ends(points: Sequence[Point]) -> list[str]:
    y = _HEIGHT - 6
    if points[0].at == points[-1].at:
        return [
            f'<text x="{_WIDTH / 2}" y="{y}" text-anchor="middle">{points[0].at:%d %b %H:%M}</text>'
        ]
    return [
        f'<text x="{_LEFT}" y="{y}">{points[0].at:%d %b %H:%M}</text>',
        f'<text x="{_WIDTH - _RIGHT}" y="{y}" text-anchor="end">{points[-1].at:%d %b %H:%M}</text>',
    ]


def _svg(parts: Sequence[str], height: int) -> Markup:
    inside = "".join(str(part) for part in parts)
    return Markup(  # noqa: S704 every text in it was escaped above
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img">{inside}</svg>'
    )
