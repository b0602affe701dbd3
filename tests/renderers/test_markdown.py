"""The report as Markdown, read back with a Markdown parser."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from lrdoctor.records import Diagnosis
from lrdoctor.renderers._base import Options
from lrdoctor.renderers.markdown import RENDERER, code, text


def render(diagnosis, **options):
    return "".join(RENDERER.render(diagnosis, Options(**options)))


def parsed(document):
    """All tokens, the inline ones flattened."""
    blocks = MarkdownIt("commonmark").enable("table").parse(document)
    return [token for block in blocks for token in (block, *(block.children or ()))]


def test_a_table_worst_first_and_the_rest_by_name(diagnosis):
    document = render(diagnosis)
    rows = [line for line in document.splitlines() if line.startswith("| 🔴") or line.startswith("| 🟠")]
    assert [row.split("|")[2].strip() for row in rows] == ["`sweep/lr_1`", "`sweep/lr_0.1`"]
    assert "**LR 0.1 × 0.18 (0.08 to 0.35) → 0.018**, warm up over the first 10 %" in document
    assert "🟢 healthy (3): `sweep/lr_0.001`, `sweep/lr_0.003`, `sweep/lr_0.01`" in document
    assert "- `broken.csv`: the file is empty" in document
    kinds = [token.type for token in parsed(document)]
    assert kinds.count("tr_open") == 1 + 2
    assert document.count("<details>") == document.count("</details>") == 2


def test_loudness(diagnosis):
    assert render(diagnosis, verbosity=1).count("\n| 🟢") == 3
    assert "<details>" not in render(diagnosis, verbosity=-1)
    alone = render(Diagnosis(runs=diagnosis.runs[:1]))
    assert "| 🟢 healthy | `sweep/lr_0.001` |" in alone


def test_what_does_not_fit_is_counted(diagnosis):
    many = Diagnosis(runs=diagnosis.runs * 300, unreadable=diagnosis.unreadable * 300)
    document = render(many)
    assert len(document) < 65_000
    assert "more runs\n" in document
    assert "and 270 more" in document
    assert document.rstrip().endswith("</details>") or "There is no room for the details of" in document


def test_nothing_from_a_log_is_markup(hostile):
    document = render(hostile, verbosity=1)
    tokens = parsed(document)
    assert not {"image", "link_open", "heading_open"} & {token.type for token in tokens[3:]}
    raw = {token.content.strip() for token in tokens if token.type in ("html_inline", "html_block")}
    assert all(html.startswith(("<details><summary><code>&lt;img", "</details>", "<!-- -->")) for html in raw)
    assert not any(ord(char) < 32 and char != "\n" for char in document)


@pytest.mark.parametrize("name", ["`", "``a`", "a|b", "@everyone", "#12", " ", "```\n"])
def test_names_stay_within_their_code_span(name):
    document = f"| a |\n|---|\n| {code(name)} |\n"
    spans = [token for token in parsed(document) if token.type == "code_inline"]
    assert len(spans) == 1
    assert spans[0].content.strip() == name.replace("\n", "\\n").strip()


def test_mentions_addresses_and_formulas_are_only_text():
    said = text("ask @everyone about #12 at https://x.example or WWW.x.example, $a_1$ <b>*now*</b>")
    assert "@<!-- -->everyone" in said
    assert "://<!-- -->" in said
    assert "WWW.<!-- -->" in said
    tokens = parsed(said)
    shown = "".join(token.content for token in tokens if token.type in ("text", "text_special"))
    assert shown == "ask @everyone about #12 at https://x.example or WWW.x.example, $a_1$ <b>*now*</b>"
