"""Other training frameworks."""
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
def tf_estimator(c):
    out = []
    tr = []
    va = []
    for i in range(0, 3000, 100):
        out.append(f"INFO:tensorflow:loss = {c.train(i / 100)}, step = {i}" + (" (1.234 sec)" if i else ""))
        tr.append((i, c.train(i / 100)))
        if i:
            out.append("INFO:tensorflow:global_step/sec: 80.123")
        if i % 1000 == 0 and i:
            out.append(
                f"INFO:tensorflow:Saving dict for global step {i}: accuracy = 0.9, global_step = {i}, loss = {c.valid(i / 100)}"
            )
            va.append((i, c.valid(i / 100)))
    return "\n".join(out), {"loss": tr, "eval/loss": va}


@sample
def tf_od(c):
    out = []
    tr = []
    for i in range(1, 120):
        out.append(f"INFO:tensorflow:global step {i}: loss = {c.train(i):.4f} (0.512 sec/step)")
        tr.append((i, c.train(i)))
    return "\n".join(out), {"loss": tr}


@sample
def tf2_od(c):
    out = []
    tr = []
    for i in range(100, 5000, 100):
        out.append(
            f"INFO:tensorflow:Step {i} per-step time 0.512s\nI0601 10:00:00.123456 139 model_lib_v2.py:705] Step {i} per-step time 0.512s\nINFO:tensorflow:{{'Loss/classification_loss': 0.12,\n 'Loss/localization_loss': 0.10,\n 'Loss/total_loss': {c.train(i / 100)},\n 'learning_rate': {c.rate(i / 100)}}}"
        )
        tr.append((i, c.train(i / 100)))
    return "\n".join(out), {"Loss/total_loss": tr}


@sample
def mxnet(c):
    out = []
    va = []
    for e in range(12):
        for b in (20, 40):
            out.append(f"INFO:root:Epoch[{e}] Batch [{b - 20}-{b}]\tSpeed: 1000.12 samples/sec\taccuracy=0.5{e:02d}")
        out.append(f"INFO:root:Epoch[{e}] Train-accuracy={c.accuracy(e)}")
        out.append(f"INFO:root:Epoch[{e}] Time cost=10.123")
        out.append(f"INFO:root:Epoch[{e}] Validation-accuracy={c.accuracy(e) - 0.05:.4f}")
        va.append(round(c.accuracy(e) - 0.05, 4))
    return "\n".join(out), {"Validation-accuracy": va}


@sample
def espnet(c):
    out = []
    tr = []
    k = 0
    for e in range(1, 4):
        for b in range(100, 600, 100):
            out.append(
                f"[host] 2021-01-01 00:00:00,123 (trainer:678) INFO: {e}epoch:train:{b - 99}-{b}batch: iter_time=0.012, forward_time=0.123, loss_ctc=30.1, loss={c.train(k)}, acc=0.{k + 10}, backward_time=0.1, optim0_lr0={c.rate(k)}, train_time=0.5"
            )
            tr.append(c.train(k))
            k += 1
        out.append(
            f"[host] 2021-01-01 00:00:00,123 (trainer:328) INFO: {e}epoch results: [train] iter_time=0.1, loss={c.train(k) + 0.2:.3f}, acc=0.5, time=10 minutes, total_count=500, [valid] loss={c.valid(k)}, acc=0.6, time=1 minute"
        )
    return "\n".join(out), {"train/loss": tr}


@sample
def marian(c):
    out = []
    tr = []
    va = []
    for i in range(100, 5000, 100):
        out.append(
            f"[2020-01-01 00:00:00] Ep. {1 + i // 2000} : Up. {i} : Sen. {i * 50:,} : Cost {c.train(i / 100):.8f} : Time 10.12s : 5000.12 words/s : L.r. {c.rate(i / 100):.4e}"
        )
        tr.append((i, c.train(i / 100)))
        if i % 1000 == 0:
            out.append(
                f"[2020-01-01 00:00:00] [valid] Ep. {1 + i // 2000} : Up. {i} : cross-entropy : {c.valid(i / 100)} : new best"
            )
            va.append((i, c.valid(i / 100)))
    return "\n".join(out), {"Cost": tr, "valid/cross-entropy": va}


