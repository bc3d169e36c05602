"""Draws line charts over a logarithmic axis, as SVG; equal values give equal text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

#: Pixels: the size of a chart, and the distances from its edges to the axes.
_WIDTH: Final = 640
_HEIGHT: Final = 260
_LEFT: Final = 60
_RIGHT: Final = 190
_TOP: Final = 40
_BOTTOM: Final = 40
#: Colours that colour-blind readers can distinguish.
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
_STEPS: Final = 4

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Chart:
    """Lines over one axis.

    Attributes:
        title: The title, with the unit of the vertical axis.
        across: The label of the horizontal axis.
        lines: Points by the name of their line; the first number of each is above 0.
    """

    title: str
    across: str
    lines: Mapping[str, Points]

    def drawn(self) -> list[str]:
        """The SVG elements of the chart."""
        points = [point for line in self.lines.values() for point in line]
        highest = _rounded_up(max(y for _, y in points))
        exponents = [math.log10(x) for x, _ in points]
        low, span = min(exponents), max(max(exponents) - min(exponents), 1)

        def x_of(x: float) -> float:
            return _LEFT + (math.log10(x) - low) / span * (_WIDTH - _LEFT - _RIGHT)

        def y_of(y: float) -> float:
            return _HEIGHT - _BOTTOM - y / highest * (_HEIGHT - _TOP - _BOTTOM)

        drawn = [_text(_LEFT, _TOP - 18, self.title, "start")]
        for step in range(_STEPS + 1):
            y = highest * step / _STEPS
            drawn.append(_line(_LEFT, y_of(y), _WIDTH - _RIGHT, y_of(y), "#ddd"))
            drawn.append(_text(_LEFT - 8, y_of(y) + 4, f"{y:g}", "end"))
        drawn += [
            _text(x_of(x), _HEIGHT - _BOTTOM + 18, f"{x:,.0f}", "middle")
            for x in sorted({x for x, _ in points})
        ]
        drawn.append(_text(_WIDTH - _RIGHT + 12, _HEIGHT - _BOTTOM + 18, self.across, "start"))
        for colour, (name, line) in zip(_COLOURS, self.lines.items(), strict=False):
            path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in line)
            drawn.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
            )
            row = _TOP + 16 * [*self.lines].index(name)
            drawn.append(_text(_WIDTH - _RIGHT + 12, row + 4, name, "start", colour))
        return drawn


def drawing(charts: Sequence[Chart]) -> str:
    """One SVG document with the charts one below another."""
    parts = [
        f'<g transform="translate(0,{place * _HEIGHT})">\n' + "\n".join(each.drawn()) + "\n</g>"
        for place, each in enumerate(charts)
    ]
    size = f'width="{_WIDTH}" height="{_HEIGHT * len(charts)}"'
    style = 'font-family="sans-serif" font-size="12"'
    background = '<rect width="100%" height="100%" fill="white"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>'
    return "\n".join([head, background, *parts, "</svg>"]) + "\n"


def _rounded_up(value: float) -> float:
    """The next larger value that is 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next(power * step for step in (1, 2, 5, 10) if value <= power * step)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#333") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}">{escape(text)}</text>'
