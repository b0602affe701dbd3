"""Well-known example programs and what is made of them."""
# ruff: noqa: E501 - log lines are as long as they are, builders as plain as they can be

from __future__ import annotations

import math

import pytest

SAMPLES = {}


def sample(build):
    """Keep a builder of a log, which returns its text and, by tag, the points or values that it holds."""
    SAMPLES[build.__name__] = build
    return build


@sample
def wlm(c):
    out = ["Namespace(batch_size=20, lr=20, epochs=3)"]
    tr = []
    va = []
    k = 0
    for e in range(1, 4):
        for b in range(200, 2983, 200):
            out.append(
                f"| epoch {e:3d} | {b:5d}/ 2983 batches | lr 20.00 | ms/batch 11.70 | loss {c.train(k):5.2f} | ppl {math.exp(c.train(k)):8.2f}"
            )
            tr.append(((e - 1) * 2983 + b, round(float(f"{c.train(k):.2f}"), 2)))
            k += 1
        out += [
            "-" * 89,
            f"| end of epoch {e:3d} | time: 35.32s | valid loss {c.valid(k):5.2f} | valid ppl {math.exp(c.valid(k)):8.2f}",
            "-" * 89,
        ]
        va.append(round(float(f"{c.valid(k):.2f}"), 2))
    out += ["=" * 89, "| End of training | test loss  4.80 | test ppl   121.50", "=" * 89]
    return "\n".join(out), {"loss": tr, "valid loss": va}


@sample
def torch_transfer_tutorial(c):
    out = []
    tr = []
    va = []
    for e in range(15):
        out += [
            f"Epoch {e}/14",
            "-" * 10,
            f"train Loss: {c.train(e):.4f} Acc: {c.accuracy(e):.4f}",
            f"val Loss: {c.valid(e):.4f} Acc: {c.accuracy(e) - 0.05:.4f}",
            "",
        ]
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    out += ["Training complete in 1m 5s", "Best val Acc: 0.95"]
    return "\n".join(out), {"train Loss": tr, "val Loss": va}


@sample
def cifar_tutorial(c):
    out = []
    tr = []
    k = 0
    for e in range(1, 4):
        for b in range(2000, 12001, 2000):
            out.append(f"[{e}, {b:5d}] loss: {c.train(k):.3f}")
            tr.append(((e - 1) * 12000 + b, float(f"{c.train(k):.3f}")))
            k += 1
    return "\n".join([*out, "Finished Training"]), {"loss": tr}


@sample
def coursera(c):
    out = []
    tr = []
    for e in range(0, 3000, 100):
        out.append(f"Cost after epoch {e}: {c.train(e / 100)}")
        tr.append((e, c.train(e / 100)))
    return "\n".join(out), {"Cost": tr}


@sample
def keras_guide(c):
    out = []
    tr = []
    for e in range(2):
        out.append(f"\nStart of epoch {e}")
        for i in range(0, 1000, 100):
            out += [
                f"Training loss (for 1 batch) at step {i}: {c.train(e * 10 + i / 100)}",
                f"Seen so far: {i * 64} samples",
            ]
            tr.append((e * 1000 + i, c.train(e * 10 + i / 100)))
        out.append(f"Training acc over epoch: 0.8{e}")
        out.append(f"Validation acc: 0.7{e}")
    return "\n".join(out), {"Training loss": [v for _, v in tr]}


@sample
def bentrevett(c):
    out = []
    tr = []
    va = []
    for e in range(1, 15):
        out += [
            f"Epoch: {e:02d} | Epoch Time: 2m 39s",
            f"\tTrain Loss: {c.train(e):.3f} | Train Acc: 91.28%",
            f"\t Val. Loss: {c.valid(e):.3f} |  Val. Acc: 88.64%",
        ]
        tr.append((e, round(c.train(e), 3)))
        va.append((e, round(c.valid(e), 3)))
    return "\n".join(out), {"Train Loss": tr, "Val. Loss": va}


@sample
def gcn(c):
    out = []
    tr = []
    va = []
    for e in range(1, 200):
        out.append(
            f"Epoch: {e:04d} loss_train: {c.train(e / 5):.4f} acc_train: 0.2500 loss_val: {c.valid(e / 5):.4f} acc_val: 0.3500 time: 0.0112s"
        )
        tr.append((e, c.train(e / 5)))
        va.append((e, c.valid(e / 5)))
    return "\n".join([*out, "Optimization Finished!", "Test set results: loss= 0.6012 accuracy= 0.8300"]), {
        "loss_train": tr,
        "loss_val": va,
    }


