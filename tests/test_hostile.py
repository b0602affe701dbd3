"""Names and values from logs through everything that shows them: nothing is ever interpreted."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from markdown_it import MarkdownIt

import lrdoctor
from lrdoctor import synth
from lrdoctor.cli import main
from lrdoctor.figures import overview_figure, range_test_figure, run_figure, svg, sweep_figure
from lrdoctor.live.events import to_json
from lrdoctor.live.following import Follower
from lrdoctor.prescribing.schedules import FRAMEWORKS
from lrdoctor.registry import discover
from lrdoctor.renderers._base import Options

RENDERERS = discover("lrdoctor.renderers", "RENDERER")
HOSTILE = {
    "image": "<img src=x onerror=alert(1)>",
    "script": "</script></style><script>alert(1)</script>",
    "attribute": "\"' onload=alert(1) x='",
    "comment": "--><!--]]><![CDATA[x]]>",
    "escapes": "\x1b[31mred\x1b]0;title\x07\x9b1m\x08\x7f",
    "newlines": "a\nb\r\nc\u2028d\x0be",
    "formula": "=cmd|'/C calc'!A0",
    "formulas": "\t@SUM(1+1)",
    "command": "::error::boo",
    "commands": "x %0A::error file=a,line=1::boo\n::set-output name=a::b",
    "direction": "\u202eevil\u2066\u200f\u200b",
    "long": "x" * 10_000,
    "wide": "<blink>" * 3000,
    "nul": "a\x00b",
    "surrogate": "a\udcffb",
    "markdown": "](javascript:alert(1)) `a` | b <script>alert(1)</script> ![x](http://x.example/y.png)",
    "template": "{{ 7*7 }}{% for x in () %}${7*7}[red]x[/red]",
    "mathtext": "$\\frac{$_^",
    "percent": "%s%n{0}\\N{DIGIT ONE}",
}
TEXTS = pytest.mark.parametrize("bad", HOSTILE.values(), ids=HOSTILE.keys())


def spoiled(run, bad):
    """The run with that text wherever a log can put one."""
    series = {f"{bad} {tag}": replace(one, tag=f"{bad} {tag}", role_reason=bad) for tag, one in run.series.items()}
    return replace(
        run, id=bad, source=bad, format=bad, series=series, notes=(bad,),
        hyperparameters={bad: bad, "lr": 0.1, "optimizer": bad, "schedule": bad},
    )  # fmt: skip


@pytest.fixture(scope="module")
def reports():
    """A report for each text, made once."""
    made = {}

    def report(bad):
        if bad not in made:
            runs = [synth.two_cycle(), synth.blow_up(), synth.overfit(), synth.healthy()]
            made[bad] = lrdoctor.diagnose([spoiled(run, bad) for run in runs])
        return made[bad]

    return report


def assert_only_text(text, *, commands=False):
    """No control character, no direction mark, no line that a workflow obeys."""
    odd = {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert not odd
    assert commands or not [line for line in text.splitlines() if line.strip().startswith("::")]


class Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


def assert_no_markup(page, *, scripts=0):
    found = Elements(page)
    assert not {"img", "iframe", "object", "embed", "blink", "base"} & set(found.tags)
    assert found.tags.count("script") == scripts
    for name, value in found.attributes:
        assert not name.startswith("on")
        assert not str(value).lstrip().lower().startswith(("javascript:", "data:text"))


@TEXTS
@pytest.mark.parametrize("name", RENDERERS)
@pytest.mark.parametrize("options", [Options(verbosity=1), Options(width=40), Options(width=80, verbosity=1)])
def test_every_renderer(reports, name, options, bad):
    report = reports(bad)
    text = "".join(RENDERERS[name].render(report.diagnosis, options))
    text.encode()
    CHECKS[name](text, report, reports("plain"), options)


def check_html(text, report, harmless, options):
    plain = "".join(RENDERERS["html"].render(harmless.diagnosis, options))
    assert_no_markup(text, scripts=Elements(plain).tags.count("script"))
    assert "\x1b" not in text
    assert "\u202e" not in text


def check_json(text, report, *_):
    assert text.isascii() or "\u2028" not in text
    assert_only_text(text)
    assert len(json.loads(text)["runs"]) == len(report)


def check_jsonl(text, report, *_):
    assert_only_text(text)
    assert len([json.loads(line) for line in text.split("\n") if line]) >= len(report)


def check_csv(text, report, *_):
    assert_only_text(text)
    for row in list(csv.reader(io.StringIO(text)))[1:]:
        for cell in row:
            assert not cell.lstrip().startswith(tuple("=+-@")) or is_number(cell)


def check_markdown(text, report, *_):
    assert_only_text(text)
    page = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    assert_no_markup(page)


def check_github(text, report, *_):
    assert_only_text(text, commands=True)
    assert len(text.splitlines()) == sum(bool(run.findings) for run in report.runs)
    for line in text.splitlines():
        assert line.startswith(("::error ", "::warning ", "::notice "))
        assert line.count("::") == 2 or "::" not in line.split("::", 2)[1]


def check_junit(text, report, *_):
    root = ET.fromstring(text)
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out", "properties", "property",
    }  # fmt: skip
    assert_only_text("".join(root.itertext()))


def check_text(text, report, *_):
    assert_only_text(text)


CHECKS = {
    "csv": check_csv, "github": check_github, "html": check_html, "json": check_json, "jsonl": check_jsonl,
    "junit": check_junit, "markdown": check_markdown, "text": check_text,
}  # fmt: skip


def is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_every_renderer_is_checked():
    assert CHECKS.keys() == RENDERERS.keys()


@TEXTS
def test_notebooks(reports, bad):
    report = reports(bad)
    for each in (report, report.runs[0]):
        bundle = each._repr_mimebundle_()
        assert_only_text(bundle["text/plain"])
        assert_no_markup(bundle["text/html"])


@TEXTS
def test_pictures(reports, bad):
    report = reports(bad)
    runs = [spoiled(synth.timid(), bad), spoiled(synth.reckless(), bad)]
    ramp = lrdoctor.range_test(spoiled(synth.range_test(), bad))
    drawn = [run_figure(report.runs[0]), overview_figure(report.runs), sweep_figure(lrdoctor.sweep(runs)[0])]
    if ramp.tests:
        drawn.append(range_test_figure(ramp.result))
    for figure in drawn:
        page = svg.paint(figure, standalone=True).encode("utf-8", "backslashreplace").decode()
        tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(page).iter()}
        assert not tags & {"script", "image", "img", "foreignObject", "a", "use", "blink"}
        assert_no_markup(page)


@pytest.mark.parametrize("bad", [HOSTILE[name] for name in ("mathtext", "escapes", "surrogate", "nul", "newlines")])
def test_pictures_in_pixels(reports, bad):
    """matplotlib reads ``$...$`` as mathematics and fails on what is none."""
    from lrdoctor.figures import mpl

    for figure in (run_figure(reports(bad).runs[0]), overview_figure(reports(bad).runs)):
        mpl.fresh(figure).savefig(io.BytesIO(), format="png", dpi=40)


@TEXTS
def test_answers_about_several_runs(bad):
    runs = [spoiled(synth.timid(), bad), spoiled(synth.reckless(), bad)]
    answers = [
        lrdoctor.sweep(runs), lrdoctor.plan(runs), lrdoctor.compare(*runs),
        lrdoctor.range_test(spoiled(synth.range_test(), bad)),
    ]  # fmt: skip
    for answer in answers:
        assert_only_text(repr(answer))
        assert_only_text(answer.to_json())
        json.loads(answer.to_json())
        if hasattr(answer, "_repr_html_"):
            assert_no_markup(answer._repr_html_())


def named(bad, folder):
    """A directory of that name, as far as a file system takes it, with a log that holds that text."""
    name = bad.replace("/", "\u2215").replace("\x00", "")[:80].encode("utf-8", "surrogateescape")
    home = Path(folder) / name.decode("utf-8", "surrogateescape")
    home.mkdir(parents=True)
    loss = 0.4 + 0.3 * (-1.0) ** np.arange(200) + np.exp(-np.arange(200) / 20)
    rows = [{"step": k, "train_loss": v, f"{bad} loss": v / 2, "lr": 0.1} for k, v in enumerate(loss.tolist())]
    (home / "history.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (home / "hparams.json").write_text(json.dumps({"lr": 0.1, "optimizer": bad, "scheduler": bad, bad: bad}))
    (home / "broken.csv").write_text("")
    return home


@TEXTS
def test_the_command_line(tmp_path, monkeypatch, capsys, bad):
    monkeypatch.chdir(tmp_path)
    home = str(named(bad, "logs"))
    for argv in (
        ["diagnose", "logs", "-v"], ["runs", "logs"], ["sweep", "logs"], ["plan", "logs"], ["compare", home, home],
        ["range-test", "logs"], ["watch", "--once", "logs"], ["schedule", home], ["plot", "logs", "-o", "a.svg"],
        ["watch", "--once", "--format", "table", "logs"], ["explain", "--", bad],
        ["plot", "logs", "--run", bad, "-o", "a.svg"],
    ):  # fmt: skip
        status = main(argv)
        out, err = capsys.readouterr()
        assert status != 70, err
        assert_only_text(out)
        assert_only_text(err)


def test_every_command_is_tried():
    tried = {"diagnose", "runs", "sweep", "plan", "compare", "range-test", "watch", "schedule", "plot", "explain"}
    tables_of_runs, about_no_log = {"fleet"}, {"rules"}
    commands = {command.name for command in discover("lrdoctor.cli", "COMMAND").values()}
    assert commands == tried | tables_of_runs | about_no_log


def test_tables_of_runs(tmp_path, monkeypatch, capsys):
    """All texts in one table: ids, sources, optimizers, reasons and what could not be read."""
    pytest.importorskip("pyarrow", reason="tables are Parquet")
    monkeypatch.chdir(tmp_path)
    for number, bad in enumerate([*HOSTILE.values(), "plain"]):
        named(bad, tmp_path / "logs" / str(number))
    assert main(["diagnose", "logs", "-q", "--format", "parquet=runs.parquet"]) == 0
    told = [capsys.readouterr()]
    for wish in ("text", "html", "json"):
        assert main(["fleet", "runs.parquet", "--format", wish, "--worst", "99"]) == 0
        told.append(capsys.readouterr())
    for out, err in told:
        assert_only_text(out)
        assert_only_text(err)
    assert "blink" in told[1].out
    assert_no_markup(told[2].out)
    assert len(json.loads(told[3].out)["worst"]) >= len(HOSTILE)


@pytest.mark.parametrize("framework", FRAMEWORKS)
@TEXTS
def test_code_to_paste(bad, framework):
    """What comes from a log stays within a string or a comment."""
    said = lrdoctor.diagnose(spoiled(synth.two_cycle(), bad)).runs[0]
    code = lrdoctor.schedule(said).code(framework)
    compile(code, "code", "exec")
    assert_only_text(code, commands=True)
    assert "alert" not in "".join(line for line in code.splitlines() if not line.lstrip().startswith("#"))


@TEXTS
def test_watching(tmp_path, bad):
    named(bad, tmp_path)
    for item in Follower([tmp_path]).look():
        line = to_json(item)
        assert line.count("\n") == 1
        assert_only_text(line)
