"""Lines that something else broke into: warnings, bars within bars, lines said again, sessions that begin anew."""
# ruff: noqa: E501 - log lines are as long as they are

from __future__ import annotations

import pytest

from lrdoctor.errors import NotALogError

WARNING = (
    "/opt/lib/data/augment.py:238: VisibleDeprecationWarning: Creating an array from ragged nested sequences is "
    "deprecated, say dtype=object instead\n  choice = random.choice(self.options)\n"
)


def test_a_warning_behind_the_numbers_costs_only_itself(course, read_printed, assert_points):
    lines = [
        f"iter {10 * i} || Loss: {course.train(i):.4f} || {WARNING * (1 + i % 3)}timer: 0.3{i % 9} sec."
        for i in range(40)
    ]
    (run,) = read_printed("\n".join(lines))
    assert_points(run.series["Loss"], [(10 * i, course.train(i)) for i in range(40)])


@pytest.mark.parametrize(("end", "apart"), [("\n", 7), ("\r", 1)])
def test_a_bar_of_batches_beside_epochs_in_brackets(end, apart, course, read_printed, assert_points):
    text, epochs = "", []
    for epoch in range(1, 13):
        for batch in range(1, 8):
            value = course.train(7 * epoch + batch)
            text += f"Train Loss: {value}:  {14 * batch}%|#4        | {batch}/7 [00:00<00:01,  4.15step/s]{end}"
        text += f"\n[{epoch}/12] Train Loss: {course.train(epoch)}, Valid Loss: {course.valid(epoch)}\n"
        epochs.append((apart * epoch, course.valid(epoch)))
    (run,) = read_printed(text)
    assert len(run.series["Train Loss"]) == 12 * apart
    assert_points(run.series["Valid Loss"], epochs)


def test_a_bar_that_is_drawn_again_at_the_same_place_counts_once(course, read_printed, assert_points):
    states = [
        f"Train Loss: {course.train(i)}:  {i}%|#4    | {k}/50 [00:00<00:01,  4.15step/s]"
        for i in range(1, 51)
        for k in (i - 1, i)
    ]
    (run,) = read_printed("\r".join(states) + "\n")
    assert_points(run.series["Train Loss"], [(i, course.train(i + 1)) for i in range(50)] + [(50, course.train(50))])


def test_a_bar_of_batches_within_a_bar_of_epochs(course, read_printed):
    text = ""
    for epoch in range(1, 6):
        for batch in range(1, 31):
            loss = course.train(30 * epoch + batch)
            text += f"10:02:42 - INFO - {batch}%|##7| {batch}/30 [00:26<00:00, 6.65batch/s, loss={loss}]\n"
        text += f"10:02:44 - INFO - {epoch}%|##| {epoch}/5 [05:49<00:00, 31.4s/epoch, loss={loss}, val_loss={course.valid(epoch)}]\n"
    (run,) = read_printed(text)
    assert (run.series["loss"].step[-1], len(run.series["loss"])) == (150, 150)
    assert run.series["val_loss"].step.tolist() == [30, 60, 90, 120, 150]


def test_boosting_says_its_best_line_again(read_printed, assert_points):
    rows = [(100 * i, 0.84 + i / 100) for i in range(1, 6)]
    lines = [f"[{step}]\ttrain's auc: {auc}\tvalid's auc: {auc - 0.1:.2f}" for step, auc in rows]
    text = "\n".join([*lines, "Did not meet early stopping. Best iteration is:", lines[3].replace("[400]", "[385]")])
    (run,) = read_printed(text)
    assert_points(run.series["train's auc"], rows)


def test_steps_that_go_on_over_epochs_do_not_begin_anew_in_each(course, read_printed):
    lines = [f"Epoch {1 + i // 20}, Step {30 * i}: Total Loss={course.train(i)}" for i in range(60)]
    first, second = read_printed("\n".join([*lines, "Epoch 1, Step 0: Total Loss=159.9", "Epoch 1, Step 30: Total Loss=99.9"]))
    assert first.series["Total Loss"].step[-1] == 30 * 59
    assert second.series["Total Loss"].step.tolist() == [0, 30]


def test_a_test_under_the_same_words(course, read_printed, assert_points):
    text = ""
    for epoch in range(8):
        text += f"epoch: {epoch},  loss is: {course.train(epoch)}\ntesting in eval mode...\n"
        text += f"epoch: {epoch},  loss is: {course.valid(epoch)}\nNow continue training...\n"
    (run,) = read_printed(text)
    assert_points(run.series["train/loss"], [(i, course.train(i)) for i in range(8)])
    assert_points(run.series["eval/loss"], [(i, course.valid(i)) for i in range(8)])


def test_lines_that_name_the_best_so_far_are_evaluations(course, read_printed, assert_points):
    text = ""
    for epoch in range(4):
        for batch in range(0, 500, 10):
            text += f"Epoch: [{epoch}/400] Iter:[{batch}/500], lr: [0.01], Loss: {course.train(50 * epoch + batch // 10)}\n"
        text += f"Loss: {course.valid(epoch)}, MeanIU:  0.7{epoch}, Best_mIoU:  0.7349\n"
    (run,) = read_printed(text)
    assert_points(run.series["val/Loss"], [course.valid(i) for i in range(4)])
    assert len(run.series["Loss"]) == 200


