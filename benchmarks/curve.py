"""Draws lines over one axis as an SVG, with nothing but text: no plotting library is needed."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 760, 380, 60, 40, 50
_COLOURS = ("#c0392b", "#2980b9", "#27ae60", "#8e44ad")
_DASHES = ("2 4", "8 4", "", "12 3 3 3")  # told apart without colours, too


def draw(
    path: Path,
    title: str,
    axes: tuple[str, str],
    lines: Mapping[str, Sequence[tuple[float, float]]],
) -> None:
    """Write the picture. `axes` are the names of x and y; y begins at 0."""
    most_x = max(x for points in lines.values() for x, _ in points) or 1
    most_y = _round_up(max(y for points in lines.values() for _, y in points) or 1)

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + x / most_x * (WIDTH - LEFT - 20)
        return across, HEIGHT - BOTTOM - y / most_y * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">',
        "<style>text {font: 12px sans-serif}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="15">{title}</text>',
    ]
    for step in range(5):
        y = most_y * step / 4
        _, height = place(0, y)
        parts.append(
            f'<line x1="{LEFT}" y1="{height:.1f}" x2="{WIDTH - 20}" y2="{height:.1f}"'
            ' stroke="#ddd"/>'
        )
        parts.append(f'<text x="{LEFT - 8}" y="{height + 4:.1f}" text-anchor="end">{y:.3g}</text>')
        across, floor = place(most_x * step / 4, 0)
        label = f"{most_x * step / 4:.4g}"
        parts.append(
            f'<text x="{across:.1f}" y="{floor + 18:.1f}" text-anchor="middle">{label}</text>'
        )
    parts.append(f'<text x="{WIDTH // 2}" y="{HEIGHT - 8}" text-anchor="middle">{axes[0]}</text>')
    parts.append(f'<text x="{LEFT}" y="34" fill="#555">{axes[1]}</text>')
    for number, (name, points) in enumerate(lines.items()):
        colour, dash = _COLOURS[number % 4], _DASHES[number % 4]
        way = " ".join(f"{a:.1f},{b:.1f}" for a, b in (place(x, y) for x, y in points))
        parts.append(
            f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"'
            f' stroke-dasharray="{dash}"/>'
        )
        height = HEIGHT - BOTTOM - 20 - 18 * number
        parts.append(
            f'<line x1="{WIDTH - 230}" y1="{height - 4}" x2="{WIDTH - 195}" y2="{height - 4}"'
            f' stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
            f'<text x="{WIDTH - 188}" y="{height}">{name}</text>'
        )
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")


def _round_up(value: float) -> float:
    """The next round number, so that the grid's labels are round."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 2, 4, 6, 8, 10) if power * step >= value)
