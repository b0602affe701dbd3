"""What is released: built from the checkout as pip builds it, looked through, installed and run."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
_MEGABYTES = 1_000_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout."""
    pytest.importorskip(
        "hatchling", reason="builds without the network, so hatchling must be there: the extra test has it"
    )
    return build("wheel", tmp_path_factory.mktemp("wheel"))


def build(kind, folder):
    """Call the build backend as pip does."""
    code = f"import hatchling.build as b; b.build_{kind}({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, timeout=300)
    (built,) = folder.iterdir()
    return built


def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_it_holds_the_package_and_nothing_else(wheel):
    assert wheel.stat().st_size < 2 * _MEGABYTES
    listed = names(wheel)
    assert {name.split("/")[0].split("-")[0] for name in listed} == {"lrdoctor"}
    for name in listed:
        path = Path(name)
        assert not {"tests", "table", "rows", "sample_logs", "__pycache__", "corpus", "corpora"} & set(path.parts), name
        assert path.suffix not in (".svg", ".ipynb", ".tfevents", ".csv", ".parquet", ".wandb", ".pyc"), name


def test_it_holds_what_is_read_while_it_runs(wheel):
    listed = set(names(wheel))
    assert "lrdoctor/py.typed" in listed
    for path in (ROOT / "lrdoctor").rglob("*"):
        data = path.suffix in (".toml", ".npz", ".js", ".css", ".html", ".j2") and "trials" not in path.parts
        if path.suffix == ".py" or data:
            assert str(path.relative_to(ROOT)) in listed
    assert {f"lrdoctor/pages/rules/{page.name}" for page in (ROOT / "docs/rules").glob("*.md")} <= listed


def test_it_holds_the_licences_of_what_is_vendored(wheel):
    listed = names(wheel)
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in listed)
    assert any(name.endswith("licenses/lrdoctor/renderers/_html/assets/uplot/LICENSE") for name in listed)
    vendored = {path.parent for path in (ROOT / "lrdoctor").rglob("*.min.js")}
    assert all((folder / "LICENSE").is_file() for folder in vendored)


def test_it_says_what_it_is(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        said = email.message_from_bytes(archive.read(name))
    assert (said["Name"], said["Requires-Python"]) == ("lrdoctor", ">=3.11")
    needed = [line for line in said.get_all("Requires-Dist") if "extra ==" not in line]
    assert all(">=" in line and "<" not in line and "==" not in line for line in needed), (
        "lower bounds, and no upper ones"
    )


def test_the_source_distribution_is_enough_to_build_and_to_test(tmp_path):
    pytest.importorskip(
        "hatchling", reason="builds without the network, so hatchling must be there: the extra test has it"
    )
    source = build("sdist", tmp_path)
    with tarfile.open(source) as archive:
        listed = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "Makefile", "lrdoctor/py.typed", "tests/test_wheel.py"} <= listed
    assert {"docs/generate.py", "sample_logs/README.md", "lrdoctor/prescribing/dose.npz"} <= listed


def test_it_runs_where_it_is_installed(wheel, tmp_path):
    """Into an environment of its own, beside the packages that are there; none of this checkout is on its path."""
    home = tmp_path / "home"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True, timeout=300)
    site = next(home.glob("lib/python3*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    others = [path for path in sys.path if path.endswith("-packages")]
    (site / "others.pth").write_text("\n".join(others))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    python = [str(home / "bin/python"), "-I"]
    where = run([*python, "-c", "import lrdoctor; print(lrdoctor.__file__)"], tmp_path, environment)
    assert where.stdout.startswith(str(home))
    logs = ROOT / "sample_logs"
    done = run(
        [*python, "-m", "lrdoctor", "diagnose", logs / "slow-descent", logs / "healthy-cosine"], tmp_path, environment
    )
    assert "SLW101" in done.stdout
    assert run([*python, "-m", "lrdoctor", "explain", "OSC101"], tmp_path, environment).stdout.startswith("# OSC101")
    page = run(
        [*python, "-m", "lrdoctor", "diagnose", logs / "slow-descent", "--format", "html"], tmp_path, environment
    )
    assert "lrdoctor-report" in page.stdout


def run(command, folder, environment):
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=300)