def test_how_much_the_rate_was_lowered_is_not_the_rate(course, read_printed):
    lines = []
    for epoch in range(4, 60, 4):
        lines += [f"progress at (epoch {epoch}, total_steps {320 * epoch})", f"loss: {course.train(epoch)}"]
        lines += [f"current learning rate: {1e-3 * 0.94**epoch:.4e}", "decreased learning rate by  0.94"]
    (run,) = read_printed("\n".join(lines))
    assert [tag for tag in run.series if "rate" in tag] == ["current learning rate"]


def test_sessions_of_several_epochs(course, read_printed):
    """What is counted in each epoch is counted on over epochs, but not over sessions."""
    def session(epochs):
        return [f"(epoch: {e}, iters: {i}) D_A: {course.train(i // 100)}" for e in range(1, epochs + 1) for i in range(100, 1100, 100)]

    runs = read_printed("\n".join([*session(1)[:5], *session(4), *session(1)[:4], *session(3)]))
    assert [(len(run.series["D_A"]), run.series["D_A"].step[-1]) for run in runs] == [(5, 500), (40, 4000), (4, 400), (30, 3000)]


@pytest.mark.parametrize("front", ["INFO:__main__:", "2024-01-02 03:04:05,678 - INFO - ", "[2024-01-02 03:04:05][main][INFO] - "])
def test_results_under_a_heading_behind_what_a_logger_writes(front, course, read_printed, assert_points):
    lines, points = [], []
    for step in range(10, 1210, 10):
        lines.append(f"{front}Step {step}/1200 | Loss: {course.train(step // 10)} | LR: 1.00e-06")
        if step % 100 == 0:
            lines += [f"{front}Evaluation Results:", f"{front}   Loss: {course.valid(step // 10)}"]
            points.append((step, course.valid(step // 10)))
    (run,) = read_printed("\n".join(lines))
    assert len(run.series["Loss"]) == 120
    assert_points(run.series["eval/Loss"], points)


def test_training_goes_on_below_an_evaluation(course, read_printed):
    """A heading for each evaluation and none for what follows it: the lines after it are still of training."""
    lines = []
    for step in range(10, 1210, 10):
        lines.append(f"step {step} loss {course.train(step // 10)}")
        if step % 100 == 0:
            lines += ["Evaluating", "accuracy: 0.5"]
    (run,) = read_printed("\n".join(lines))
    assert len(run.series["loss"]) == 120


def test_a_position_behind_the_word_train(course, read_printed):
    lines = []
    for epoch in range(1, 5):
        lines.append(f"12:00:00 - INFO:  Epoch {epoch} begin")
        lines += [f"12:00:01 - INFO: Train {batch}: loss:{course.train(5 * epoch + batch // 100)}" for batch in range(100, 600, 100)]
    (run,) = read_printed("\n".join(lines))
    assert run.series["train/loss"].step.tolist() == list(range(100, 2100, 100))


def test_scores_of_a_few_models_are_no_course(read_printed):
    lines = [f"Metrics of model {name}: {{'mape': 0.3{i}, 'rmse': 732{i}, 'r2': 0.{i}}}" for i, name in enumerate("abcdef")]
    with pytest.raises(NotALogError):
        read_printed("\n".join(lines))


def test_trainings_one_after_the_other_from_the_same_beginning(course, read_printed, assert_points):
    text = ""
    for size in (1, 2, 3):
        text += f"\n### Model {size}\n0.{size}00 M parameters\n"
        text += "".join(f"step {100 * i}: train loss {course.train(i + size)}, val loss {course.valid(i)}\n" for i in range(40))
    runs = read_printed(text)
    assert len(runs) == 3
    for size, run in enumerate(runs, start=1):
        assert_points(run.series["train loss"], [(100 * i, course.train(i + size)) for i in range(40)])


def test_steps_of_epochs_without_a_word_go_on_where_the_loss_does(course, read_printed):
    lines = [f"step {10 * i}: loss {course.train(20 * e + i)}" for e in range(4) for i in range(20)]
    (run,) = read_printed("\n".join(lines))
    assert len(run.series["loss"]) == 80


@pytest.mark.parametrize("end", ["\n", ""])
def test_a_bar_of_one_batch_is_drawn_for_every_epoch(end, course, read_printed, assert_points):
    text = ""
    for e in range(30):
        text += f"\rEpoch {e}:   0%|          | 0/1 [00:00<?, ?it/s]"
        text += f"\rEpoch {e}: 100%|\u2588\u2588| 1/1 [00:00<00:00, 14.57it/s, v_num=515e, train_loss_epoch={course.train(e)}]"
    (run,) = read_printed(text + end)
    assert_points(run.series["train_loss_epoch"], [(e, course.train(e)) for e in range(30)])


def test_verification_is_no_training(course, read_printed, assert_points):
    text = ""
    for e in range(1, 13):
        text += f"Epoch {e}, Average loss: {course.train(e)}, learning rate: {course.rate(e)}\n"
        text += f"Verification error= {20 - e}.5%, loss= {course.valid(e)}\n"
    (run,) = read_printed(text)
    assert_points(run.series["Average loss"], [(e, course.train(e)) for e in range(1, 13)])
    assert_points(run.series["validation/loss"], [(e, course.valid(e)) for e in range(1, 13)])


def test_records_without_line_ends(course, read_printed, assert_points):
    text = "".join(f"Episode {e}\tFrame {1000 * e} \tReward: {course.train(e)} \tScore: {course.valid(e)}" for e in range(60))
    (run,) = read_printed(text, name="out")
    assert_points(run.series["Score"], [(1000 * e, course.valid(e)) for e in range(60)])
