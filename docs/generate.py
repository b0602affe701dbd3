"""Write the pages that follow from the code: a page and a picture per rule, the command line, the formats.

    python docs/generate.py           # write what has changed
    python docs/generate.py --check   # exit status 1 if something would change, with its name
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS)]  # what is described is this checkout, not a copy that is installed

import gallery
import pictures

from lrdoctor.cli._main import build_parser
from lrdoctor.engine import Context, all_rules
from lrdoctor.errors import Unavailable
from lrdoctor.registry import discover
from lrdoctor.renderers._page import head, settings, summary
from lrdoctor.renderers._sparkline import blocks
from lrdoctor.roles import assign_roles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lrdoctor.records import Run

_WIDTH = 60
_NOTE = "<!-- Written by docs/generate.py; change the code it describes instead. -->"


def main() -> int:
    """Write or check; answer the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, name what is stale")
    check = parser.parse_args().check
    wanted = pages()
    changed = stale(wanted)
    for name in changed:
        path = DOCS / name
        if check:
            print(f"{path} is stale: run python docs/generate.py", file=sys.stderr)
        elif name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return int(check and bool(changed))


def stale(wanted: Mapping[str, str]) -> list[str]:
    """Names of pages that differ from what is wanted, and of pages and pictures of rules that are no more."""
    there = {str(path.relative_to(DOCS)) for kind in ("rules/*.md", "pictures/*.svg") for path in DOCS.glob(kind)}
    differ = [name for name, text in wanted.items() if _plain(_read(DOCS / name)) != _plain(text)]
    return sorted({*differ, *(there - wanted.keys())})


def pages() -> dict[str, str]:
    """Every generated page: its path below docs, and its text."""
    rules = all_rules()
    texts = {f"rules/{rule.code}.md": rule_page(rule) for rule in rules}
    texts |= {"rules/README.md": index_page(rules), "cli.md": cli_page(), "formats.md": formats_page()}
    drawn = {f"pictures/{rule.code}.svg": pictures.picture(rule) for rule in rules}
    return {name: f"{_NOTE}\n\n{text.strip()}\n" for name, text in texts.items()} | drawn | gallery.gallery()


def rule_page(rule: Any) -> str:
    """What `lrdoctor explain` says, with the settings as a table, and its examples drawn."""
    title, severity = head(rule)
    explained = ", ".join(f"[{code}]({code}.md)" for code in sorted(rule.silences))
    rows = [(f"`{name}`", f"`{default}`", meaning) for name, default, meaning in settings(rule)]
    where = f'`[tool.lrdoctor.rules."{rule.code}"]`'
    parts = [
        title,
        severity + (f" Explains {explained}." if explained else ""),
        inspect.getdoc(type(rule)) or "",
        "## Settings",
        f"Change them in {where} of pyproject.toml.",
        table(("setting", "default", "meaning"), rows),
        "## Drawn",
        f"![{rule.name}](../pictures/{rule.code}.svg)",
        *(drawing(rule, example) for example in rule.examples),
    ]
    return "\n\n".join(part.strip() for part in parts)


def drawing(rule: Any, example: Any) -> str:
    """An example's curves, and what the rule says to them."""
    run = assign_roles(example.make())
    try:
        finding = Context(run).call(rule.check)
    except Unavailable:
        finding = None
    curves = list(_curves(run))
    width = max(len(tag) for tag, _ in curves)
    picture = "\n".join(f"{tag.ljust(width)}  {line}" for tag, line in curves)
    said = f"\n\n> {finding.message}" if finding is not None else ""
    return f"{'Fires' if finding else 'Silent'}: {example.title}\n\n```text\n{picture}\n```{said}"


def _curves(run: Run) -> Iterator[tuple[str, str]]:
    """Curves that are not the same all along; the first one in any case."""
    for number, series in enumerate(run.series.values()):
        if number == 0 or len({*series.value.tolist()}) > 1:
            yield series.tag, blocks(series, _WIDTH)


