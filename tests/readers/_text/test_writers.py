"""Programs with a way of their own to print a training."""
# ruff: noqa: E501 - log lines are as long as they are

from __future__ import annotations

import pytest

from lrdoctor.records import Role
from lrdoctor.roles import assign_roles


def test_deeplearning4j_calls_the_loss_a_score(course, read_printed, assert_points):
    lines = [
        f"01:45:22.000 [main] INFO org.deeplearning4j.optimize.listeners.ScoreIterationListener - Score at iteration {100 * i} is {course.train(i)}"
        for i in range(30)
    ]
    (run,) = read_printed("\n".join(lines))
    assert_points(run.series["score (loss)"], [(100 * i, course.train(i)) for i in range(30)])


def test_loguru_says_from_which_line_it_speaks(course, read_printed, assert_points):
    lines = [
        f"2021-09-03 20:47:25.904 | INFO     | detector.core.trainer:after_iter:246 - epoch: {e}/300, iter: {b}/47, mem: 1756Mb, total_loss: {course.train(4 * e + b // 10)}, iou_loss: 0.7, lr: 1.0e-04, size: 704, ETA: 0:00:02"
        for e in range(1, 6)
        for b in (10, 20, 30, 40)
    ]
    (run,) = read_printed("\n".join(lines))
    points = [(47 * (e - 1) + b, course.train(4 * e + b // 10)) for e in range(1, 6) for b in (10, 20, 30, 40)]
    assert_points(run.series["total_loss"], points)


def test_espnet_tells_how_many_hours_an_epoch_took(course, read_printed, assert_points):
    text, batches, epochs = "", [], []
    for e in range(1, 8):
        for b in range(1, 2001, 400):
            loss = course.train(5 * e + b // 400)
            text += f"[host] 2021-07-06 14:20:17,332 (trainer:672) INFO: {e}epoch:train:{b}-{b + 399}batch: iter_time=0.1, loss={loss}, acc=0.750, optim0_lr0=1.697e-04, train_time=2.157\n"
            batches.append((2000 * (e - 1) + b + 399, loss))
        text += f"[host] 2021-07-06 14:20:17,332 (trainer:398) INFO: {e}epoch results: [train] loss={course.train(e)}, time=6 hours, 22 minutes and 55.09 seconds, total_count=130000, [valid] loss={course.valid(e)}, time=34.18 seconds, total_count=4017\n"
        epochs.append((2000 * e, course.valid(e)))
    (run,) = read_printed(text)
    assert_points(run.series["train/loss"], batches)
    assert_points(run.series["valid/loss"], epochs)


def test_dllogger_pairs_epoch_and_iteration(course, read_printed, assert_points):
    lines = [
        f'DLLL {{"timestamp": "1600000000.1", "elapsedtime": "12.3", "type": "LOG", "step": [{e}, {b}], "data": {{"train_loss": {course.train(5 * e + b // 10)}, "lr": 0.001}}}}'
        for e in range(1, 6)
        for b in range(10, 60, 10)
    ]
    (run,) = read_printed("\n".join(lines), name="nvlog.log")
    points = [(50 * (e - 1) + b, course.train(5 * e + b // 10)) for e in range(1, 6) for b in range(10, 60, 10)]
    assert_points(run.series["train_loss"], points)


@pytest.mark.parametrize("end", ["\r", "\n"])
def test_ultralytics_draws_its_bars_with_lines(end, course, read_printed, assert_points):
    text = "Starting training for 12 epochs...\n"
    for e in range(1, 13):
        text += "\n      Epoch    GPU_mem   box_loss   seg_loss   cls_loss  Instances       Size\n"
        for k in (1, 50, 105):
            box = course.train(e) if k == 105 else 9.9
            text += f"{end}       {e}/12      5.2G      {box}      2.1      0.8         79        640: {k * 100 // 105}% \u2501\u2501\u2501\u2501\u2578 {k}/105 8.4it/s 12.7s<0.8s"
        for k in (98, 105):
            text += f"{end}                 Class     Images  Instances      Box(P          R      mAP50  mAP50-95): {k * 100 // 105}% \u2501\u2501\u2501\u2500 {k}/105 8.4it/s"
        text += f"\n                   all       2514       3941      0.626      0.526      {course.accuracy(e)}       0.28\n"
    (run,) = read_printed(text)
    assert_points(run.series["box_loss"], [(e, course.train(e)) for e in range(1, 13)])
    assert_points(run.series["val/mAP50"], [(e, course.accuracy(e)) for e in range(1, 13)])
    assert set(run.series) == {
        "box_loss", "seg_loss", "cls_loss", "val/precision", "val/recall", "val/mAP50", "val/mAP50-95"
    }  # fmt: skip


def test_a_number_in_parentheses_may_belong_to_the_name(course, read_printed, assert_points):
    lines = [f"Step {10 * i:7d} | Avg Reward (last 10):  {course.train(i)} | Episodes: {i}" for i in range(30)]
    (run,) = read_printed("\n".join(lines))
    assert_points(run.series["Avg Reward (last 10)"], [(10 * i, course.train(i)) for i in range(30)])


def test_the_steps_of_an_epoch_are_steps(course, read_printed):
    lines = [
        f"Epoch Step: {s:6d} | Accumulation Step: {s // 10:3d} | Loss: {course.train(10 * e + s // 40)} | Learning Rate: 1.1e-03"
        for e in range(3)
        for s in range(1, 400, 40)
    ]
    (run,) = read_printed("\n".join(lines))
    assert run.series["Loss"].step[:11].tolist() == [*range(1, 400, 40), 362]


def test_train_and_val_without_a_word_of_what_was_measured(read_printed):
    lines = [f"Epoch {e}/90 | train: {1000 - 30 * e}.5 (-4.1 bpd) | val: {1100 - 30 * e}.5 (-3.8 bpd) | lr: 0.000076" for e in range(90)]
    (run,) = read_printed("\n".join(lines))
    assert (run.series["train"].role, run.series["val"].role) == (Role.TRAIN_LOSS, Role.VAL_LOSS)


def test_little_pictures_adorn_names(course, read_printed, assert_points):
    lines = [f"\u2705 Ep {e}: \U0001f4c9 Loss {course.train(e)} | \U0001f3af Acc\u2191 {course.accuracy(e)} | 210.7s" for e in range(1, 13)]
    (run,) = read_printed("\n".join(lines))
    assert set(run.series) == {"Loss", "Acc"}
    assert_points(run.series["Loss"], [(e, course.train(e)) for e in range(1, 13)])


@pytest.mark.parametrize(
    ("epoch", "loss", "held", "accuracy"),
    [
        ("Эпоха", "Потери обуч", "Потери вал", "Точн вал"),
        ("エポック", "訓練損失", "検証損失", "検証正解率"),
        ("에포크", "훈련 손실", "검증 손실", "검증 정확도"),
        ("Época", "perda treino", "perda validação", "acurácia validação"),
        ("轮", "训练损失", "验证损失", "验证准确率"),
    ],
)
def test_other_languages(epoch, loss, held, accuracy, course, read_printed, assert_points):
    lines = [
        f"{epoch} {e}/40 - {loss}: {course.train(e)}, {held}: {course.valid(e)}, {accuracy}: {course.accuracy(e)}" for e in range(1, 13)
    ]
    run = assign_roles(read_printed("\n".join(lines))[0])
    assert [run.series[tag].role for tag in (loss, held, accuracy)] == [Role.TRAIN_LOSS, Role.VAL_LOSS, Role.VAL_METRIC]
    assert_points(run.series[loss], [(e, course.train(e)) for e in range(1, 13)])


def test_an_epoch_in_a_line_of_its_own_in_cyrillic(course, read_printed, assert_points):
    text = "".join(f"\nЭпоха {e}/30\nTrain Loss: {course.train(e)} | Val Loss: {course.valid(e)}\n-----------\n" for e in range(1, 13))
    (run,) = read_printed(text)
    assert_points(run.series["Val Loss"], [(e, course.valid(e)) for e in range(1, 13)])