@sample
def opennmt(c):
    out = []
    tr = []
    va = []
    for i in range(50, 2000, 50):
        out.append(
            f"[2020-01-01 00:00:00,123 INFO] Step {i}/100000; acc:   5.10; ppl: {math.exp(c.train(i / 50)):7.2f}; xent: {c.train(i / 50):.4f}; lr: {c.rate(i / 50):.5f}; 5000/6000 tok/s;     30 sec"
        )
        tr.append((i, c.train(i / 50)))
        if i % 500 == 0:
            out.append(
                f"[2020-01-01 00:00:00,123 INFO] Validation perplexity: {c.valid(i / 50)}\n[2020-01-01 00:00:00,123 INFO] Validation accuracy: 50.12"
            )
            va.append((i, c.valid(i / 50)))
    return "\n".join(out), {"xent": tr, "Validation perplexity": va}


@sample
def paddleocr(c):
    out = ["[2021/01/01 00:00:00] ppocr INFO:         learning_rate : 0.001"]
    tr = []
    for i in range(10, 500, 10):
        out.append(
            f"[2021/01/01 00:00:00] ppocr INFO: epoch: [{1 + i // 100}/500], global_step: {i}, lr: {c.rate(i / 10):.6f}, acc: 0.123456, loss: {c.train(i / 10):.6f}, avg_reader_cost: 0.01234 s, avg_batch_cost: 0.51234 s, avg_samples: 64.0, ips: 123.1 samples/s, eta: 1 day, 3:04:05"
        )
        tr.append((i, c.train(i / 10)))
    return "\n".join(out), {"loss": tr}


@sample
def ignite(c):
    out = []
    tr = []
    va = []
    for e in range(1, 15):
        out += [
            f"Training Results - Epoch: {e}  Avg accuracy: {c.accuracy(e):.2f} Avg loss: {c.train(e):.4f}",
            f"Validation Results - Epoch: {e}  Avg accuracy: 0.95 Avg loss: {c.valid(e):.4f}",
        ]
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"train/Avg loss": tr, "validation/Avg loss": va}


@sample
def flair(c):
    out = []
    va = []
    tr = []
    k = 0
    for e in range(1, 11):
        for b in range(1, 5):
            out.append(
                f"2020-06-23 12:11:11,945 epoch {e} - iter {b * 50}/200 - loss {c.train(k) + 0.1:.8f} - samples/sec: 129.35 - lr: 0.100000"
            )
            k += 1
        out.append("2020-06-23 12:11:12,540 " + "-" * 100)
        out.append(f"2020-06-23 12:11:12,547 EPOCH {e} done: loss {c.train(k):.4f} - lr 0.1000000")
        out.append(f"2020-06-23 12:11:31,969 DEV : loss {c.valid(k)} - score 0.7667")
        out.append("2020-06-23 12:11:32,118 BAD EPOCHS (no improvement): 0")
        tr.append(c.train(k))
        va.append(c.valid(k))
    return "\n".join(out), {"loss_epoch": tr, "dev/loss": va}


@sample
def tacotron2(c):
    out = ["FP16 Run: False", "Epoch: 0"]
    tr = []
    va = []
    for i in range(0, 60):
        out.append(f"Train loss {i} {c.train(i):.6f} Grad Norm 1.234567 1.20s/it")
        tr.append((i, c.train(i)))
        if i % 20 == 0 and i:
            out.append(f"Validation loss {i}: {c.valid(i):9f}  ")
            va.append((i, c.valid(i)))
    return "\n".join(out), {"train loss": tr, "validation loss": va}


@sample
def lerobot(c):
    out = []
    tr = []

    def big(n):
        return f"{n}" if n < 1000 else f"{n / 1000:.0f}K"

    for i in range(200, 8000, 200):
        out.append(
            f"INFO 2026-10-04 12:00:0{i % 10} ot_train.py:441 step:{big(i)} smpl:{big(i * 8)} ep:{i // 100} epch:0.04 loss:{c.train(i / 200):.3f} grdn:5.123 lr:1.0e-05 updt_s:0.123 data_s:0.012"
        )
        tr.append(round(c.train(i / 200), 3))
    return "\n".join(out), {"loss": tr}


@sample
def xgboost(c):
    out = ["[0]\ttrain-logloss:0.69\teval-logloss:0.69"]
    tr = [(0, 0.69)]
    va = [(0, 0.69)]
    for i in range(1, 60):
        out.append(f"[{i}]\ttrain-logloss:{c.train(i):.5f}\teval-logloss:{c.valid(i):.5f}")
        tr.append((i, c.train(i)))
        va.append((i, c.valid(i)))
    return "\n".join(out), {"train-logloss": tr, "eval-logloss": va}


