"""Lines that something else broke into: warnings, bars within bars, lines said again, sessions that begin anew."""
# ruff: noqa: E501 - log lines are as long as they are

from __future__ import annotations

import pytest

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
