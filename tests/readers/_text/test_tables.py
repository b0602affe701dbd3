"""Tables with a header printed once, and boxes."""
# ruff: noqa: E501 - log lines are as long as they are, builders as plain as they can be

from __future__ import annotations

import pytest

SAMPLES = {}


def sample(build):
    """Keep a builder of a log, which returns its text and, by tag, the points or values that it holds."""
    SAMPLES[build.__name__] = build
    return build


@sample
def hf_model_card(c):
    out = [
        "---",
        "license: apache-2.0",
        "---",
        "# my-model",
        "It achieves the following results:",
        "- Loss: 0.5",
        "- Accuracy: 0.9",
        "### Training hyperparameters",
        "- learning_rate: 5e-05",
        "- train_batch_size: 8",
        "- num_epochs: 8",
        "### Training results",
        "",
        "| Training Loss | Epoch | Step | Validation Loss | Accuracy |",
        "|:-------------:|:-----:|:----:|:---------------:|:--------:|",
    ]
    tr = []
    va = []
    for k in range(1, 9):
        t = "No log" if k < 2 else f"{c.train(k)}"
        out.append(f"| {t:13s} | {k}.0   | {k * 125:4d} | {c.valid(k):<15} | {c.accuracy(k)} |")
        va.append((k * 125, c.valid(k)))
        if k >= 2:
            tr.append((k * 125, c.train(k)))
    return "\n".join(out), {"Training Loss": tr, "Validation Loss": va}


@sample
def skorch(c):
    out = [
        "  epoch    train_loss    valid_acc    valid_loss     dur",
        "-------  ------------  -----------  ------------  ------",
    ]
    tr = []
    va = []
    for e in range(1, 15):
        out.append(
            f"      {e}        \x1b[36m{c.train(e):.4f}\x1b[0m       \x1b[32m{c.accuracy(e):.4f}\x1b[0m        \x1b[35m{c.valid(e):.4f}\x1b[0m  0.0312"
        )
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"train_loss": tr, "valid_loss": va}


@sample
def fastai_table(c):
    out = ["epoch     train_loss  valid_loss  accuracy  time    "]
    tr = []
    va = []
    for e in range(12):
        out.append(f"{e:<9d} {c.train(e):.6f}    {c.valid(e):.6f}    {c.accuracy(e):.6f}  00:1{e % 10}     ")
        tr.append((e, c.train(e)))
        va.append((e, c.valid(e)))
    return "\n".join(out), {"train_loss": tr, "valid_loss": va}


@sample
def spacy(c):
    out = [
        "ℹ Pipeline: ['tok2vec', 'ner']",
        "ℹ Initial learn rate: 0.001",
        "E    #       LOSS TOK2VEC  LOSS NER  ENTS_F  ENTS_P  ENTS_R  SCORE ",
        "---  ------  ------------  --------  ------  ------  ------  ------",
    ]
    tr = []
    for k in range(0, 15):
        out.append(
            f"{k // 3:3d}  {k * 200:6d}          0.00   {c.train(k) * 100:7.2f}   {k + 10}.12   20.12   30.12    0.{k + 10}"
        )
        tr.append((k * 200, float(f"{c.train(k) * 100:.2f}")))
    return "\n".join(out), {"LOSS NER": tr}


@sample
def sklearn_gbm(c):
    out = ["      Iter       Train Loss   Remaining Time "]
    tr = []
    for e in list(range(1, 11)) + list(range(20, 110, 10)):
        out.append(f"{e:10d} {c.train(e / 3):16.4f} {1.2:12.2f}s")
        tr.append((e, float(f"{c.train(e / 3):.4f}")))
    return "\n".join(out), {"Train Loss": tr}


@sample
def ultralytics_stdout(c):
    out = [
        "Ultralytics YOLOv8.0.0 Python-3.10 torch-2.0 CUDA:0",
        "optimizer: SGD(lr=0.01) with parameter groups 57 weight(decay=0.0), 64 weight(decay=0.0005), 63 bias",
        "",
    ]
    tr = []
    for e in range(1, 16):
        out.append("      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size")
        out.append(
            "\r".join(
                f"      {e:2d}/15      2.32G     {c.train(e) + 0.1:.4g}      2.345      1.123         45        640: {q * 10}%|{'█' * q}{' ' * (10 - q)}| {q}/8 [00:05<00:00,  1.52it/s]"
                for q in range(1, 8)
            )
            + "\r"
            + f"      {e:2d}/15      2.32G     {c.train(e):.4g}      2.345      1.123         45        640: 100%|██████████| 8/8 [00:05<00:00,  1.52it/s]"
        )
        out.append(
            "                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): 100%|██████████| 4/4 [00:02<00:00,  1.91it/s]"
        )
        out.append(
            f"                   all        128        929      0.641      0.5{e:02d}      0.6{e:02d}      0.446"
        )
        tr.append((e, float(f"{c.train(e):.4g}")))
    return "\n".join(out), {"box_loss": tr}


@sample
def yolov5_old(c):
    out = ["     Epoch   gpu_mem       box       obj       cls    labels  img_size"]
    tr = []
    for e in range(0, 20):
        out.append(
            f"     {e}/299     2.3G   {c.train(e):.4g}   0.01234   0.0123        45       640: 100%|██████████| 8/8 [00:05<00:00,  1.5it/s]"
        )
        tr.append((e, float(f"{c.train(e):.4g}")))
    return "\n".join(out), {"train/box_loss": tr}


@sample
def sb3_box(c):
    out = ["Using cpu device"]
    tr = []
    for k in range(1, 25):
        out.append(f"""-----------------------------------------
| rollout/                |             |
|    ep_len_mean          | 22.7        |
|    ep_rew_mean          | {20 + k}.7        |
| time/                   |             |
|    fps                  | 1004        |
|    iterations           | {k}           |
|    time_elapsed         | 2           |
|    total_timesteps      | {k * 2048}        |
| train/                  |             |
|    approx_kl            | 0.00812     |
|    learning_rate        | 0.0003      |
|    loss                 | {c.train(k)}        |
|    n_updates            | {k * 10}          |
-----------------------------------------""")
        tr.append((k * 2048, c.train(k)))
    return "\n".join(out), {"train/loss": tr}


@sample
def baselines_box(c):
    out = []
    tr = []
    for k in range(0, 30):
        out.append(f"""------------------------
| grad_norm | 8.2      |
| loss      | {c.train(k):<8.3g} |
| loss_q0   | {c.train(k) * 2:<8.3g} |
| loss_q1   | 7.3      |
| samples   | {k * 2560:<8.3g} |
| step      | {k * 10:<8.3g} |
------------------------""")
        tr.append((k * 10, float(f"{c.train(k):.3g}")))
    return "\n".join(out), {"loss": tr}


@sample
def spinningup_box(c):
    out = []
    tr = []
    for k in range(0, 20):
        out.append(f"""---------------------------------------
|             Epoch |               {k} |
|      AverageEpRet |             {20 + k} |
|             LossPi |        {-c.train(k)} |
|              LossV |        {c.train(k)} |
---------------------------------------""")
        tr.append((k, c.train(k)))
    return "\n".join(out), {"LossV": tr}


@pytest.mark.parametrize("name", SAMPLES)
def test_curves(name, course, read_printed, assert_points):
    text, wanted = SAMPLES[name](course)
    runs = read_printed(text)
    for where, points in wanted.items():
        number, tag = where if isinstance(where, tuple) else (0, where)
        assert tag in runs[number].series, list(runs[number].series)
        assert_points(runs[number].series[tag], points)
