"""Trainers of language models."""
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
def megatron(c):
    out = [
        "  lr .............................................. 0.0003",
        "  optimizer ....................................... adam",
        "  global_batch_size ............................... 256",
        " > padded vocab",
    ]
    tr = []
    va = []
    lrs = []
    for i in range(10, 310, 10):
        k = i // 10
        out.append(
            f" [2024-10-24 21:02:{k % 60:02d}] iteration {i:8d}/     300 | consumed samples: {i * 256:12d} | elapsed time per iteration (ms): 255.5 | throughput per GPU (TFLOP/s/GPU): 76.1 | learning rate: {c.rate(k):.6E} | global batch size:   256 | lm loss: {c.train(k):.6E} | loss scale: 1.0 | grad norm: 1.{k:03d} | num zeros: 56876176.0 | params norm: 315.817 | number of skipped iterations:   0 | number of nan iterations:   0 |"
        )
        tr.append((i, c.train(k)))
        lrs.append((i, c.rate(k)))
        if i % 100 == 0:
            out += [
                "-" * 60,
                f" validation loss at iteration {i} | lm loss value: {c.valid(k):.6E} | lm loss PPL: {math.exp(c.valid(k)):.6E} | ",
                "-" * 60,
            ]
            va.append((i, c.valid(k)))
    return "\n".join(out), {"lm loss": tr, "validation/lm loss value": va, "learning rate": lrs}


@sample
def neox(c):
    out = []
    tr = []
    va = []
    for i in range(10, 210, 10):
        k = i // 10
        out.append(
            f"[2023-01-01 00:00:0{k % 10}] 10.1.2.3:  samples/sec: 50.123 | iteration {i:8d}/  320000 | elapsed time per iteration (ms): 5000.1 | learning rate: {c.rate(k):.3E} | approx flops per GPU: 50.1TFLOPS | lm_loss: {c.train(k):.6E} | loss scale: 4096.0 | number of skipped iterations:   0 | number of nan iterations:   0 |"
        )
        tr.append((i, c.train(k)))
        if i % 100 == 0:
            out.append(
                f" validation results at iteration {i} | lm_loss value: {c.valid(k):.6E} | lm_loss_ppl value: 10.1E+00 | "
            )
            va.append((i, c.valid(k)))
    return "\n".join(out), {"lm_loss": tr, "validation/lm_loss value": va}


@sample
def fairseq_simple(c):
    out = [
        "2020-01-01 10:00:00 | INFO | fairseq_cli.train | Namespace(arch='transformer', lr=[0.0005], max_tokens=4096, optimizer='adam')"
    ]
    tr = []
    va = []
    k = 0
    for e in range(1, 4):
        for b in range(100, 1100, 100):
            n = (e - 1) * 1000 + b
            out.append(
                f"2020-01-01 10:00:00 | INFO | train_inner | epoch {e:03d}:    {b} / 1000 loss={c.train(k)}, nll_loss={c.train(k) - 0.1:.3f}, ppl=12.3, wps=1000.1, ups=3.2, wpb=3000, bsz=100, num_updates={n}, lr={c.rate(k)}, gnorm=1.2, loss_scale=16, train_wall=30, wall=100"
            )
            tr.append((n, c.train(k)))
            k += 1
        out.append(
            f"2020-01-01 10:00:00 | INFO | valid | epoch {e:03d} | valid on 'valid' subset | loss {c.valid(k)} | nll_loss 3.1 | ppl 8.5 | wps 20000 | wpb 2000 | bsz 80 | num_updates {n} | best_loss 4.0"
        )
        va.append((n, c.valid(k)))
        out.append(
            f"2020-01-01 10:00:00 | INFO | train | epoch {e:03d} | loss {c.train(k) + 0.2:.4f} | nll_loss 3.3 | ppl 9.9 | wps 1000 | num_updates {n} | lr {c.rate(k)} | gnorm 1.1 | train_wall 300 | wall 400"
        )
    return "\n".join(out), {"train_inner/loss": tr, "valid/loss": va}


