"""Small trees of runs, and a plug-in whose reader does what a damaged log may do to a worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

READER = '''
import os, signal, time
from lrdoctor.readers._base import Claim, Strength

class Hostile:
    name = "hostile"

    def claim(self, file):
        return Claim(strength=Strength.FORMAT) if file.suffix in (".kill", ".hang", ".deaf") else None

    def read(self, source):
        suffix = source.path.suffix
        if suffix == ".kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if suffix == ".deaf":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        source.path.with_name("begun").touch()
        while True:
            time.sleep(1)
        yield

READER = Hostile()
'''


def write(path: Path, seed: int, rows: int = 60) -> None:
    """A small CSV log of a healthy training, of a blown-up one where the seed is a multiple of three."""
    rng = np.random.default_rng(seed)
    loss = 0.3 + 2.0 / (1 + np.arange(rows)) ** 0.7 + 0.05 * rng.standard_normal(rows)
    if seed % 3 == 0:
        loss[rows // 2 :] = np.nan
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{step * 10},{value:.6g},{1e-3}" for step, value in enumerate(loss)]
    path.write_text("\n".join(["step,train_loss,lr", *lines]) + "\n")


@pytest.fixture
def write_run():
    """Writes a small log: path, seed, rows."""
    return write


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Twelve runs, a file that is no log, and a directory with several logs of its own."""
    root = tmp_path / "runs"
    for seed in range(10):
        write(root / f"group{seed % 2}" / f"run_{seed}" / "metrics.csv", seed)
    write(root / "flat" / "a.csv", 20)
    write(root / "flat" / "b.csv", 21)
    (root / "flat" / "empty.csv").write_text("")
    return root


@pytest.fixture
def shell(tmp_path: Path):
    """Runs the command line in a process of its own, with the hostile reader installed."""
    plug = tmp_path / "plug"
    info = plug / "hostile-1.0.dist-info"
    info.mkdir(parents=True)
    (plug / "hostile_reader.py").write_text(READER)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[lrdoctor.readers]\nhostile = hostile_reader:READER\n")
    home = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(home), str(plug)])}

    def start(*arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "lrdoctor", *map(str, arguments)], env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    return start
