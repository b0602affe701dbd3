"""Generated pages follow the code, and links lead somewhere."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from lrdoctor.cli import main
from lrdoctor.engine import all_rules
from lrdoctor.registry import discover

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages(generate):
    return generate.pages()


def test_no_page_is_stale(generate, pages):
    assert generate.stale(pages) == [], "run: python docs/generate.py"


def test_what_is_stale_is_named(generate, pages, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(generate, "DOCS", tmp_path)
    monkeypatch.setattr(generate, "pages", lambda: pages)
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert generate.main() == 1
    assert "cli.md is stale" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert generate.main() == 0
    (tmp_path / "rules" / "OLD101.md").write_text("gone")
    (tmp_path / "pictures" / "OLD101.svg").write_text("<svg/>")
    (tmp_path / "formats.md").write_text((tmp_path / "formats.md").read_text().replace("csv", "tsv"))
    picture = tmp_path / "pictures" / "SPK101.svg"
    picture.write_text(picture.read_text().replace("three tall spikes", "four"))
    assert generate.stale(pages) == ["formats.md", "pictures/OLD101.svg", "pictures/SPK101.svg", "rules/OLD101.md"]
    assert generate.main() == 0
    assert generate.stale(pages) == []
    assert not (tmp_path / "rules" / "OLD101.md").exists()


def test_a_curve_drawn_a_little_differently_is_not_stale_but_a_threshold_is(generate):
    assert generate._plain("loss ▁▃█\n> at 3.14e-5, 12 %") == generate._plain("loss ▂▃▇\n> at 3.15e-5, 13 %")
    assert generate._plain("| `share` | `0.5` |") != generate._plain("| `share` | `0.6` |")


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_the_page_of_a_rule_holds_what_explain_says(rule, pages, capsys):
    assert main(["explain", rule.code]) == 0
    text = pages[f"rules/{rule.code}.md"]
    for line in capsys.readouterr().out.splitlines():
        if line.startswith("- `"):  # settings are a table here
            name, default = re.match(r"- `(\w+)` = (\S+?):? ", f"{line} ").groups()
            assert f"| `{name}` | `{default}` |" in text
        else:
            assert line in text
    assert text.count("```text") == len(rule.examples)
    assert text.count("\n> ") == sum(example.fires for example in rule.examples)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_the_page_of_a_rule_shows_its_picture(rule, pages, generate):
    assert f"](../pictures/{rule.code}.svg)" in pages[f"rules/{rule.code}.md"]
    svg = pages[f"pictures/{rule.code}.svg"]
    texts = [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    title = f"{rule.code} {rule.name}"
    assert texts.count(title) == 2, "once as the title, once over the stretch where it was found"
    assert svg == generate.pictures.picture(rule), "drawn twice, it is the same"


def test_a_picture_may_differ_in_last_digits_but_not_in_words(generate, pages):
    svg = pages["pictures/SPK101.svg"]
    assert generate._plain(svg) == generate._plain(re.sub(r"(\d)\.(\d)", r"\1.9", svg))
    assert generate._plain(svg) != generate._plain(svg.replace("train_loss", "loss"))


def test_every_command_option_and_format_is_there(pages):
    for command in discover("lrdoctor.cli", "COMMAND").values():
        assert f"## lrdoctor {command.name}\n" in pages["cli.md"]
    for option in ("--fail-on", "--format", "--role", "--select"):
        assert f"`{option}`" in pages["cli.md"]
    for reader in discover("lrdoctor.readers", "READER").values():
        assert f"| `{reader.name}` |" in pages["formats.md"]
    assert "| |" not in pages["formats.md"]


@pytest.mark.parametrize("page", [ROOT / "README.md", *DOCS.rglob("*.md")], ids=lambda page: page.name)
def test_links_and_named_pages_exist(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target
    for named in re.findall(r"`(docs/[\w./-]+)`", text):
        assert (ROOT / named).exists(), named


def test_what_the_page_on_knowledge_names_exists():
    text = (DOCS / "knowledge.md").read_text(encoding="utf-8")
    for path in re.findall(r"`(lrdoctor/[\w./]+)`", text):
        assert (ROOT / path).exists(), path
    known = {command.name for command in discover("lrdoctor.cli", "COMMAND").values()}
    assert set(re.findall(r"`lrdoctor ([\w-]+)", text)) <= known
    assert set(re.findall(r"\[([A-Z]{3}\d{3})\]", text)) == {rule.code for rule in all_rules()}


def test_the_page_on_rules_names_every_signal():
    signals = discover("lrdoctor.signals", "SIGNALS")
    functions = {function.__name__ for module in signals.values() for function in module}
    rows = re.findall(r"^\| (`[^|]+) \|", (DOCS / "howto/rule.md").read_text(encoding="utf-8"), re.M)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == functions


def test_every_page_has_a_home():
    """In the navigation of the site (`make docs`), once; the rule pages are put there by a hook."""

    def leaves(nav):
        for entry in nav:
            found = next(iter(entry.values())) if isinstance(entry, dict) else entry
            yield from leaves(found) if isinstance(found, list) else [found]

    listed = sorted(leaves(yaml.safe_load((ROOT / ".ci/mkdocs.yml").read_text(encoding="utf-8"))["nav"]))
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    assert listed == sorted({"rules", *(page for page in pages if not page.startswith("rules/"))})


def test_pages_for_programs_name_pages_that_exist():
    named = re.findall(r"\]\(([^)]+)\)", (DOCS / "llms.txt").read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [page for page in named if not (DOCS / page).is_file()] == []


def test_a_program_finds_the_fields_that_the_pages_name():
    schema = json.loads((DOCS / "schema/report-1.json").read_text(encoding="utf-8"))["$defs"]
    fields = {name for part in schema.values() for name in part.get("properties", {})}
    known = {*fields, *schema["Verdict"]["enum"]}
    tables = (DOCS / "json.md").read_text(encoding="utf-8").split("## A report")[1].split("## Actions")[0]
    rows = [re.findall(r"`([^`]+)`", row) for row in re.findall(r"^\| (`[^|]+) \|", tables, re.M)]
    paths = re.findall(
        r"`((?:runs|plan|findings|skips)[\[\].a-z_]+)`", (DOCS / "agents.md").read_text(encoding="utf-8")
    )
    assert len(rows) > 15
    assert len(paths) > 5
    for path in (*paths, *(path for row in rows for path in row)):
        assert {part for part in re.split(r"\[\]\.?|\.", path) if part} <= known, path


@pytest.mark.parametrize("name", ["compare", "sweep", "plan", "range-test"])
def test_a_program_finds_the_fields_of_the_other_objects(name):
    schema = json.loads((DOCS / f"schema/{name}-1.json").read_text(encoding="utf-8"))["$defs"]
    known = {field for part in schema.values() for field in part.get("properties", {})}
    values = set(re.findall(r'"([a-z-]+)"', json.dumps(schema)))
    page = (DOCS / "json.md").read_text(encoding="utf-8")
    table = page.split(f"| `lrdoctor.{name}/1` | holds |\n|---|---|\n")[1].split("\n\n")[0]
    rows = [row.split(" | ") for row in table.splitlines()]
    assert len(rows) >= 3
    for fields, meaning in rows:
        for path in re.findall(r"`([^`]+)`", fields):
            assert {part for part in re.split(r"\[\]\.?|\.", path) if part} <= known, path
        assert set(re.findall(r"`([^`]+)`", meaning)) <= known | values, meaning


def test_a_program_finds_every_action():
    asked = "".join(re.findall(r"Action\(action=(.+?), ", (ROOT / "lrdoctor/prescribing/plan.py").read_text("utf-8")))
    told = (DOCS / "json.md").read_text(encoding="utf-8").split("## Actions")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)`", told, re.M)) == set(re.findall(r'"([a-z_]+)"', asked))


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make here")
def test_make_lists_what_it_does():
    said = subprocess.run(["make", "-C", ROOT], capture_output=True, text=True, check=True).stdout
    for target in ("check", "test", "docs", "bench", "coverage"):
        assert re.search(rf"^make {target} +\S", said, re.M)