@sample
def fairseq_json(c):
    out = []
    tr = []
    va = []
    k = 0
    for e in range(1, 4):
        for b in range(1, 6):
            n = (e - 1) * 1000 + b * 200
            out.append(
                f'[2022-04-08 18:40:57,965][train_inner][INFO] - {{"epoch": {e}, "update": {e - 1 + b / 5:.3f}, "loss": "{c.train(k)}", "ppl": "9.1", "wps": "100", "num_updates": "{n}", "lr": "{c.rate(k)}", "gnorm": "1.2"}}'
            )
            tr.append((n, c.train(k)))
            k += 1
        out.append(
            f'[2022-04-08 18:50:57,965][valid][INFO] - {{"epoch": {e}, "valid_loss": "{c.valid(k)}", "valid_ppl": "9.1", "valid_num_updates": "{n}"}}'
        )
        va.append((n, c.valid(k)))
        out.append(
            f'[2022-04-08 18:50:57,965][train][INFO] - {{"epoch": {e}, "train_loss": "{c.train(k) + 0.3:.3f}", "train_ppl": "9.1", "train_num_updates": "{n}"}}'
        )
    return "\n".join(out), {"train_inner/loss": tr, "valid_loss": va}


@sample
def fairseq_old(c):
    out = []
    tr = []
    va = []
    k = 0
    for e in range(1, 4):
        for b in range(100, 600, 100):
            n = (e - 1) * 500 + b
            out.append(
                f"| epoch {e:03d}:    {b} / 500 loss={c.train(k)}, nll_loss=3.1, ppl=8.8, wps=1000, ups=3, wpb=3000, bsz=100, num_updates={n}, lr={c.rate(k)}, gnorm=1.2, clip=0%, oom=0, wall=100"
            )
            tr.append((n, c.train(k)))
            k += 1
        out.append(f"| epoch {e:03d} | train loss {c.train(k) + 0.2:.3f} | train nll_loss 3.0")
        out.append(
            f"| epoch {e:03d} | valid on 'valid' subset | valid_loss {c.valid(k)} | valid_nll_loss 3.3 | valid_ppl 9.3 | num_updates {n}"
        )
        va.append((n, c.valid(k)))
    return "\n".join(out), {"loss": tr, "valid_loss": va}


@sample
def torchtitan(c):
    out = []
    tr = []
    va = []
    for i in [1, *list(range(10, 310, 10))]:
        out.append(
            f"[rank0]:\x1b[32m[titan] 2025-01-01 00:00:01,123 - root - INFO - \x1b[31mstep: {i:2d}  \x1b[32mloss: {c.train(i / 10):7.4f}  \x1b[38;2;180;60;0mgrad_norm:  1.2345  \x1b[33mmemory: 40.27GiB(42.39%)  \x1b[34mtps: 3,123  \x1b[36mtflops: 123.45  \x1b[35mmfu: 12.50%\x1b[39m"
        )
        tr.append((i, c.train(i / 10)))
        if i % 100 == 0:
            out.append(
                f"[rank0]:[titan] 2025-01-01 00:00:01,123 - root - INFO - validate step: {i:2d}  loss: {c.valid(i / 10):7.4f}  memory: 40.27GiB(42.39%)  tps: 3,123"
            )
            va.append((i, c.valid(i / 10)))
    return "\n".join(out), {"loss": tr, "validation/loss": va}


@sample
def nanogpt(c):
    out = ["tokens per iteration will be: 491,520", "number of parameters: 123.59M"]
    tr = []
    va = []
    for i in range(0, 501, 10):
        if i % 100 == 0:
            out.append(f"step {i}: train loss {c.train(i / 10) + 0.01:.4f}, val loss {c.valid(i / 10):.4f}")
            va.append((i, c.valid(i / 10)))
        out.append(f"iter {i}: loss {c.train(i / 10):.4f}, time 33.12ms, mfu 20.10%")
        tr.append((i, c.train(i / 10)))
    return "\n".join(out), {"loss": tr, "val loss": va}


