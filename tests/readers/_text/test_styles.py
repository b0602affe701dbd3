"""Ways of printing: languages, units, restarts, several processes, headings."""
# ruff: noqa: E501, PERF401 - log lines are as long as they are, builders as plain as they can be

from __future__ import annotations

import math

import pytest

SAMPLES = {}


def sample(build):
    """Keep a builder of a log, which returns its text and, by tag, the points or values that it holds."""
    SAMPLES[build.__name__] = build
    return build


@sample
def headings(c):
    out = []
    tr = []
    va = []
    for e in range(1, 16):
        out += [
            f"Epoch {e}",
            "Training...",
            f"  loss: {c.train(e)} acc: {c.accuracy(e)}",
            "Validation...",
            f"  loss: {c.valid(e)} acc: {c.accuracy(e) - 0.1:.4f}",
        ]
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"train/loss": tr, "validation/loss": va}


@sample
def ambiguous(c):
    out = []
    tr = []
    for e in range(1, 16):
        out += [
            f"epoch {e} loss {c.train(e)} acc {c.accuracy(e)}",
            f"epoch {e} loss {c.valid(e)} acc {c.accuracy(e) - 0.1:.4f}",
        ]
        tr.append((e, c.train(e)))
    return "\n".join(out), {"loss": tr}


@sample
def utf16(c):
    out = []
    tr = []
    for e in range(1, 16):
        out.append(f"Epoch {e}/15, Loss: {c.train(e)}")
        tr.append((e, c.train(e)))
    return ("\r\n".join(out)).encode("utf-16"), {"Loss": tr}


@sample
def latin1(c):
    out = ["Entraînement du modèle"]
    tr = []
    for e in range(1, 16):
        out.append(f"Époque n°{e} epoch={e} loss={c.train(e)}")
        tr.append((e, c.train(e)))
    return "\n".join(out).encode("latin-1"), {"loss": tr}


@sample
def chinese(c):
    out = ["开始训练"]
    tr = []
    va = []
    for e in range(1, 16):
        out.append(f"第 {e} 轮，训练损失：{c.train(e)}，验证损失：{c.valid(e)}，学习率：{c.rate(e)}")
        tr.append(c.train(e))
        va.append(c.valid(e))
    return "\n".join(out), {"训练损失": tr, "验证损失": va}


@sample
def thousands(c):
    out = []
    tr = []
    for i in range(100, 3000, 100):
        out.append(f"Step {i:,} of 10,000: loss = {c.train(i / 100)}, tokens = {i * 4096:,}")
        tr.append((i, c.train(i / 100)))
    return "\n".join(out), {"loss": tr}


@sample
def restart(c):
    out = []
    a = []
    for r in range(2):
        out.append("Starting training")
        for e in range(1, 11):
            out.append(f"Epoch {e}: train_loss={c.train(e) + r} val_loss={c.valid(e)}")
            a.append((e, round(c.train(e) + r, 4)))
    return "\n".join(out), {"train_loss": a[:10], (1, "train_loss"): a[10:]}


@sample
def resume(c):
    out = []
    d = {}
    for r in [range(1, 11), range(8, 21)]:
        for e in r:
            v = c.train(e) + (0 if r.start == 1 else 0.01)
            out.append(f"Epoch {e}: train_loss={v:.4f} val_loss={c.valid(e)}")
            d[e] = round(v, 4)
    return "\n".join(out), {"train_loss": sorted(d.items())}


@sample
def multi_rank(c):
    out = []
    tr = []
    for i in range(10, 300, 10):
        for r in range(4):
            out.append(f"[rank{r}]: step {i} loss {c.train(i / 10)} lr 0.001")
        tr.append((i, c.train(i / 10)))
    return "\n".join(out), {"loss": tr}


@sample
def alternating(c):
    out = []
    va = []
    for e in range(1, 40):
        if e % 2:
            out.append(f"16:56:54 Epoch {e:03d}, Train Loss: {c.train(e)}")
        else:
            out.append(
                f"16:57:08 Epoch {e:03d}, Loss: {c.train(e)}, Val Acc: {c.accuracy(e)}, Val F1: 0.9 (Time: 13.6s) [BEST]"
            )
            va.append((e, c.accuracy(e)))
    return "\n".join(out), {"Val Acc": va}


@sample
def nan_run(c):
    out = []
    tr = []
    for i in range(0, 60):
        v = c.train(i) if i < 20 else math.nan
        out.append(f"step {i} loss {v if i < 20 else 'nan'} grad_norm {1.5 if i < 20 else 'nan'} lr 0.01")
        tr.append((i, v))
    return "\n".join(out), {"loss": tr}


