"""Detectors, classifiers and games."""
# ruff: noqa: E501, PERF401, SIM113, N806, UP031 - log lines are as long as they are, builders as plain as they can be

from __future__ import annotations

import pytest

SAMPLES = {}


def sample(build):
    """Keep a builder of a log, which returns its text and, by tag, the points or values that it holds."""
    SAMPLES[build.__name__] = build
    return build


@sample
def pytorch_imagenet(c):
    out = ["=> creating model 'resnet18'"]
    tr = []
    va = []
    k = 0
    for e in range(4):
        for b in range(0, 100, 10):
            t = c.train(k)
            out.append(
                f"Epoch: [{e}][{b:3d}/100]\tTime  0.5 ( 0.6)\tData  0.1 ( 0.2)\tLoss {t:.4e} ({t + 0.1:.4e})\tAcc@1  {c.accuracy(k) * 100:6.2f} ({c.accuracy(k) * 99:6.2f})\tAcc@5  90.00 ( 91.00)"
            )
            tr.append((e * 100 + b, float(f"{t:.4e}")))
            k += 1
        for b in range(0, 30, 10):
            out.append(
                f"Test: [ {b:2d}/30]\tTime  0.3 ( 0.3)\tLoss {c.valid(k) + 0.3:.4e} ({c.valid(k) + b / 1000:.4e})\tAcc@1  70.00 ( {60 + e}.00)"
            )
        va.append((e * 100 + 90, float(f"{c.valid(k) + 0.020:.4e}")))
        out.append(f" *   Acc@1 {60 + e}.000 Acc@5 89.000")
    return "\n".join(out), {"Loss": tr, "test/Loss": va}


@sample
def mnist_example(c):
    out = []
    tr = []
    va = []
    k = 0
    for e in range(1, 6):
        for b in range(0, 60000, 6400):
            out.append(f"Train Epoch: {e} [{b}/60000 ({b * 100 // 60000}%)]\tLoss: {c.train(k):.6f}")
            tr.append(c.train(k))
            k += 1
        out.append(f"\nTest set: Average loss: {c.valid(k):.4f}, Accuracy: {9000 + e}/10000 ({90}%)\n")
        va.append(c.valid(k))
    return "\n".join(out), {
        "train/Loss": tr,
        "test/Average loss": va,
        "test/Accuracy": [0.9 + e / 10000.0 for e in range(1, 6)],
    }


@sample
def vae_example(c):
    out = []
    tr = []
    va = []
    k = 0
    for e in range(1, 11):
        for b in range(0, 60000, 12800):
            out.append(f"Train Epoch: {e} [{b}/60000 ({b * 100 // 60000}%)]\tLoss: {c.train(k) * 100:.6f}")
            k += 1
        out += [
            f"====> Epoch: {e} Average loss: {c.train(e) * 100:.4f}",
            f"====> Test set loss: {c.valid(e) * 100:.4f}",
        ]
        va.append(round(c.valid(e) * 100, 4))
        tr.append(round(c.train(e) * 100, 4))
    return "\n".join(out), {"Average loss": tr, "Test set loss": va}


@sample
def caffe(c):
    P = "I1203 11:52:00.123456 14023 "
    out = [
        P + "solver.cpp:48] Initializing solver from parameters: ",
        "test_iter: 100",
        "test_interval: 500",
        "base_lr: 0.01",
        "display: 100",
        "max_iter: 10000",
        'lr_policy: "inv"',
        "gamma: 0.0001",
        "power: 0.75",
        "momentum: 0.9",
        "weight_decay: 0.0005",
    ]
    tr = []
    va = []
    lrs = []
    for i in range(0, 3000, 100):
        if i % 500 == 0:
            out.append(P + f"solver.cpp:330] Iteration {i}, Testing net (#0)")
            out.append(P + f"solver.cpp:397]     Test net output #0: accuracy = {c.accuracy(i / 100)}")
            out.append(
                P + f"solver.cpp:397]     Test net output #1: loss = {c.valid(i / 100)} (* 1 = {c.valid(i / 100)} loss)"
            )
            va.append((i, c.valid(i / 100)))
        out.append(P + f"solver.cpp:218] Iteration {i} (2.5 iter/s, 40s/100 iters), loss = {c.train(i / 100)}")
        tr.append((i, c.train(i / 100)))
        out.append(
            P + f"solver.cpp:237]     Train net output #0: loss = {c.train(i / 100)} (* 1 = {c.train(i / 100)} loss)"
        )
        out.append(P + f"sgd_solver.cpp:105] Iteration {i}, lr = {c.rate(i / 100)}")
        lrs.append((i, c.rate(i / 100)))
    return "\n".join(out), {"loss": tr, "test/loss": va, "lr": lrs}


