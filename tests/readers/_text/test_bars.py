"""Progress bars that overwrite themselves, and what is printed between them."""
# ruff: noqa: E501, PERF401 - log lines are as long as they are, builders as plain as they can be

from __future__ import annotations

import pytest

SAMPLES = {}


def sample(build):
    """Keep a builder of a log, which returns its text and, by tag, the points or values that it holds."""
    SAMPLES[build.__name__] = build
    return build


@sample
def keras_tf2(c):
    out = []
    tr = []
    va = []
    for e in range(1, 21):
        out.append(f"Epoch {e}/20")
        s = "\r".join(
            f"{i * 10:3d}/100 [{'=' * i}>{'.' * (30 - i)}] - ETA: 0:0{i} - loss: {c.train(e) + 0.5 - i / 20:.4f} - accuracy: 0.5"
            for i in range(1, 6)
        )
        s += (
            "\r"
            + f"100/100 [==============================] - 2s 20ms/step - loss: {c.train(e):.4f} - accuracy: {c.accuracy(e):.4f} - val_loss: {c.valid(e):.4f} - val_accuracy: {c.accuracy(e) - 0.1:.4f} - lr: 0.0010"
        )
        out.append(s)
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"loss": tr, "val_loss": va}


@sample
def keras_backspace(c):
    out = []
    tr = []
    va = []
    for e in range(1, 11):
        out.append(f"Epoch {e}/10")
        s = ""
        for i in range(1, 6):
            t = f" {i * 10}/50 [{'=' * i * 5}>{'.' * (25 - i * 5)}] - ETA: 3s - loss: {c.train(e) + 0.3 - i / 20:.4f}"
            s += t + "\x08" * len(t)
        s += f"50/50 [==============================] - 5s 20ms/step - loss: {c.train(e):.4f} - val_loss: {c.valid(e):.4f}"
        out.append(s)
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
        if e % 3 == 0:
            out.append(
                f"Epoch {e:05d}: val_loss improved from {c.valid(e - 1):.5f} to {c.valid(e):.5f}, saving model to w.h5"
            )
    return "\n".join(out), {"loss": tr, "val_loss": va}


@sample
def keras3(c):
    out = []
    tr = []
    va = []
    for e in range(1, 16):
        out.append(f"Epoch {e}/15")
        s = "\x1b[1m 1/79\x1b[0m \x1b[37m━━━━━━━━━━━━━━━━━━━━\x1b[0m \x1b[1m55s\x1b[0m 717ms/step - accuracy: 0.1 - loss: 9.0"
        for i in range(2, 5):
            s += (
                "\x08" * 80
                + "\r"
                + f"\x1b[1m{i * 10}/79\x1b[0m \x1b[32m━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 2ms/step - accuracy: 0.5 - loss: {c.train(e) + 1:.4f}"
            )
        s += (
            "\x08" * 80
            + "\r"
            + f"\x1b[1m79/79\x1b[0m \x1b[32m━━━━━━━━━━━━━━━━━━━━\x1b[0m\x1b[37m\x1b[0m \x1b[1m1s\x1b[0m 3ms/step - accuracy: {c.accuracy(e):.4f} - loss: {c.train(e):.4f} - val_accuracy: {c.accuracy(e):.4f} - val_loss: {c.valid(e):.4f}"
        )
        out.append(s)
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"loss": tr, "val_loss": va}


@sample
def keras1_nobar(c):
    out = ["Train on 60000 samples, validate on 10000 samples"]
    tr = []
    va = []
    for e in range(1, 11):
        out.append(f"Epoch {e}/10")
        out.append(
            f" - {e}s - loss: {c.train(e):.4f} - acc: {c.accuracy(e):.4f} - val_loss: {c.valid(e):.4f} - val_acc: 0.9"
        )
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"loss": tr, "val_loss": va}


@sample
def hf_trainer_stdout(c):
    out = [
        "***** Running training *****",
        "  Num examples = 1,000",
        "  Num Epochs = 3",
        "  Total optimization steps = 300",
    ]
    tr = []
    va = []
    lrs = []
    s = "\r  0%|          | 0/300 [00:00<?, ?it/s]"
    for k in range(1, 31):
        st = k * 10
        for j in range(st - 9, st + 1):
            s += f"\r {st // 3}%|{'█' * (st // 30)}{' ' * (10 - st // 30)}| {j}/300 [00:{j % 60:02d}<01:00,  5.0it/s]"
        s += f"\r                                        \r{{'loss': {c.train(k)}, 'grad_norm': {round(1 + k / 10, 3)}, 'learning_rate': {c.rate(k)}, 'epoch': {round(st / 100, 2)}}}\n"
        tr.append((st, c.train(k)))
        lrs.append((st, c.rate(k)))
        s += f"\r {st // 3}%|{'█' * (st // 30)}{' ' * (10 - st // 30)}| {st}/300 [00:59<01:00,  5.0it/s]"
        if st % 100 == 0:
            s += "\n" + "".join(f"\r  {q}%|██        | {q}/13 [00:01<00:01, 10it/s]\x1b[A" for q in range(1, 14))
            s += f"\r                    \x1b[A\n{{'eval_loss': {c.valid(k)}, 'eval_accuracy': {c.accuracy(k)}, 'eval_runtime': 1.5, 'eval_samples_per_second': 100.1, 'eval_steps_per_second': 13.0, 'epoch': {st / 100}}}\n"
            va.append((st, c.valid(k)))
    s += "{'train_runtime': 100.5, 'train_samples_per_second': 30.0, 'train_steps_per_second': 3.0, 'train_loss': 0.987, 'epoch': 3.0}\n"
    return "\n".join(out) + "\n" + s, {"loss": tr, "eval_loss": va, "learning_rate": lrs}


