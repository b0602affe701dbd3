"""The overview of very many runs as one page of HTML that needs no network and no script."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from lrdoctor.cleaning import clean, encodable
from lrdoctor.wording import counted, figure, percent

if TYPE_CHECKING:
    from lrdoctor.fleet.summary import Overview

_PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{{ runs }}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 0 0 2rem; width: 100% }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; overflow-wrap: anywhere }
th { border-bottom: 1px solid; font-weight: 600 }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
meter { width: 100%; min-width: 6rem }
</style>
<h1>{{ runs }}</h1>
<p>{% if not found.complete %}<strong>Interrupted: there are more.</strong> {% endif %}
{% if found.unreadable %}{{ lost }} could not be read.{% endif %} lrdoctor {{ found.version|clean }}</p>
{% macro dose(of) %}× {{ of.median|figure(2) }} ({{ of.low|figure(2) }} to {{ of.high|figure(2) }}){% endmacro %}
<h2>Verdicts</h2>
<table><tr><th>verdict<th class="n">runs<th class="n">share<th><th>factor of the rate: median (middle 80 %)</tr>
{% for name, of in found.verdicts.items() %}<tr><td>{{ name }}<td class="n">{{ "{:,}".format(of.runs) }}
<td class="n">{{ (of.runs / found.runs)|percent }}<td><meter value="{{ of.runs / found.runs }}"></meter>
<td>{{ dose(of) }}</tr>
{% endfor %}</table>
<h2>Optimizers</h2>
<table><tr><th>optimizer<th class="n">runs<th>factor of the rate<th>verdicts</tr>
{% for name, (of, by_verdict) in found.optimizers.items() %}<tr><td>{{ name|clean }}
<td class="n">{{ "{:,}".format(of.runs) }}<td>{{ dose(of) }}
<td>{% for verdict, count in by_verdict.items() -%}
{{ ", " if not loop.first }}{{ "{:,}".format(count) }} {{ verdict }}{% endfor %}</tr>
{% endfor %}</table>
{% if found.codes %}<h2>Findings</h2>
<table><tr><th>code<th class="n">runs</tr>
{% for code, count in found.codes.items() %}<tr><td>{{ code|clean }}<td class="n">{{ "{:,}".format(count) }}</tr>
{% endfor %}</table>{% endif %}
{% if found.worst %}<h2>Worst first</h2>
<table><tr><th>run<th>verdict<th class="n">rate<th class="n">factor<th class="n">advised<th>findings</tr>
{% for row in found.worst %}<tr><td>{{ row.id|clean }}<td>{{ row.verdict }}<td class="n">{{ row.lr|figure }}
<td class="n">{{ row.factor|figure(2) }}<td class="n">{{ row.advised_lr|figure }}
<td>{{ row.codes|map("clean")|join(", ") }}</tr>
{% endfor %}</table>{% endif %}
{% if found.errors %}<h2>Could not be read</h2>
<table><tr><th class="n">logs<th>reason</tr>
{% for reason, count in found.errors.items() %}<tr><td class="n">{{ "{:,}".format(count) }}<td>{{ reason|clean }}</tr>
{% endfor %}</table>{% endif %}
</html>
"""


def to_html(overview: Overview) -> str:
    """The whole page."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True)
    environment.filters |= {"figure": _figure, "percent": percent, "clean": lambda text: clean(str(text), 300)}
    page = environment.from_string(_PAGE).render(
        found=overview, runs=counted(overview.runs, "run"), lost=counted(overview.unreadable, "log")
    )
    return encodable(page)


def _figure(value: Any, digits: int = 3) -> str:
    return "" if value is None or math.isnan(value) else figure(value, digits)
