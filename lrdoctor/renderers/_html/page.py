"""Puts the page together: one file that needs no network, and may do nothing but run its own scripts."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import msgspec

from lrdoctor.cleaning import clean, encodable
from lrdoctor.renderers import _words as words
from lrdoctor.renderers._html.charts import chart
from lrdoctor.renderers._html.view import FILTERS, view
from lrdoctor.wording import counted

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from lrdoctor.records import Diagnosis

SCRIPTS = ("uplot/uPlot.iife.min.js", "axes.js", "marks.js", "charts.js", "table.js", "page.js")
STYLES = ("uplot/uPlot.min.css", "page.css")
_STATES = {"blew-up": "blew up", "unfinished": "unfinished", "no-level": "no loss"}
_UNSAFE = re.compile(r"[<\x7f-\U0010ffff]")


def document(diagnosis: Diagnosis) -> str:
    """The whole page."""
    styles = [*map(asset, STYLES), inks()]
    scripts = [*map(asset, SCRIPTS)]
    page = _environment().get_template("document.html").render(
        page=view(diagnosis), styles=styles, scripts=scripts, report=_json_report(diagnosis),
        policy=_policy(styles, scripts),
    )  # fmt: skip
    return encodable(page)


def fragment(diagnosis: Diagnosis) -> str:
    """What stands in the body of the page, for a host that loads styles and scripts itself."""
    return encodable(_environment().get_template("body.html").render(page=view(diagnosis)))


@cache
def asset(name: str) -> str:
    """The text of a style sheet or a script."""
    return resources.files(__package__).joinpath("assets", *name.split("/")).read_text(encoding="utf-8")


@cache
def inks() -> str:
    """The colours, widths and dashes of figures as a style sheet, for light and for dark."""
    from lrdoctor.figures.theme import STYLES as LOOKS

    light, dark = (
        "".join(f"--ink-{ink}:{(look.light, look.dark)[tone]};" for ink, look in LOOKS.items()) for tone in (0, 1)
    )
    shapes = "".join(
        f"--ink-{ink}-width:{look.width:g};--ink-{ink}-fill:{look.fill:g};--ink-{ink}-dots:{look.dots:d};"
        f"--ink-{ink}-dash:{' '.join(f'{part * look.width:g}' for part in look.dash) or ' '};"
        for ink, look in LOOKS.items()
    )
    classes = "".join(
        f".s-{ink}{{stroke:var(--ink-{ink})}}.f-{ink}{{fill:var(--ink-{ink})}}.k-{ink}{{background:var(--ink-{ink})}}\n"
        for ink in LOOKS
    )
    return f":root{{{light}{shapes}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{classes}"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__package__, "assets"), autoescape=True, undefined=StrictUndefined, finalize=_finalize,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {**FILTERS, "json": _json, "chart": chart}
    environment.globals |= {"argued": words.argued, "stretch": words.stretch, "counted": counted, "states": _STATES}
    return environment


def _finalize(value: Any) -> Any:
    """Every text that is written comes through here: escape codes and the like are made visible first."""
    return clean(value, 2000) if type(value) is str else value


def _json(value: Any) -> Markup:
    """JSON that may stand in a script element: nothing in it can end the element, begin a comment or turn the text."""
    from markupsafe import Markup

    return Markup(_UNSAFE.sub(_escaped, msgspec.json.encode(value).decode()))


def _escaped(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def _json_report(diagnosis: Diagnosis) -> Markup:
    from lrdoctor.renderers.json import report

    return _json(report(diagnosis))


def _policy(styles: list[str], scripts: list[str]) -> str:
    """A Content-Security-Policy that lets these run and show, and nothing else: no request can leave the page."""
    style, script = [" ".join(map(_hashed, texts)) for texts in (styles, scripts)]
    nothing = "default-src 'none'; base-uri 'none'; form-action 'none'"
    return f"{nothing}; img-src data:; style-src {style}; script-src {script}"


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