@sample
def darknet(c):
    out = ["yolov3", "mask_scale: Using default '1.000000'"]
    tr = []
    lrs = []
    for i in range(1, 200):
        out.append("Region 82 Avg IOU: 0.412, Class: 0.512, Obj: 0.312, No Obj: 0.45, .5R: 0.25, .75R: 0.0,  count: 4")
        out.append(
            f" {i}: {c.train(i) + 0.1:.6f}, {c.train(i):.6f} avg, {c.rate(i):.6f} rate, 5.1234 seconds, {i * 64} images"
        )
        tr.append((i, c.train(i)))
        lrs.append((i, c.rate(i)))
    return "\n".join(out), {"avg loss": tr, "learning rate": lrs}


@sample
def cyclegan(c):
    out = ["================ Training Loss (Thu Jun 10 10:26:25 2021) ================"]
    tr = []
    k = 0
    for e in range(1, 4):
        for b in range(100, 1100, 100):
            out.append(
                f"(epoch: {e}, iters: {b}, time: 0.857, data: 2.929) D_A: {c.train(k):.3f} G_A: 0.660 cycle_A: 1.700 idt_A: 0.559 D_B: 0.181 G_B: 0.271 cycle_B: 1.211 idt_B: 0.764 "
            )
            tr.append(((e - 1) * 1000 + b, float(f"{c.train(k):.3f}")))
            k += 1
    return "\n".join(out), {"D_A": tr}


@sample
def dcgan_torch(c):
    out = []
    tr = []
    k = 0
    for e in range(3):
        for b in range(0, 500, 50):
            out.append(f"[{e}/25][{b}/500]\tLoss_D: {c.train(k):.4f}\tLoss_G: 3.1234\tD(x): 0.7\tD(G(z)): 0.2 / 0.1")
            tr.append((e * 500 + b, c.train(k)))
            k += 1
    return "\n".join(out), {"Loss_D": tr}


@sample
def pytorch_gan(c):
    out = []
    tr = []
    k = 0
    for e in range(3):
        for b in range(0, 90):
            out.append(f"[Epoch {e}/200] [Batch {b}/90] [D loss: {c.train(k):f}] [G loss: 1.234567]")
            tr.append((e * 90 + b, c.train(k)))
            k += 1
    return "\n".join(out), {"D loss": tr}


@sample
def keras_gan(c):
    out = []
    tr = []
    for k in range(60):
        out.append(f"{k} [D loss: {c.train(k):f}, acc.: {c.accuracy(k) * 100:.2f}%] [G loss: 0.812345]")
        tr.append((k, c.train(k)))
    return "\n".join(out), {"D loss": tr}


