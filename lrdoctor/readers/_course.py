"""Whether a table is the course of a training at all, or one row per run, predictions, prices, a data set.

A reader of any table asks here before it calls one a log; a format that is known by its own marks need not.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.patterns import pattern
from lrdoctor.readers._axis import (
    axis_rank,
    carried,
    grows,
    is_axis_name,
    is_called_step,
    is_row_number,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lrdoctor.readers._table import Table


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CURVE_WORDS = _words("""
    loss losses acc accuracy err error errors ppl perplexity mse mae rmse nll bce ce crossentropy xent kl
    kld elbo f1 fscore auc auroc auprc map iou miou dice jaccard bleu rouge wer cer reward rewards rew
    return returns ret lr gradnorm cost objective psnr ssim fid top1 top5 r2 hinge bpc bpb bpd logloss
    likelihood logprob entropy regret mcc kappa ndcg mrr hits recall precision residual energy eval score
    grad perf gnorm
    """)
# Enough where there is no step: "score", "error" or "return" may be anybody's.
_SURE_CURVE = pattern(
    r"(?:.*_)?(?:loss(?:es)?|acc|accuracy|nll|elbo|ppl|perplexity|reward|rew|miou|dice)(?:_.*)?|.*loss"
)
_SETTING_WORDS = _words("""
    batch_size batchsize bs train_batch_size dropout weight_decay wd hidden_size hidden_dim num_layers
    n_layers nlayers nhid layers optimizer optim seed momentum n_estimators max_depth embedding_dim emsize
    d_model num_heads nhead activation model model_name architecture arch dataset epochs num_epochs n_epochs
    max_epochs num_train_epochs clip bptt warmup_steps lr_scheduler params n_params config patience
    kernel_size filters units
    """)
_RUN_TABLE_WORDS = _words("""
    name id run_id run_name run created runtime end_time state user tags notes updated start_time experiment
    sweep hostname commit group job_type duration status source version
