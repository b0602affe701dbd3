"""Plug-ins: the package's own, and those of other packages, which are looked for only where there are any."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
LOOK = """
import sys
from lrdoctor.registry import discover, named
print(*discover("lrdoctor.renderers", "RENDERER"))
print(named("lrdoctor.renderers", "RENDERER", "shout"))
print("importlib.metadata" in sys.modules)
"""
FILES = {
    "shouting.py": "RENDERER = 'loud'\n",
    "shouting-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n",
    "shouting-1.0.dist-info/entry_points.txt": "[lrdoctor.renderers]\nshout = shouting:RENDERER\n",
}


def look(*places):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [HOME, *places]))}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    names, found, searched = done.stdout.splitlines()
    return names.split(), found, searched == "True"


def in_directory(root):
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def in_zip(root):
    with zipfile.ZipFile(root / "shouting.zip", "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    return root / "shouting.zip"


@pytest.mark.parametrize("installed", [in_directory, in_zip])
def test_a_plug_in_of_another_package_is_found(tmp_path, installed):
    names, found, _ = look(installed(tmp_path))
    assert names[-1] == "shout"
    assert names[:-1] == sorted(names[:-1])
    assert found == "loud"


def test_what_is_installed_is_not_looked_through_in_vain(tmp_path):
    in_directory(tmp_path)
    (tmp_path / "shouting-1.0.dist-info" / "entry_points.txt").write_text("[console_scripts]\nlrdoctor = x:y\n")
    names, found, searched = look(tmp_path)
    assert {"text", "json"} <= set(names)
    assert found == "None"
    assert not searched


def test_one_plug_in_is_loaded_alone():
    code = (
        "import sys; from lrdoctor.registry import named; print(named('lrdoctor.renderers', 'RENDERER', 'text').name);"
        "print('lrdoctor.renderers.json' in sys.modules, named('lrdoctor.renderers', 'RENDERER', '_base'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["text", "False", "None"]