@sample
def modded_nanogpt(c):
    src = """import os
import sys
with open(sys.argv[0]) as f:
    code = f.read() # read the code of this file ASAP, for logging
import torch
class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr=0.02, momentum=0.95, nesterov=True, ns_steps=5):
        defaults = dict(lr=lr, momentum=momentum, nesterov=nesterov)
        self.step = 0
        loss = 0.0
@dataclass
class Hyperparameters:
    batch_size : int = 8*64 # batch size, in sequences, across all devices
    num_iterations : int = 3242 # number of iterations to run
    warmup_iters : int = 0
    cooldown_iters : int = 926
    val_loss_every : int = 125 # every how many steps to evaluate val loss? 0 for only at the end
for step in range(args.num_iterations + 1):
    if step == 10:
        training_time_ms = 0
    train_loss = loss.detach()
    print(f"step:{step}/{args.num_iterations} val_loss:{val_loss:.4f} train_time:{training_time_ms:.0f}ms step_avg:{training_time_ms/(timed_steps-1):.2f}ms")
    lr = 0.1 if step < 100 else 0.01
    x = F.cross_entropy(logits, targets, ignore_index=-1)
    assert step % 10 == 0, "bad step 10"
def get_lr(it):
    return 1.0
"""
    out = [
        src,
        "=" * 100,
        "Running python 3.10.12 pytorch 2.6.0.dev compiled for CUDA 12.4",
        "nvidia-smi:",
        "| NVIDIA-SMI 535.129.03             Driver Version: 535.129.03   CUDA Version: 12.4     |",
        "|   0  NVIDIA H100 80GB HBM3          On  | 00000000:19:00.0 Off |                    0 |",
        "| N/A   38C    P0              73W / 700W |   4MiB / 81559MiB |      0%      Default |",
        "=" * 100,
    ]
    tr = []
    va = []
    for i in range(0, 3243):
        if i % 125 == 0 or i == 3242:
            out.append(
                f"step:{i}/3242 val_loss:{c.valid(i / 100):.4f} train_time:{i * 150}ms step_avg:{'nan' if i == 0 else 149.12}ms"
            )
            va.append((i, c.valid(i / 100)))
        if i < 300:
            out.append(f"step:{i + 1}/3242 train_loss:{c.train(i / 100):.4f} train_time:{i * 150}ms step_avg:149.12ms")
            tr.append((i + 1, c.train(i / 100)))
    return "\n".join(out), {"train_loss": tr, "val_loss": va}


@sample
def llmc(c):
    out = []
    tr = []
    va = []
    for i in range(0, 1001):
        if i % 250 == 0:
            out.append(f"s:{i} tel:{c.valid(i / 50):.4f}")
            va.append((i, c.valid(i / 50)))
        if i % 250 == 0:
            out.append(f"s:{i} eval:0.{2500 + i}")
        if i < 1000:
            out.append(f"s:{i} trl:{c.train(i / 50):.4f} lr:{c.rate(i / 50):.6f} norm:1.23")
            tr.append((i, c.train(i / 50)))
    return "\n".join(out), {"trl": tr, "tel": va}


@sample
def llmc_stdout(c):
    out = ["val loss 11.009"]
    tr = []
    va = [11.009]
    for i in range(1, 200):
        out.append(
            f"step {i:4d}/19560 | loss {c.train(i / 5):.6f} (+nanz)| norm 15.3703 (+nanz)| lr {c.rate(i / 5):.2e} | 2000.00 ms | 47.0% bf16 MFU | 262144 tok/s"
        )
        tr.append((i, c.train(i / 5)))
        if i % 50 == 0:
            out.append(f"val loss {c.valid(i / 5):.6f}")
            va.append(c.valid(i / 5))
    return "\n".join(out), {"loss": tr, "val loss": va}


@sample
def composer(c):
    out = []
    tr = []
    for i in range(1, 60):
        out.append(
            f"[epoch=0][batch={i}/143000]:\n\t Train time/batch: {i - 1}\n\t Train time/sample: {i * 64}\n\t Train memory/allocated_mem: 12.3\n\t Train loss/train/total: {c.train(i)}\n\t Train metrics/train/LanguageCrossEntropy: {c.train(i) + 0.001:.4f}\n\t Train throughput/batches_per_sec: 0.5\n\t Train lr-DecoupledAdamW/group0: {c.rate(i)}"
        )
        tr.append((i, c.train(i)))
    return "\n".join(out), {"loss/train/total": tr}


@sample
def maxtext(c):
    out = []
    tr = []
    for i in range(0, 80):
        out.append(
            f"completed step: {i}, seconds: 1.234, TFLOP/s/device: 123.456, Tokens/s/device: 2345.678, total_weights: 65536, loss: {c.train(i):.3f}"
        )
        tr.append((i, float(f"{c.train(i):.3f}")))
    return "\n".join(out), {"loss": tr}


@sample
def torchtune_file(c):
    out = []
    tr = []
    for i in range(1, 80):
        out.append(
            f"Step {i} | loss:{c.train(i)} lr:{c.rate(i)} tokens_per_second_per_gpu:1234.5 peak_memory_active:12.3 grad_norm:1.2"
        )
        tr.append((i, c.train(i)))
    return "\n".join(out), {"loss": tr}