def index_page(rules: list[Any]) -> str:
    """All rules in a table."""
    rows = []
    for rule in rules:
        verdict = f"`{rule.verdict}`" if rule.verdict else ""
        rows.append((f"[{rule.code}]({rule.code}.md)", rule.name, rule.severity, verdict, summary(rule)))
    text = (
        "A finding leads a diagnosis by its severity, then by its confidence; the verdict is that of the first one "
        "that has a verdict. One cause explains its consequences: what it explains is not reported beside it."
    )
    return f"# Rules\n\n{text}\n\n{table(('code', 'name', 'severity', 'verdict', 'what it finds'), rows)}"


def cli_page() -> str:
    """Commands and options, from the parser itself."""
    parser = build_parser(discover("lrdoctor.cli", "COMMAND"))
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    helps = {action.dest: action.help or "" for action in commands._choices_actions}
    rows = [(f"[`{name}`](#lrdoctor-{name})", helps[name]) for name in commands.choices]
    parts = ["# Command line", parser.description or "", table(("command", "does"), rows)]
    for name, command in commands.choices.items():
        parts += [f"## lrdoctor {name}", command.description or "", f"```text\n{_usage(name, command)}\n```"]
        parts.append(table(("argument", "meaning"), list(_arguments(command))))
        if command.epilog:
            parts.append(f"```text\n{command.epilog.strip()}\n```")
    parts.append(f"```text\n{(parser.epilog or '').strip()}\n```")
    return "\n\n".join(part.strip() for part in parts)


def _usage(name: str, command: argparse.ArgumentParser) -> str:
    """A usage line; written here, since argparse writes it differently from one Python to the next."""
    words = [f"lrdoctor {name} [options]"]
    for action in command._actions:
        if not action.option_strings:
            label = _label(action)
            forms = {"*": f"[{label} ...]", "+": f"{label} [{label} ...]", "?": f"[{label}]"}
            words.append(forms.get(str(action.nargs), label))
    return " ".join(words)


def _arguments(command: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in command._actions:
        if isinstance(action, argparse._HelpAction) or action.help == argparse.SUPPRESS:
            continue
        names = ", ".join(f"`{option}`" for option in action.option_strings)
        takes = f" `{_label(action)}`" if action.nargs != 0 else ""
        meaning = (action.help or "") % {"default": action.default, "prog": command.prog}
        yield (names + takes).strip(), meaning


def _label(action: argparse.Action) -> str:
    if action.metavar is not None:
        return action.metavar if isinstance(action.metavar, str) else " ".join(action.metavar)
    return "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()


def formats_page() -> str:
    """Every reader, from what it says of itself."""
    rows = []
    for name, reader in discover("lrdoctor.readers", "READER").items():
        module = importlib.import_module(f"lrdoctor.readers.{name}")
        claimed = _paragraph(type(reader).claim).removeprefix("Claim ")
        rows.append((f"`{reader.name}`", _paragraph(module), claimed[:1].upper() + claimed[1:]))
    text = (
        "Every file is offered to every reader; the one that is surest of it reads it. The names are those that "
        "`lrdoctor runs` and the JSON report give as the format of a run. In a notebook, data frames, dicts of arrays, "
        "lists of records, Keras Histories and Hugging Face Trainers are read as well (`lrdoctor.read`)."
    )
    return f"# Formats\n\n{text}\n\n{table(('format', 'what it is', 'what it takes for its own'), rows)}"


def _paragraph(thing: Any) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split()).replace("``", "`")


def table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [titles, tuple("---" for _ in titles), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _plain(text: str) -> str:
    """Without what may differ in a last digit between machines: how a curve is drawn, and what is said of it."""
    if text.startswith("<svg"):
        return pictures.plain(text)
    lines = (re.sub(r"[▁-█!]", "█", line) for line in text.splitlines())
    return "\n".join(re.sub(r"\d[\d.,e-]*", "0", line) if line.startswith("> ") else line for line in lines)


if __name__ == "__main__":
    sys.exit(main())
