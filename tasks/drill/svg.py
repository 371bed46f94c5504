"""The parts of a plot as SVG text: a frame with its scale, round numbers, elements."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor, log10

from markupsafe import Markup, escape

_STEPS = (1, 2, 4, 5, 8, 10, 20)  # each divides by four into round labels


@dataclass(frozen=True, slots=True)
class Frame:
    """The area in which values are drawn, inside of its margins. All in pixels."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int

    def x(self, share: float) -> float:
        """From 0 at the left end to 1 at the right one."""
        return self.left + share * (self.width - self.left - self.right)

    def y(self, share: float) -> float:
        """From 0 at the bottom to 1 at the top."""
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)

    def grid(self, share: float, label: str, **style: str) -> Markup:
        """A line across at this height, with its label at the left."""
        y = self.y(share)
        across = element("line", x1=self.x(0), x2=self.x(1), y1=y, y2=y, **style)
        return across + element("text", label, x=self.left - 8, y=y + 4, text_anchor="end")


def round_up(value: float) -> float:
    """The next round number, so that the labels of a grid are round."""
    scale = 10.0 ** floor(log10(value))
    return next(step * scale for step in _STEPS if step * scale >= value)


def way(points: Iterable[tuple[float, float]]) -> str:
    """The `points` of a polyline."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def element(name: str, content: str = "", **attributes: object) -> Markup:
    """One element; `class_` is class, `text_anchor` is text-anchor. Texts are escaped."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
    )
    inside = escape(content)
    return Markup(f"<{name}{given}>{inside}</{name}>")  # noqa: S704 escaped above


def _value(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(escape(value))
