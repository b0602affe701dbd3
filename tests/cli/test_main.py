"""The way in: start-up cost, help, and commands that need no log."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lrdoctor
from lrdoctor.cli import main
from lrdoctor.cli._main import build_parser
from lrdoctor.registry import discover

SAMPLES = Path(__file__).resolve().parents[2] / "sample_logs"
HEAVY = {"numpy", "pandas", "scipy", "matplotlib", "tensorboard", "torch"}


def python(code, *argv, **environment):
    return subprocess.run(
        [sys.executable, "-c", code, *argv],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.mark.parametrize(
    "argv",
    [["--version"], ["--help"], ["diagnose", "--help"], ["rules"], ["explain", "OSC101"], ["explain", "ALL"]],
)
def test_light_commands_import_nothing_heavy(argv):
    code = (
        "import sys; from lrdoctor.cli import main; status = main(sys.argv[1:]);"
        f"print('HEAVY', sorted({HEAVY} & set(sys.modules)), status, file=sys.stderr)"
    )
    done = python(code, *argv)
    assert done.stderr.endswith("HEAVY [] 0\n"), done.stderr


NEEDLESS = {
    "pandas", "scipy", "matplotlib", "tensorboard", "torch", "rich", "jinja2", "yaml", "pyarrow",
    "numpy.ma", "numpy.random", "importlib.metadata", "importlib.resources", "email", "socket", "tempfile", "difflib",
    "html", "hashlib", "msgspec", "multiprocessing", "concurrent.futures", "sqlite3",
}  # fmt: skip
"""What a diagnosis can do without, 5 to 35 ms each."""


@pytest.mark.parametrize("kind", ["csv", "events"])
def test_a_diagnosis_imports_nothing_needless(tmp_path, kind):
    if kind == "csv":
        rows = "".join(f"{step},{1 / (step + 1) + 0.2:.5f},0.001\n" for step in range(200))
        (tmp_path / "metrics.csv").write_text("step,train_loss,lr\n" + rows)
        logs = tmp_path
    else:
        logs = SAMPLES / "overfitting-classifier"
    code = (
        "import sys; from lrdoctor.cli import main; status = main(['diagnose', sys.argv[1]]);"
        f"print('NEEDLESS', sorted({NEEDLESS} & set(sys.modules)), status, file=sys.stderr);"
        "others = [n for n in sys.modules if n.rpartition('.')[0] in ('lrdoctor.cli', 'lrdoctor.renderers')];"
        "print(*sorted(n for n in others if not n.split('.')[-1].startswith('_')), file=sys.stderr)"
    )
    done = python(code, str(logs))
    assert done.stderr == "NEEDLESS [] 0\nlrdoctor.cli.diagnose lrdoctor.renderers.text\n", done.stderr


def test_import_costs_next_to_nothing():
    bare = set(python("import sys; print(*sys.modules)").stdout.split())
    ours = set(python("import sys, lrdoctor; print(*sys.modules)").stdout.split())
    assert not {name.split(".")[0] for name in ours - bare} - {"lrdoctor"} - set(sys.stdlib_module_names)
    code = "import time; t = time.perf_counter(); import lrdoctor; print(time.perf_counter() - t)"
    assert min(float(python(code).stdout) for _ in range(3)) < 0.06


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"lrdoctor {lrdoctor.__version__}\n"


def test_without_a_command_there_is_help(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "diagnose" in out
    assert "exit status" in out


@pytest.mark.parametrize("argv", [["--nonsense"], ["diagnos", "x"], ["explain"], ["runs"]])
def test_wrong_usage(argv, capsys):
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: lrdoctor")


def test_a_path_in_place_of_a_command(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert f"did you mean: lrdoctor diagnose {tmp_path}" in capsys.readouterr().err


def test_every_command_is_found_and_documented():
    commands = discover("lrdoctor.cli", "COMMAND")
    assert {"diagnose", "runs", "rules", "explain"} <= {command.name for command in commands.values()}
    for command in commands.values():
        assert command.help
        assert not command.help.endswith(".")
        with pytest.raises(SystemExit) as stop:
            build_parser(commands).parse_args([command.name, "--help"])
        assert stop.value.code == 0


def test_python_dash_m():
    done = subprocess.run(
        [sys.executable, "-m", "lrdoctor", "--version"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"lrdoctor {lrdoctor.__version__}\n")


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_closed_pipe_is_no_error():
    code = "import sys; from lrdoctor.cli import main; sys.exit(main(['explain', 'ALL']))"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writer)
    assert done.stderr == b""
    assert done.returncode == 141
