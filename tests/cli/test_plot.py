"""`lrdoctor plot`."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from lrdoctor.cli import main

LOGS = Path(__file__).resolve().parents[2] / "sample_logs"
HEADS = {".png": b"\x89PNG", ".pdf": b"%PDF", ".jpg": b"\xff\xd8", ".svg": b"<svg"}


def texts(path):
    return {element.text for element in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")}


@pytest.mark.parametrize("suffix", HEADS)
def test_the_ending_says_how(tmp_path, suffix, capsys):
    file = tmp_path / f"figure{suffix}"
    assert main(["plot", str(LOGS / "sustained-oscillation"), "-o", str(file)]) == 0
    assert file.read_bytes().startswith(HEADS[suffix])
    assert capsys.readouterr() == ("", "")
    assert [one.name for one in tmp_path.iterdir()] == [file.name]


def test_one_run_several_and_one_of_them(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(LOGS)
    file = tmp_path / "figure.svg"
    runs = ["sustained-oscillation", "slow-descent", "sweep-export"]
    assert main(["plot", runs[0], "-o", str(file)]) == 0
    assert "OSC101 sustained-oscillation" in texts(file)
    assert main(["plot", *runs, "-o", str(file)]) == 0
    assert "6 runs" in texts(file)
    for wish in ("slow-descent", "slow", "descent"):
        assert main(["plot", *runs, "--run", wish, "-o", str(file)]) == 0
        assert "SLW101 slow-descent" in texts(file)
    assert main(["plot", *runs, "--run", "mlp-lr0.1", "-o", str(file)]) == 0
    assert "sweep-export#mlp-lr0.1" in texts(file)
    assert main(["plot", *runs, "--run", "mlp", "-o", str(file)]) == 2
    assert "fits 4 runs" in capsys.readouterr().err
    assert main(["plot", *runs, "--run", "slow-descnt", "-o", str(file)]) == 2
    assert "did you mean 'slow-descent'" in capsys.readouterr().err


def test_a_sweep(tmp_path, capsys):
    rates = {"0.01": 0.9, "0.1": 0.4, "1.0": 2.0}
    for rate, end in rates.items():
        rows = "".join(f"{step},{end + 2 / (step + 1)},{rate}\n" for step in range(100))
        (tmp_path / f"lr{rate}.csv").write_text(f"step,train_loss,lr\n{rows}")
    file = tmp_path / "figure.svg"
    assert main(["plot", str(tmp_path), "--sweep", "-o", str(file)]) == 0
    assert "LR sweep: 3 runs" in texts(file)
    other = LOGS / "slow-descent"
    assert main(["plot", str(tmp_path), str(other), "--sweep", "-o", str(file)]) == 0
    assert "2 groups that cannot be compared" in capsys.readouterr().err
    assert "LR sweep: 3 runs" in texts(file)


def test_a_range_test(tmp_path):
    rates = [1e-6 * 10 ** (step / 15) for step in range(100)]
    losses = [2.3 - 1.6 / (1 + (0.02 / rate) ** 1.2) + 2 * max(rate / 0.5 - 1, 0) ** 1.5 for rate in rates]
    rows = "".join(f"{step},{rate},{loss}\n" for step, (rate, loss) in enumerate(zip(rates, losses, strict=True)))
    (tmp_path / "find.csv").write_text(f"step,lr,train_loss\n{rows}")
    file = tmp_path / "figure.svg"
    assert main(["plot", str(tmp_path / "find.csv"), "--range-test", "-o", str(file)]) == 0
    assert {"descent", "explosion", "valley", "learning rate"} <= texts(file)


def test_the_advised_schedule(tmp_path, capsys):
    file = tmp_path / "figure.svg"
    assert main(["plot", str(LOGS / "nan-after-warmup"), "--schedule", "-o", str(file)]) == 0
    assert {"rise", "decay", "warmup cosine", "lr-SGD"} <= texts(file)
    assert main(["plot", str(LOGS / "sweep-export"), "--schedule", "-o", str(file)]) == 2
    assert "4 runs" in capsys.readouterr().err
    assert main(["plot", str(LOGS / "slow-descent"), "--schedule", "-o", str(file)]) == 2  # its rate is unknown
    assert "peak" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "complaint"),
    [("figure.txt", "cannot tell"), ("figure", "cannot tell"), ("missing/figure.svg", "directory does not exist")],
)
def test_an_output_that_cannot_be(tmp_path, output, complaint, capsys):
    assert main(["plot", str(LOGS / "slow-descent"), "-o", str(tmp_path / output)]) == 2
    assert complaint in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_draw(tmp_path, capsys):
    assert main(["plot", str(tmp_path), "-o", str(tmp_path / "a.svg")]) == 3
    assert main(["plot", str(LOGS / "bad-input"), "-o", str(tmp_path / "a.svg")]) == 4
    assert main(["plot", str(LOGS / "bad-input"), "--run", "x", "-o", str(tmp_path / "a.svg")]) == 4
    assert list(tmp_path.iterdir()) == []
    assert main(["plot", str(LOGS / "slow-descent")]) == 2