@sample
def gcn_tf(c):
    out = []
    tr = []
    va = []
    for e in range(1, 100):
        out.append(
            f"Epoch: {e:04d} train_loss= {c.train(e / 5):.5f} train_acc= 0.25000 val_loss= {c.valid(e / 5):.5f} val_acc= 0.35000 time= 0.01123"
        )
        tr.append((e, c.train(e / 5)))
        va.append((e, c.valid(e / 5)))
    return "\n".join(out), {"train_loss": tr, "val_loss": va}


@sample
def dgl(c):
    out = []
    tr = []
    for e in range(0, 100):
        out.append(
            f"Epoch {e:05d} | Time(s) 0.0123 | Loss {c.train(e / 5):.4f} | Accuracy {c.accuracy(e / 5):.4f} | ETputs(KTEPS) 912.12"
        )
        tr.append((e, c.train(e / 5)))
    return "\n".join(out), {"Loss": tr}


@sample
def reinforce(c):
    out = []
    tr = []
    for e in range(10, 500, 10):
        out.append(f"Episode {e}\tLast reward: {e % 37}.00\tAverage reward: {e / 10:.2f}")
        tr.append((e, e / 10))
    return "\n".join(out), {"Average reward": tr}


@sample
def informer(c):
    out = [
        "Args in experiment:",
        "Namespace(model='informer', learning_rate=0.0001, batch_size=32, train_epochs=6)",
        "train 8521",
        "val 2785",
    ]
    tr = []
    va = []
    k = 0
    for e in range(1, 7):
        for b in (100, 200):
            out.append(f"\titers: {b}, epoch: {e} | loss: {c.train(k):.7f}\n\tspeed: 0.0512s/iter; left time: 79.1234s")
            k += 1
        out += [
            f"Epoch: {e} cost time: 13.512345",
            f"Epoch: {e}, Steps: 266 | Train Loss: {c.train(e):.7f} Vali Loss: {c.valid(e):.7f} Test Loss: 0.5123456",
            "Validation loss decreased (inf --> 0.512345).  Saving model ...",
            f"Updating learning rate to {0.0001 * 0.5 ** (e - 1)}",
        ]
        tr.append(c.train(e))
        va.append(c.valid(e))
    return "\n".join(out), {"Train Loss": tr, "Vali Loss": va}


@sample
def early_stopping(c):
    out = []
    tr = []
    va = []
    for e in range(1, 20):
        out += [
            f"[{e:3d}/100] train_loss: {c.train(e):.5f} valid_loss: {c.valid(e):.5f}",
            f"Validation loss decreased ({c.valid(e - 1):.6f} --> {c.valid(e):.6f}).  Saving model ..."
            if e % 2
            else f"EarlyStopping counter: {e % 5} out of 20",
        ]
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"train_loss": tr, "valid_loss": va}


@sample
def epoch_step(c):
    out = []
    tr = []
    k = 0
    for e in range(1, 4):
        for b in range(100, 1001, 100):
            out.append(f"Epoch [{e}/3], Step [{b}/1000], Loss: {c.train(k)}, Cate Loss: 0.5")
            tr.append(((e - 1) * 1000 + b, c.train(k)))
            k += 1
    return "\n".join(out), {"Loss": tr}


@sample
def epoch_header_eq(c):
    out = []
    tr = []
    k = 0
    for e in range(3):
        out.append(f"=====epoch {e}")
        for i in range(10, 300, 10):
            out.append(f"iteration: {i} loss: {c.train(k)} loss_l: 12.1 loss_m: 3.1")
            tr.append(c.train(k))
            k += 1
    return "\n".join(out), {"loss": tr}


@sample
def two_on_a_line(c):
    out = []
    tr = []
    va = []
    for e in range(1, 20):
        out += [
            f"Epoch [{e}/100], Train Loss: {c.train(e)} Epoch [{e}/100], Val Loss: {c.valid(e)}",
            f"inf -> {c.valid(e)} Saving model...",
        ]
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"Train Loss": tr, "Val Loss": va}


