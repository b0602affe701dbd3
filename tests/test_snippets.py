"""Every command and every snippet of the README and of the pages is executed, page by page, in a copy of the checkout.

A block fenced with `sh` or `python` is run, line by line or as a whole; blocks of a page share their files and names.
A block that begins with `# file: PATH` is written there. The line above a block may say otherwise:
`<!-- not run: REASON -->`, `<!-- fails: REASON -->`, `<!-- needs PACKAGE -->`. A line with `--fail-on` may end with 1.

A block fenced with `text` whose first line is `$ COMMAND` shows what that says on a terminal of 80 columns, in the
README of 100. With LRDOCTOR_UPDATE_SHOWN=1 such blocks are written anew.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]+?) -->\n)?^```(?P<language>sh|python|toml)\n(?P<code>.*?)^```$", re.M | re.S
)
_MARK = re.compile(r"(?P<kind>not run|fails|needs|main-command|test-command)(?::? (?P<what>.+))?")
_FILE = re.compile(r"# file: (\S+)\n")
_SHOWN = re.compile(r"^```text\n\$ (.+)\n((?s:.*?))^```$", re.M)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e-?\d+)?")
_COPIED = ("lrdoctor", "docs", "sample_logs", "tests", "pyproject.toml", "README.md", "LICENSE")
# What a reader of the pages has: values of a training loop, an optimizer, a finder. The rest is in the sandbox's files.
_GIVEN = """
import math, types
import numpy as np
loss, rate, norm, step = 2.0, 1e-3, 1.0, 0
optimizer = types.SimpleNamespace(param_groups=[{"lr": 0.1}])
rates = np.geomspace(1e-7, 10, 200)
losses = 0.5 + 2 / (1 + (rates / 1e-3) ** 2) + np.where(rates > 1, rates**2, 0)
lr_finder = finder = {"lr": rates, "loss": losses}
def set_rate(optimizer, lr):
    optimizer.param_groups[0]["lr"] = lr
def training_step():
    return float(np.interp(optimizer.param_groups[0]["lr"], rates, losses))
def train(lr, steps=100):
    return ((step, 1 + abs(math.log10(lr) + 2) * 0.1 + math.exp(-step / 20)) for step in range(steps))
