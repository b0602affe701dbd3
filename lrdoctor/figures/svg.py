"""Draws a figure as SVG: no script, no library, and readable on white and on black.

Inside a page (a notebook, a report) text takes the colour of the text around it. A file of its own brings its
background, and follows the reader's preference for light or dark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.figures import _svg_marks as marks
from lrdoctor.figures._svg_layout import LANE, Box, lanes, legend_rows, stack, subtitle_rows, text_width
from lrdoctor.figures.axes import ticks
from lrdoctor.figures.theme import PAPER, STYLES, TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.figures.spec import Axis, Figure, Panel

_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"


def paint(figure: Figure, *, width: int = 720, standalone: bool = False) -> str:
    """Write a figure as one SVG element.

    Parameters
    ----------
    width
        Pixels; the height follows from what there is to draw.
    standalone
        Whether it will be a file of its own rather than part of a page.
    """
    layout = stack(figure, width)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" class="lrdoctor" width="{width}" height="{layout.height}" '
        f'viewBox="0 0 {width} {layout.height}" style="max-width:100%;height:auto" font-family="{_FONT}" '
        f'font-size="12" fill="currentColor">',
        f"<title>{_text(figure.title)}: {_text(figure.subtitle)}</title><desc>{_text(figure.description)}</desc>",
    ]
    if standalone:
        parts += [_style(), f'<rect class="paper" width="{width}" height="{layout.height}" fill="{PAPER[0]}"/>']
    parts += [
        f'<text x="14" y="22" font-size="15" font-weight="600">{_text(figure.title, (width - 28) // 8)}</text>',
    ]
    for number, row in enumerate(subtitle_rows(figure, width)):
        parts.append(f'<text x="14" y="{40 + 16 * number}" opacity=".75">{_text(row)}</text>')
    for entries, y in zip(legend_rows(figure, width), layout.legend, strict=True):
        parts += [marks.legend_entry(entry, x, y) for entry, x in entries]
    for number, (panel, box) in enumerate(zip(figure.panels, layout.panels, strict=True)):
        parts += _panel(panel, box, last=number == len(figure.panels) - 1)
    for number, note in enumerate(figure.notes):
        y = layout.height - 8 - 15 * (len(figure.notes) - 1 - number)
        parts.append(f'<text x="14" y="{y}" font-size="11" opacity=".7">{_text(note, (width - 28) // 6)}</text>')
    return "".join([*parts, "</svg>\n" if standalone else "</svg>"])


def _style() -> str:
    """Light and dark, for a file of its own; presentation attributes give way to it."""
    light, dark = (
        f"svg.lrdoctor{{color:{TEXT[tone]}}}.paper{{fill:{PAPER[tone]}}}"
        + "".join(
            f".s-{ink}{{stroke:{color}}}.f-{ink}{{fill:{color}}}"
            for ink, style in STYLES.items()
            for color in ((style.light, style.dark)[tone],)
        )
        for tone in (0, 1)
    )
    return f"<style>{light}@media(prefers-color-scheme:dark){{{dark}}}</style>"


def _panel(panel: Panel, box: Box, *, last: bool) -> Iterator[str]:
    """Everything of one panel, from back to front."""
    yield from _grid(panel.x, panel.y, box, last=last)
    # An svg inside an svg cuts off what would be drawn outside of it.
    yield f'<svg x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}">'
    inside = Box(0.0, 0.0, box.width, box.height)
    for stretch in panel.stretches:
        yield marks.stretch(stretch, panel, inside)
    for line in panel.lines:
        yield from marks.broken(line, panel, inside)
    for band in panel.bands:
        yield marks.band(band, panel, inside)
    for line in panel.lines:
        yield marks.line(line, panel, inside)
    for guide in panel.guides:
        yield marks.guide(guide, panel, inside)
    yield "</svg>"
    for stretch, row in lanes(panel, box.width):
        yield marks.lane(stretch, panel, box, box.y - LANE * (row + 1))
    yield from marks.labels(panel, box)


def _grid(x: Axis, y: Axis, box: Box, *, last: bool) -> Iterator[str]:
    """Frame, grid lines, tick labels and axis labels."""
    lines = [f"M{box.x:g} {box.y + box.height:g}h{box.width:g}"]
    labels = []
    for value, text in ticks(y, max(int(box.height // 32), 3)):
        at = box.y + box.height * (1 - float(y.place(value)))
        lines.append(f"M{box.x:g} {at:.1f}h{box.width:g}")
        labels.append(f'<text x="{box.x - 7:g}" y="{at + 4:.1f}" text-anchor="end">{_text(text)}</text>')
    for value, text in ticks(x, max(int(box.width // 90), 2)):
        at = box.x + box.width * float(x.place(value))
        lines.append(f"M{at:.1f} {box.y:g}v{box.height:g}")
        if last:
            anchor = "end" if at + text_width(text) / 2 > box.x + box.width + 12 else "middle"
            place = f'x="{at:.1f}" y="{box.y + box.height + 16:g}" text-anchor="{anchor}"'
            labels.append(f"<text {place}>{_text(text)}</text>")
    middle = box.y + box.height / 2
    labels.append(
        f'<text transform="translate(13 {middle:g}) rotate(-90)" text-anchor="middle">{_text(y.label, 40)}</text>'
    )
    if last:
        right, below = box.x + box.width, box.y + box.height + 31
        labels.append(f'<text x="{right:g}" y="{below:g}" text-anchor="end">{_text(x.label, 40)}</text>')
    yield f'<path d="{"".join(lines)}" fill="none" stroke="currentColor" stroke-opacity=".14"/>'
    yield f'<g font-size="11" opacity=".8">{"".join(labels)}</g>'


def _text(text: str, limit: int = 2000) -> str:
    return marks.shown(text, limit)