@sample
def mmdet2(c):
    out = [
        "2021-01-01 00:00:00,123 - mmdet - INFO - Environment info:",
        "optimizer = dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=0.0001)",
    ]
    tr = []
    k = 0
    for e in range(1, 4):
        for b in range(50, 500, 50):
            out.append(
                f"2021-01-01 00:00:00,123 - mmdet - INFO - Epoch [{e}][{b}/450]\tlr: {c.rate(k):.3e}, eta: 1 day, 2:03:11, time: 0.512, data_time: 0.051, memory: 3012, loss_rpn_cls: 0.6512, loss_bbox: 0.1234, acc: 93.1230, loss: {c.train(k):.4f}"
            )
            tr.append(((e - 1) * 450 + b, c.train(k)))
            k += 1
        out.append(
            f"2021-01-01 00:00:00,123 - mmdet - INFO - Epoch(val) [{e}][5000]\tbbox_mAP: 0.{300 + e}, bbox_mAP_50: 0.5{e}0, bbox_mAP_copypaste: 0.1 0.2 0.3"
        )
    return "\n".join(out), {"loss": tr}


@sample
def mmseg_iter(c):
    out = []
    tr = []
    for i in range(50, 2050, 50):
        out.append(
            f"2021-01-01 00:00:00,123 - mmseg - INFO - Iter [{i}/40000]\tlr: {c.rate(i / 50):.3e}, eta: 3:10:11, time: 0.28, data_time: 0.01, memory: 8000, decode.loss_seg: {c.train(i / 50):.4f}, decode.acc_seg: 60.1, loss: {c.train(i / 50) * 1.4:.4f}"
        )
        tr.append((i, float(f"{c.train(i / 50) * 1.4:.4f}")))
    return "\n".join(out), {"loss": tr}


@sample
def detectron2(c):
    out = []
    tr = []
    for i in range(19, 2000, 20):
        out.append(
            f"[32m[01/01 00:00:00 d2.utils.events]: \x1b[0m eta: 1:00:00  iter: {i}  total_loss: {c.train(i / 20)}  loss_cls: 0.3  loss_box_reg: 0.1  time: 0.5012  data_time: 0.0212  lr: {c.rate(i / 20):.5g}  max_mem: 5000M"
        )
        tr.append((i, c.train(i / 20)))
    return "\n".join(out), {"total_loss": tr}


@sample
def detr_metriclogger(c):
    out = []
    tr = []
    va = []
    k = 0
    for e in range(4):
        for b in range(0, 100, 10):
            out.append(
                f"Epoch: [{e}]  [{b:4d}/100]  eta: 0:10:00  lr: 0.000100  class_error: 90.10  loss: {c.train(k):.4f} ({c.train(k) + 0.3:.4f})  loss_ce: 1.1 (1.2)  time: 1.2001  data: 0.5001  max mem: 8000"
            )
            tr.append((e * 100 + b, c.train(k)))
            k += 1
        out.append(f"Epoch: [{e}] Total time: 0:10:00 (1.2001 s / it)")
        out.append(f"Averaged stats: lr: 0.000100  class_error: 80.10  loss: {c.train(k):.4f} ({c.train(k) + 0.5:.4f})")
        for b in range(0, 30, 10):
            out.append(
                f"Test:  [{b:3d}/30]  eta: 0:00:10  class_error: 70.00  loss: 9.9 ({c.valid(k) + 0.2 - b / 100:.4f})  time: 0.5  data: 0.1  max mem: 8000"
            )
        out.append("Test: Total time: 0:00:10 (0.5 s / it)")
        va.append(round(c.valid(k), 4))
    return "\n".join(out), {"loss": tr, "test/loss": va}


@sample
def timm(c):
    out = []
    tr = []
    va = []
    k = 0
    for e in range(3):
        for b in range(0, 1000, 100):
            out.append(
                f"Train: {e} [{b:4d}/1000 ({b // 10:3d}%)]  Loss: {c.train(k):.3g} ({c.train(k) + 0.1:.3g})  Time: 0.512s,  500.12/s  (0.611s,  419.12/s)  LR: {c.rate(k):.3e}  Data: 0.012 (0.021)"
            )
            tr.append((e * 1000 + b, float(f"{c.train(k):.3g}")))
            k += 1
        for b in range(0, 40, 10):
            out.append(
                f"Test: [{b:4d}/39]  Time: 0.5 (0.6)  Loss:   0.9123 ({c.valid(k) + 0.3 - b / 100:.4f})  Acc@1:  75.000 ( 70.1)  Acc@5:  90.0 ( 91.0)"
            )
        va.append(round(c.valid(k), 4))
    return "\n".join(out), {"train/Loss": tr, "test/Loss": va}