@sample
def inf_run(c):
    out = []
    tr = []
    for i in range(0, 40):
        v = c.train(i) if i < 20 else math.inf
        out.append(f"Iter: {i}, Loss = {v}, Train Error: {c.accuracy(i)}")
        tr.append((i, v))
    return "\n".join(out), {"Loss": tr}


@sample
def validation_segment(c):
    out = []
    va = []
    tr = []
    for e in range(1, 12):
        out += [
            f"2025-01-15 12:00:30 | INFO | Epoch {e}/50 | avg_loss={c.train(e)}, samples=1600000, time=28.5s",
            f"2025-01-15 12:02:30 | INFO | Validation | recall@10={c.accuracy(e)}, ndcg@10=0.153",
        ]
        tr.append((e, c.train(e)))
        va.append((e, c.accuracy(e)))
    return "\n".join(out), {"avg_loss": tr, "validation/recall@10": va}


@sample
def srun_label(c):
    out = []
    tr = []
    for i in range(10, 400, 10):
        out.append(f"0: step {i} | loss {c.train(i / 10)} | lr 0.001 | mem 30.1GB")
        out.append(f"1: step {i} | loss {c.train(i / 10)} | lr 0.001 | mem 30.1GB")
        tr.append((i, c.train(i / 10)))
    return "\n".join(out), {"loss": tr}


@sample
def ray_prefix(c):
    out = []
    tr = []
    for i in range(10, 400, 10):
        out.append(
            f"\x1b[36m(train_fn pid=1234, ip=10.0.0.{i % 3})\x1b[0m step={i} train_loss={c.train(i / 10)} lr=0.001"
        )
        tr.append((i, c.train(i / 10)))
    return "\n".join(out), {"train_loss": tr}


@sample
def percent_and_units(c):
    out = []
    tr = []
    for e in range(1, 30):
        out.append(
            f"Epoch {e:3d} ({e * 3.3:.0f}%) ⏱ 12.5s | loss: {c.train(e):.4f} ↓ | acc: {c.accuracy(e) * 100:.2f}% | lr: 3.0e-04 | gpu: 10.2GB | 1.23k img/s"
        )
        tr.append((e, c.train(e)))
    return "\n".join(out), {"loss": tr}


@sample
def decimal_comma(c):
    out = []
    tr = []
    for e in range(1, 30):
        out.append(
            f"Epoche {e}: Verlust = {str(c.train(e)).replace('.', ',')} ; Genauigkeit = {str(c.accuracy(e)).replace('.', ',')}"
        )
        tr.append((e, c.train(e)))
    return "\n".join(out), {"Verlust": tr}


@sample
def two_runs_named(c):
    out = []
    for lrn in (0.1, 0.01, 0.001):
        out.append(f"Running with lr={lrn}")
        for e in range(1, 13):
            out.append(f"Epoch {e}/12 loss: {c.train(e) + lrn:.4f} val_loss: {c.valid(e):.4f}")
    return "\n".join(out), {"loss": [(e, round(c.train(e) + 0.1, 4)) for e in range(1, 13)]}


@sample
def horovod(c):
    out = []
    tr = []
    k = 0
    for e in range(1, 4):
        for b in range(0, 20000, 2000):
            for r in range(2):
                out.append(
                    f"Tue Apr 2{e} 18:22:57 2020[{r}]<stdout>:Train Epoch: {e} [{b}/20000 ({b // 200}%)]       Loss: {c.train(k):.6f}"
                )
            tr.append(((e - 1) * 20000 + b, c.train(k)))
            k += 1
    return "\n".join(out), {"train/Loss": tr}


@sample
def telemetry(c):
    out = []
    tr = []
    va = []
    for e in range(1, 12):
        out.append(f"[Telemetry] Starting epoch {e}/15")
        for b in (50, 100):
            out.append(f"[Telemetry][Epoch {e}] Batch {b}/115 | Loss: {c.train(e)} | Acc: 1.0000")
        out += [
            f"[Telemetry] Epoch {e} | Train Loss: {c.train(e) + 0.01:.4f} | Train Acc: 0.9962",
            f"[Telemetry] Epoch {e} | Val Loss: {c.valid(e)} | Val Acc: 0.99",
        ]
        tr.append(round(c.train(e) + 0.01, 4))
        va.append(c.valid(e))
    return "\n".join(out), {"Train Loss": tr, "Val Loss": va}


@pytest.mark.parametrize("name", SAMPLES)
def test_curves(name, course, read_printed, assert_points):
    text, wanted = SAMPLES[name](course)
    runs = read_printed(text)
    for where, points in wanted.items():
        number, tag = where if isinstance(where, tuple) else (0, where)
        assert tag in runs[number].series, list(runs[number].series)
        assert_points(runs[number].series[tag], points)