@sample
def litgpt(c):
    out = []
    tr = []
    va = []
    for i in range(1, 101):
        if i % 2 == 0:
            out.append(
                f"Epoch 1 | iter {i} step {i // 2} | loss train: {c.train(i):.3f}, val: n/a | iter time: 512.12 ms (step)"
            )
            tr.append(float(f"{c.train(i):.3f}"))
        if i % 40 == 0:
            out.append(f"iter {i}: val loss {c.valid(i):.4f}, val time: 5000.12 ms")
            va.append(c.valid(i))
    return "\n".join(out), {"loss train": tr, "val loss": va}


@sample
def deepspeed(c):
    out = []
    lrs = []
    for i in range(10, 300, 10):
        out.append(
            f"[2023-01-01 00:00:00,123] [INFO] [logging.py:96:log_dist] [Rank 0] step={i}, skipped=0, lr=[{c.rate(i / 10)}, {c.rate(i / 10)}], mom=[(0.9, 0.999), (0.9, 0.999)]\n[2023-01-01 00:00:00,123] [INFO] [timer.py:199:stop] epoch=0/micro_step={i}/global_step={i}, RunningAvgSamplesPerSec=100.1, CurrSamplesPerSec=99.1, MemAllocated=1.2GB, MaxMemAllocated=3.4GB\nsteps: {i} loss: {c.train(i / 10)} iter time (s): 0.5 samples/sec: 100.1"
        )
        lrs.append((i, c.rate(i / 10)))
    return "\n".join(out), {"lr": lrs, "loss": [(i, c.train(i / 10)) for i in range(10, 300, 10)]}


@sample
def olmo(c):
    out = []
    tr = []
    for i in range(1, 60):
        out.append(
            f"2024-02-01 00:00:00.123\thost:0\tolmo.train:967\tINFO\t[step={i}/739328]\n    train/CrossEntropyLoss={c.train(i):.3f}\n    train/Perplexity=12.1\n    throughput/total_tokens={i * 4194304:,}\n    throughput/device/tokens_per_second=10,123\n    optim/total_grad_norm=1.2345"
        )
        tr.append((i, float(f"{c.train(i):.3f}")))
    return "\n".join(out), {"train/CrossEntropyLoss": tr}


@sample
def nanotron(c):
    out = []
    tr = []
    for i in range(1, 60):
        out.append(
            f"12/20/2023 14:03:{i % 60:02d} [INFO|DP=0|PP=0|TP=0|ip-26-0-1]: iteration: {i} / 1000 | consumed_tokens: {i * 4.19:.3g}M | elapsed_time_per_iteration_ms: 1.2K | tokens_per_sec: 123K | tokens_per_sec_per_gpu: 15.4K | global_batch_size: 1.02K | lm_loss: {c.train(i):.3g} | lr: {c.rate(i):.3g} | model_tflops_per_gpu: 123 | hardware_tflops_per_gpu: 130 | grad_norm: 1.23"
        )
        tr.append((i, float(f"{c.train(i):.3g}")))
    return "\n".join(out), {"lm_loss": tr}


@sample
def mlx(c):
    out = ["Loading pretrained model", "Starting training..., iters: 500"]
    tr = []
    va = []
    for i in range(10, 510, 10):
        if i % 100 == 0:
            out.append(f"Iter {i}: Val loss {c.valid(i / 10):.3f}, Val took 36.320s")
            va.append((i, round(c.valid(i / 10), 3)))
        out.append(
            f"Iter {i}: Train loss {c.train(i / 10):.3f}, Learning Rate 5.000e-05, It/sec 0.444, Tokens/sec 340.995, Trained Tokens {i * 100}, Peak mem 46.0 GB"
        )
        tr.append((i, round(c.train(i / 10), 3)))
    return "\n".join(out), {"Train loss": tr, "Val loss": va}


@pytest.mark.parametrize("name", SAMPLES)
def test_curves(name, course, read_printed, assert_points):
    text, wanted = SAMPLES[name](course)
    runs = read_printed(text)
    for where, points in wanted.items():
        number, tag = where if isinstance(where, tuple) else (0, where)
        assert tag in runs[number].series, list(runs[number].series)
        assert_points(runs[number].series[tag], points)