@sample
def hf_plain(c):
    out = []
    tr = []
    va = []
    for k in range(1, 31):
        out.append(f"{{'loss': {c.train(k)}, 'learning_rate': {c.rate(k)}, 'epoch': {round(k / 10, 2)}}}")
        tr.append(c.train(k))
        if k % 10 == 0:
            out.append(f"{{'eval_loss': {c.valid(k)}, 'eval_runtime': 12.1, 'epoch': {k / 10}}}")
            va.append(c.valid(k))
    return "\n".join(out), {"loss": tr, "eval_loss": va}


@sample
def hf_v5_strings(c):
    out = []
    tr = []
    for k in range(1, 31):
        out.append(
            f"{{'loss': '{c.train(k)}', 'grad_norm': '1.{k}', 'learning_rate': '{c.rate(k)}', 'epoch': '{round(k / 10, 2)}'}}"
        )
        tr.append(c.train(k))
    return "\n".join(out), {"loss": tr}


@sample
def axolotl_ranks(c):
    out = []
    tr = []
    for k in range(1, 30):
        out.append(f"{{'loss': {c.train(k)}, 'grad_norm': 0.5, 'learning_rate': {c.rate(k)}, 'epoch': {k * 0.05:.2f}}}")
        tr.append(c.train(k))
        for _r in range(3):
            out.append(f"{k}%|▋         | {k * 5}/600 [00:{k:02d}<10:00,  1.20s/it]")
    return "\n".join(out), {"loss": tr}


@sample
def lightning_bar(c):
    s = "GPU available: True\n"
    tr = []
    for e in range(3):
        for b in range(0, 50):
            k = e * 50 + b
            s += f"\rEpoch {e}: {b * 2:3d}%|{'█' * (b // 5)}{' ' * (10 - b // 5)}| {b}/50 [00:{b:02d}<00:20,  2.5it/s, loss={c.train(k):.3f}, v_num=0]"
            tr.append(round(float(f"{c.train(k):.3f}"), 3))
        s += "\n"
    return s, {"loss": tr}


@sample
def rich_bar(c):
    out = []
    tr = []
    for e in range(0, 12):
        out.append(
            f"Epoch {e}/29 ━━━━━━━━━━━━━━━━━━━━━━━━━━ 5809/5809 0:12:44 • 0:00:00 7.55it/s v_num: jba0 train/loss_step: 0.181 val/loss: {c.valid(e)} val/per: 0.098 train/loss_epoch: {c.train(e)}"
        )
        tr.append((e, c.train(e)))
    return "\n".join(out), {"train/loss_epoch": [v for _, v in tr]}


@sample
def tqdm_single(c):
    s = ""
    tr = []
    for k in range(200):
        s += f"\rTraining: {k // 2:3d}%|{'█' * (k // 20)}{' ' * (10 - k // 20)}| {k}/200 [00:{k % 60:02d}<01:00,  3.33it/s, loss={c.train(k):.4f}, lr={c.rate(k):.6f}]"
        tr.append((k, c.train(k)))
    return s + "\n", {"train/loss": tr}


@sample
def gsplat(c):
    s = ""
    tr = []
    for i in range(10, 1000, 10):
        s += f"\rTraining progress:  {i // 10}%|{'█' * (i // 100)}| {i}/30000 [00:42<00:10, 18.51it/s, Loss={c.train(i / 10):.7f}, Depth Loss=0.0000000]"
        tr.append((i, c.train(i / 10)))
    s += "\n[ITER 1000] Evaluating test: L1 0.0212 PSNR 25.123\n"
    return s, {"train/Loss": tr}


@sample
def kohya(c):
    s = "running training / 学習開始\n  num train images * repeats / 学習画像の数×繰り返し回数: 400\n"
    tr = []
    for i in range(1, 300):
        s += f"\rsteps:  {i // 3}%|{'█' * (i // 30)}{' ' * (10 - i // 30)}| {i}/300 [00:42<00:10,  1.51it/s, avr_loss={c.train(i / 10):.4f}]"
        tr.append((i, c.train(i / 10)))
    return s, {"avr_loss": tr}


@pytest.mark.parametrize("name", SAMPLES)
def test_curves(name, course, read_printed, assert_points):
    text, wanted = SAMPLES[name](course)
    runs = read_printed(text)
    for where, points in wanted.items():
        number, tag = where if isinstance(where, tuple) else (0, where)
        assert tag in runs[number].series, list(runs[number].series)
        assert_points(runs[number].series[tag], points)