"""


def blocks(page):
    """Marker, language and code of each block that can be run."""
    for found in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield found["mark"] or "", found["language"], found["code"]


def curve(rate, points=300):
    """A training at one rate: slow below 0.1, noisy above."""
    random = np.random.default_rng(int(rate * 1e6))
    x = np.arange(points) / points
    loss = 0.3 + 2 * np.exp(-30 * min(rate, 0.3) * x) + (0.01 + 0.2 * rate) * random.normal(size=points) ** 2
    rows = (f"{i * 10},{value:.6g},{value / 2:.6g},{rate}\n" for i, value in enumerate(loss))
    return "step,train_loss,objective,lr\n" + "".join(rows)


@pytest.fixture
def sandbox(tmp_path):
    """A copy of the checkout, with logs of a sweep in runs/ and a range test in lr_find.csv."""
    left_out = shutil.ignore_patterns("__pycache__", "table", "rows", ".*")
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=left_out)
        else:
            shutil.copy(source, tmp_path / name)
    for name, rate in {"exp3": 0.1, "old": 0.3, "new": 0.03, "monday": 0.01, "tuesday": 0.003}.items():
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "log.csv").write_text(curve(rate))
    rates = np.geomspace(1e-7, 10, 200)
    losses = 0.5 + 2 / (1 + (rates / 1e-3) ** 2) + np.where(rates > 1, rates**2, 0)
    ramp = "step,lr,loss\n" + "".join(f"{i},{rate:.6g},{losses[i]:.6g}\n" for i, rate in enumerate(rates))
    (tmp_path / "lr_find.csv").write_text(ramp)
    (tmp_path / "finder").mkdir()
    (tmp_path / "finder" / "lr_find.csv").write_text(ramp)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, program in {"lrdoctor": "-m lrdoctor", "python": ""}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {program} "$@"\n')
        (programs / name).chmod(0o755)
    return tmp_path


def run(command, sandbox, **more):
    """Run a program in the sandbox, with more in its environment; answer what came of it."""
    environment = {
        **os.environ,
        "PATH": f"{sandbox / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(sandbox),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(sandbox),
        "MPLBACKEND": "agg",
        "PYTEST_ADDOPTS": "",
        "GITHUB_STEP_SUMMARY": str(sandbox / "summary.md"),
        "OMP_NUM_THREADS": "1",
        **more,
    }
    return subprocess.run(
        command, cwd=sandbox, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def commands(code):
    """The lines of a shell block, without comments; a backslash at the end joins two."""
    lines = code.replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(blocks(page))], ids=lambda page: str(page.relative_to(ROOT))
)
def test_what_a_page_says_to_type_can_be_typed(page, sandbox):
    script = [_GIVEN]
    for mark, language, code in blocks(page):
        said = _MARK.fullmatch(mark)
        kind = said["kind"] if said else ""
        if kind in ("not run", "main-command", "test-command") or (
            kind == "needs" and not importlib.util.find_spec(said["what"])
        ):
            continue
        named = _FILE.match(code)
        if named:
            path = sandbox / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(code[named.end() :] if language != "python" else code)
        elif language == "python":
            script.append(code)
        elif language == "sh":
            for line in commands(code):
                done = run(["bash", "-euo", "pipefail", "-c", line], sandbox)
                expected = (1, 2, 3, 4) if kind == "fails" else (0, 1) if "--fail-on" in line else (0,)
                assert done.returncode in expected, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
                assert "Traceback" not in done.stderr
    done = run([sys.executable, "-c", "\n".join(script)], sandbox)
    assert done.returncode == 0, done.stderr[-3000:]


def words_and_numbers(text):
    """What was printed; curves and numbers, which may differ in a last digit, apart."""
    numbers = [float(number.replace(",", "")) for number in _NUMBER.findall(text)]
    return _NUMBER.sub("0", re.sub(r"[▁-█]", "█", text)).split(), numbers


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if _SHOWN.search(page.read_text(encoding="utf-8"))],
    ids=lambda page: str(page.relative_to(ROOT)),
)  # fmt: skip
def test_what_a_page_shows_is_what_is_said(page, sandbox):
    columns = "100" if page.name == "README.md" else "80"  # what fits into the site
    for command, shown in _SHOWN.findall(page.read_text(encoding="utf-8")):
        done = run(["bash", "-c", command], sandbox, COLUMNS=columns, FORCE_COLOR="1", FORCE_HYPERLINK="0")
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).rstrip() + "\n"
        if os.environ.get("LRDOCTOR_UPDATE_SHOWN"):
            text = page.read_text(encoding="utf-8")
            page.write_text(text.replace(f"$ {command}\n{shown}", f"$ {command}\n{said}"), encoding="utf-8")
            continue
        words, numbers = words_and_numbers(said)
        assert words_and_numbers(shown)[0] == words, f"{command} says now:\n{said}"
        assert words_and_numbers(shown)[1] == pytest.approx(numbers, rel=0.05), f"{command} says now:\n{said}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_is_not_run_says_why(page):
    text = page.read_text(encoding="utf-8")
    for mark, _, _ in blocks(page):
        said = _MARK.fullmatch(mark)
        assert not mark or said, f"what does {mark!r} mean?"
        assert not said or said["kind"].endswith("-command") or said["what"], "a reason is wanted"
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    assert not re.findall(r"^    (?:\$ )?(?:lrdoctor|python|pip|make|import|from) .*", outside, re.M), (
        "fence it, so that it is run"
    )
    unnamed = re.findall(r"^```\n(?=[^`]+?^```$)", text, re.M)
    assert not [block for block in unnamed if "lrdoctor" in block]