@sample
def swin(c):
    out = []
    tr = []
    k = 0
    for e in range(3):
        for b in range(0, 1251, 100):
            out.append(
                f"[2021-04-01 10:00:00 swin_tiny] (main.py 225): INFO Train: [{e}/300][{b}/1251]\teta 0:10:00 lr {c.rate(k):.6f}\ttime 0.5123 (0.6123)\tloss {c.train(k):.4f} ({c.train(k) + 0.1:.4f})\tgrad_norm 2.1 (2.2)\tmem 8000MB"
            )
            tr.append((e * 1251 + b, c.train(k)))
            k += 1
        out.append(f"[2021-04-01 10:00:00 swin_tiny] (main.py 240): INFO EPOCH {e} training takes 0:10:12")
        out.append(
            "[2021-04-01 10:00:00 swin_tiny] (main.py 280): INFO Test: [0/98]\tTime 3.1 (3.1)\tLoss 0.9 (0.9)\tAcc@1 75.0 (75.0)\tAcc@5 90.0 (90.0)\tMem 8000MB"
        )
        out.append(f"[2021-04-01 10:00:00 swin_tiny] (main.py 290): INFO  * Acc@1 {70 + e}.123 Acc@5 90.123")
    return "\n".join(out), {"train/loss": tr}


@sample
def yolov3_bracket(c):
    out = []
    tr = []
    k = 0
    for i in range(0, 500, 10):
        out.append(
            f"[Iter {i}/500000] [lr {c.rate(k):.6f}] [Losses: xy {c.train(k):.6f}, wh 1.2, conf 10.5, cls 3.2, total {c.train(k) + 15:.4f}, imgsize 416]"
        )
        tr.append((i, round(c.train(k) + 15, 4)))
        k += 1
    return "\n".join(out), {"Losses/total": tr}


@sample
def nnunetv2(c):
    out = [
        "",
        "#######################################################################",
        "Please cite the following paper when using nnU-Net:",
        "",
        "2024-01-01 10:00:00.123456: do_dummy_2d_data_aug: False",
        "2024-01-01 10:00:00.123456: Using splits from existing split file: /x/splits_final.json",
        "2024-01-01 10:00:00.123456: This split has 48 training and 12 validation cases.",
    ]
    tr = []
    va = []
    lrs = []
    for e in range(12):
        p = "2024-01-01 10:0%d:00.123456: " % (e % 10)
        out += [
            p,
            p + f"Epoch {e}",
            p + f"Current learning rate: {round(0.01 * (1 - e / 1000) ** 0.9, 5)}",
            p + f"train_loss {-c.train(e):.4f}",
            p + f"val_loss {-c.valid(e):.4f}",
            p + "Pseudo dice [np.float32(0.8123), np.float32(0.7123)]",
            p + "Epoch time: 123.45 s",
        ]
        if e % 3 == 0:
            out.append(p + f"Yayy! New best EMA pseudo Dice: {0.5 + e / 100:.4f}")
        tr.append((e, -c.train(e)))
        va.append((e, -c.valid(e)))
        lrs.append((e, round(0.01 * (1 - e / 1000) ** 0.9, 5)))
    return "\n".join(out), {"train_loss": tr, "val_loss": va, "Current learning rate": lrs}


@pytest.mark.parametrize("name", SAMPLES)
def test_curves(name, course, read_printed, assert_points):
    text, wanted = SAMPLES[name](course)
    runs = read_printed(text)
    for where, points in wanted.items():
        number, tag = where if isinstance(where, tuple) else (0, where)
        assert tag in runs[number].series, list(runs[number].series)
        assert_points(runs[number].series[tag], points)