""")
_RUN_NUMBERS = _words("fold folds seed trial run run_id experiment replicate client client_id")
_SAMPLE_WORDS = _words("""
    label labels target targets y_true y_pred ytrue ypred pred preds prediction predictions predicted actual
    truth ground_truth image image_id filename file path text sentence question answer id uid user_id
    item_id class_name species sex gender age date open close high low volume price adj_close country
    currency latitude longitude
    """)
_CLOCK = pattern(
    r"(?:\w+_)?(?:time|times|passed|remaining|elapsed|eta|duration|seconds?|secs?|minutes?|speed|fps|timestamp)(?:_\w+)?"
)
# Names that mean training and nothing else; "step" or "frame" may count a simulation.
_SURE_AXES = pattern(r"(?:.*_)?(?:epochs?|global_step|iterations?|iters?|num_updates|boosting_round)")


def is_curve_name(name: str) -> bool:
    """Say whether a column is named like something that is watched while training."""
    words = plain(name).split("_")
    joined = {a + b for a, b in pairwise(words)}
    if _CURVE_WORDS.intersection(words) or _CURVE_WORDS.intersection(joined):
        return True
    return {"learning", "rate"} <= set(words) or plain(name).endswith(("loss", "acc"))


def why_no_course(table: Table, text: Mapping[str, Sequence[str]], *, trusted: bool = False) -> str | None:
    """Say why a table is not the course of a training.

    Parameters
    ----------
    table, text
        Its numeric columns and its others.
    trusted
        The user named the file: a table with a step is taken even if no column is named like a metric.

    Returns
    -------
    The reason in words; None where it is one.
    """
    numeric = [name for name in table.columns if not is_row_number(name) and table.points(name)]
    if not numeric:
        return "no column holds numbers"
    names = {plain(name) for name in (*numeric, *text)}
    curves = [name for name in numeric if is_curve_name(name) and not is_axis_name(name)]
    axis = _running_axis(table)
    settings = _changing_settings(table, text)
    named = any(name in text and _few_rows_each(text[name]) for name in settings - {"dataset"})
    without_axis = bool(settings) and axis is None and table.rows > 1
    if len(names & _RUN_TABLE_WORDS) >= 4 or len(settings) >= 3 or named or without_axis:
        why = f"; {', '.join(sorted(settings)[:3])} differ from row to row" if settings else ""
        return f"a table of runs, one row for each{why}: export the history of each run instead"
    samples = sorted(names & _SAMPLE_WORDS)
    numbered = sorted(name for name in table.columns if axis is None and _numbers_runs(name, table))
    if numbered:
        return f"a table of runs, one row for each {numbered[0]!r}: export the history of each run instead"
    if axis is None:
        if samples and (len(samples) > 1 or _one_word_per_row(text)):
            return (
                f"no training log: no step or epoch, and columns like {samples[0]!r} make each row a sample"
            )
        if not any(_SURE_CURVE.fullmatch(plain(name)) for name in curves):
            return "no training log: no step or epoch, and no column is named like a loss, a metric or a rate"
        if 2 * len(curves) < len([name for name in numeric if not is_axis_name(name)]):
            return "no training log: no step or epoch, and most columns are not named like losses or metrics"
        if _one_word_per_row(text):
            return "no training log: no step or epoch, and each row has a name of its own"
        if _rate_jumps(table):
            return (
                "a table of results by learning rate, one row for each run: give the logs of the runs instead"
            )
        return None
    if not any(not is_axis_name(name) and not _CLOCK.fullmatch(plain(name)) for name in numeric):
        return f"no training log: nothing but {axis!r} and clocks"
    if not curves and not trusted:
        if not _SURE_AXES.fullmatch(plain(axis)) or len(numeric) < 2:
            return f"no training log: beside {axis!r} no column is named like a loss, a metric or a rate"
        if len(samples) > 2 or len(numeric) > 50:
            return f"no training log: a step {axis!r}, but columns like those of a data set"
    return None


def refusal_by_names(names: Sequence[str]) -> str | None:
    """Say why a table of these columns cannot be the course of a training, before gigabytes of it are read.

    Parameters
    ----------
    names
        All columns.

    Returns
    -------
    The reason; None where only the rows can tell.
    """
    words = {plain(name) for name in names}
    counted = any(is_axis_name(name) or is_called_step(name) for name in names)
    if counted or any(_SURE_CURVE.fullmatch(word) for word in words):
        return None
    samples = sorted(words & _SAMPLE_WORDS)
    if len(samples) > 1:
        return f"no training log: no step or epoch, and columns like {samples[0]!r} make each row a sample"
    return "no training log: no step or epoch, and no column is named like a loss or an accuracy"


def _running_axis(table: Table) -> str | None:
    """The best-named column that counts and grows over most rows."""
    ranked = [(rank[0], name) for name in table.columns if (rank := axis_rank(name)) is not None]
    every = np.ones(table.rows, bool)
    for _, name in sorted(ranked):
        values = carried(table.columns[name], table.logged.get(name), every)
        if values is None:
            continue
        steps = np.diff(values)
        if table.rows <= 2:
            return name if np.all(steps >= 0) else None
        if values.min() < values.max() and np.mean(steps < 0) <= 0.25 and np.mean(steps > 0) > 0.01:
            return name
    for name in filter(is_called_step, table.columns):
        values = carried(table.columns[name], table.logged.get(name), every)
        if values is not None and grows(values):
            return name
    return None


def _changing_settings(table: Table, text: Mapping[str, Sequence[str]]) -> set[str]:
    """Hyperparameters that change from row to row and back, as they do not while training."""
    changing = set()
    for name, values in table.columns.items():
        if plain(name) in _SETTING_WORDS:
            shown = values[table.present(name)]
            turns = np.diff(shown)
            if np.any(turns > 0) and (np.any(turns < 0) or np.mean(turns != 0) > 0.5):
                changing.add(name)
    for name, words in text.items():
        if plain(name) in _SETTING_WORDS:
            filled = [word for word in words if word]
            distinct = len(set(filled))
            changes = sum(a != b for a, b in pairwise(filled))
            if distinct > 1 and (changes >= distinct or changes > 0.5 * len(filled)):
                changing.add(name)
    return changing


def _numbers_runs(name: str, table: Table) -> bool:
    """Whether a column numbers folds or seeds, another one on each row."""
    shown = table.columns[name][table.present(name)]
    return plain(name) in _RUN_NUMBERS and shown.size > 1 and np.unique(shown).size == shown.size


def _few_rows_each(words: Sequence[str]) -> bool:
    """Whether a value (a model, an optimizer) comes on so few rows that each is a run."""
    filled = [word for word in words if word]
    return len(filled) < 5 * len(set(filled))


def _one_word_per_row(text: Mapping[str, Sequence[str]]) -> bool:
    """Whether some column names every row, other than by date or clock."""
    for name, words in text.items():
        if re.search(r"time|date|elapsed|remaining|eta|duration|throughput|speed", plain(name)):
            continue
        filled = [word for word in words if word]
        if len(filled) > 2 and len(set(filled)) > 0.8 * len(filled) and len(filled) > 0.5 * len(words):
            return True
    return False


def _rate_jumps(table: Table) -> bool:
    """Whether the learning rate jumps about as in a table of results, not as in a schedule."""
    for name in table.columns:
        if plain(name) in ("lr", "learning_rate"):
            rate = table.columns[name][table.present(name)]
            turns = np.diff(np.sign(np.diff(rate)))
            if rate.size < 200 and np.count_nonzero(turns) > 0.3 * rate.size:
                return True
            if (
                2 <= rate.size < 20
                and np.all(rate > 0)
                and np.all(np.abs(np.diff(np.log(rate))) > np.log(1.9))
            ):
                return True
    return False
