"""All cases, by the name of their folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from _make.healthy import HEALTHY
from _make.sick import SICK
from _make.special import bad_input, sweep

CASES = {case.folder: case for case in (*SICK, *HEALTHY)}
SPECIAL = {"sweep-export": sweep, "bad-input": bad_input}
NAMES = [*CASES, *SPECIAL]


def make(name: str, root: Path) -> dict[str, object]:
    """Make one folder anew below `root`; it is replaced only when the trainings bear the claim out."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, name)
        folder.mkdir()
        others = iter(range(100))

        def another() -> Path:
            path = Path(scratch, f"other-{next(others)}")
            path.mkdir()
            return path

        expected = CASES[name].expected(folder, another) if name in CASES else SPECIAL[name](folder)
        (folder / "expected.json").write_text(json.dumps(expected, indent=2) + "\n", encoding="utf-8")
        shutil.rmtree(root / name, ignore_errors=True)
        shutil.copytree(folder, root / name)
    return expected