@sample
def lightgbm(c):
    out = [
        "[LightGBM] [Info] Total Bins 255",
        "[LightGBM] [Info] Number of data points in the train set: 500, number of used features: 30",
        "Training until validation scores don't improve for 50 rounds",
    ]
    tr = []
    va = []
    for i in range(10, 300, 10):
        out.append(f"[{i}]\ttraining's binary_logloss: {c.train(i / 10)}\tvalid_1's binary_logloss: {c.valid(i / 10)}")
        tr.append((i, c.train(i / 10)))
        va.append((i, c.valid(i / 10)))
    return "\n".join(out), {"training's binary_logloss": tr, "valid_1's binary_logloss": va}


@sample
def catboost(c):
    out = ["Learning rate set to 0.03"]
    tr = []
    va = []
    for i in range(0, 100):
        out.append(
            f"{i}:\tlearn: {c.train(i):.7f}\ttest: {c.valid(i):.7f}\tbest: {c.valid(i):.7f} ({i})\ttotal: {i * 5}ms\tremaining: 5.{i}s"
        )
        tr.append((i, c.train(i)))
        va.append((i, c.valid(i)))
    return "\n".join(out), {"learn": tr, "test": va}


@sample
def xgb_cv(c):
    out = []
    tr = []
    va = []
    for e in range(0, 60, 5):
        out.append(f"[{e}]\ttrain-auc:{c.accuracy(e):.5f}+0.00123\ttest-auc:{c.accuracy(e) - 0.05:.5f}+0.00456")
        tr.append((e, c.accuracy(e)))
        va.append((e, round(c.accuracy(e) - 0.05, 5)))
    return "\n".join(out), {"train-auc": tr, "test-auc": va}


@sample
def tabnet(c):
    out = []
    tr = []
    va = []
    for e in range(0, 20):
        out.append(f"epoch {e:<3}| loss: {c.train(e):<8.5f}| val_0_auc: {c.accuracy(e):<8.5f}|  0:00:0{e % 10}s")
        tr.append((e, c.train(e)))
        va.append((e, c.accuracy(e)))
    return "\n".join(out), {"loss": tr, "val_0_auc": va}


@sample
def sklearn_mlp(c):
    out = []
    tr = []
    for e in range(1, 50):
        out.append(f"Iteration {e}, loss = {c.train(e):.8f}")
        tr.append((e, c.train(e)))
    out.append("Training loss did not improve more than tol=0.000100 for 10 consecutive epochs. Stopping.")
    return "\n".join(out), {"loss": tr}


@sample
def logging_dict(c):
    out = []
    tr = []
    va = []
    for i in range(0, 400, 10):
        out.append(
            f"2024-05-01 10:00:00,123 - INFO - __main__ - {{'step': {i}, 'train/loss': {c.train(i / 10)}, 'train/lr': {c.rate(i / 10)}, 'throughput': 123.4}}"
        )
        tr.append((i, c.train(i / 10)))
        if i % 100 == 0:
            out.append(f"2024-05-01 10:00:00,123 - INFO - __main__ - {{'step': {i}, 'val/loss': {c.valid(i / 10)}}}")
            va.append((i, c.valid(i / 10)))
    return "\n".join(out), {"train/loss": tr, "val/loss": va}


@sample
def scglue(c):
    out = []
    tr = []
    va = []
    for e in range(10, 160, 10):
        out.append(
            f"[INFO] SCGLUETrainer: [Epoch {e}] train={{'g_nll': {c.train(e / 10)}, 'g_kl': 0.004}}, val={{'g_nll': {c.valid(e / 10)}, 'g_kl': 0.005}}, 1.5s elapsed"
        )
        tr.append((e, c.train(e / 10)))
        va.append((e, c.valid(e / 10)))
    return "\n".join(out), {"train/g_nll": tr, "val/g_nll": va}


@pytest.mark.parametrize("name", SAMPLES)
def test_curves(name, course, read_printed, assert_points):
    text, wanted = SAMPLES[name](course)
    runs = read_printed(text)
    for where, points in wanted.items():
        number, tag = where if isinstance(where, tuple) else (0, where)
        assert tag in runs[number].series, list(runs[number].series)
        assert_points(runs[number].series[tag], points)