@sample
def multiline_epoch(c):
    out = []
    tr = []
    va = []
    for e in range(1, 12):
        out += [
            f"Epoch {e}/11 -",
            f" Train Loss: {c.train(e)} -",
            f" Valid Loss: {c.valid(e)} -",
            f" Accuracy: {c.accuracy(e)}",
        ]
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"Train Loss": tr, "Valid Loss": va, "Accuracy": [(e, c.accuracy(e)) for e in range(1, 12)]}


@sample
def leading_int(c):
    out = []
    tr = []
    va = []
    for e in range(1, 12):
        out += [
            f"{e}   Average training loss: {c.train(e)}",
            f"  Accuracy: {c.accuracy(e)}",
            f"{e}   Average valid loss: {c.valid(e)}",
            f"  Accuracy: {c.accuracy(e) - 0.1:.4f}",
        ]
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"Average training loss": tr, "Average valid loss": va}


@sample
def loss_list(c):
    out = []
    tr = []
    for e in range(1, 20):
        out.append(f"epoch:{e} loss:[{c.train(e)}] acc:tensor({c.accuracy(e)})")
        tr.append((e, c.train(e)))
    return "\n".join(out), {"loss": tr}


@sample
def glued_loss(c):
    out = []
    tr = []
    k = 0
    for e in range(26, 28):
        for b in range(100, 1300, 100):
            out.append(
                f"2025-10-10 20:12:28.660 | INFO | Epoch {e} Batch {b} global_step {e * 2600 + b}Loss {c.train(k):.4f} Accuracy 0.8717"
            )
            tr.append((e * 2600 + b, c.train(k)))
            k += 1
    return "\n".join(out), {"Loss": tr}


@sample
def pretty_dict(c):
    out = []
    tr = []
    for i in range(100, 1500, 100):
        out.append(
            "{\n" + f"    'step': {i},\n    'loss': {c.train(i / 100)},\n    'grad_norm': 1.2,\n    'lr': 0.001\n" + "}"
        )
        tr.append((i, c.train(i / 100)))
    return "\n".join(out), {"loss": tr}


@sample
def json_in_line(c):
    out = []
    tr = []
    va = []
    for e in range(1, 15):
        out.append(
            f'2025-10-15 14:31:05 | INFO | Epoch {e} metrics: {{"train_loss": {c.train(e)}, "val_loss": {c.valid(e)}, "val_accuracy": 0.78}}'
        )
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"train_loss": tr, "val_loss": va}


@sample
def quickstart(c):
    out = ["Using cpu device"]
    tr = []
    va = []
    k = 0
    for e in range(1, 6):
        out += [f"Epoch {e}", "-------------------------------"]
        for b in range(64, 60000, 6400):
            out.append(f"loss: {c.train(k):.6f}  [{b:5d}/60000]")
            tr.append(((e - 1) * 60000 + b, c.train(k)))
            k += 1
        out += ["Test Error: ", f" Accuracy: {c.accuracy(e) * 100:.1f}%, Avg loss: {c.valid(e):.6f} ", ""]
        va.append(c.valid(e))
    return "\n".join([*out, "Done!"]), {"loss": tr, "test/Avg loss": va}


@sample
def step_then_loss(c):
    out = []
    tr = []
    for i in range(200, 4000, 200):
        out += [
            f"2025-10-29 14:32:10 - INFO - Step {i}/10000",
            f"2025-10-29 14:32:10 - INFO - Training Loss: {c.train(i / 200)}",
        ]
        tr.append((i, c.train(i / 200)))
    return "\n".join(out), {"Training Loss": tr}


@sample
def statistics_headings(c):
    out = []
    tr = []
    va = []
    for e in range(1, 12):
        out += [
            f"--- [Epoch {e}] ---",
            "--- Train Statistics ---",
            f"Loss: {c.train(e)} (Ent: 0.0049, Head: 0.0013)",
            "--- Val Statistics ---",
            f"Loss: {c.valid(e)} (Ent: 0.0163, Head: 0.0039)",
        ]
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"train/Loss": tr, "val/Loss": va}


@pytest.mark.parametrize("name", SAMPLES)
def test_curves(name, course, read_printed, assert_points):
    text, wanted = SAMPLES[name](course)
    runs = read_printed(text)
    for where, points in wanted.items():
        number, tag = where if isinstance(where, tuple) else (0, where)
        assert tag in runs[number].series, list(runs[number].series)
        assert_points(runs[number].series[tag], points)
