"""The dictionary of the text reader: what counts training, what measures it, what is neither.

Only enough to find the lines that hold data and to tell axes from curves; what a curve means is decided
elsewhere, by its tag.
"""

from __future__ import annotations

import re
from functools import lru_cache

# ---- what counts training, most trusted first: (rank, words) --------------------------------------------------
_STEP_WORDS = (
    r"global[ _-]?steps?|trainer/global_step|num[ _]updates|total[ _]?timesteps|total_env_steps",
    r"n?_?updates?|n_updates|up|step(?:[ _](?:num|idx|no))?|steps|n_steps|training_iteration|time_?steps|kimg|nimg|boosting[ _]round",
    r"iterations?|iters?|itr|it|n_iter|niter|iter_num|gen_iterations|步|步数|迭代|ステップ|generator iterations|num_iterations",
    r"(?:mini-?)?batch(?:es)?(?:[ _]?idx)?|batch_num|minibatches|rounds?|generations?|ticks?|frames?(?:[ _]?idx)?|num_frames|i",
    r"episodes?|n_episodes|eps|games?|trajectories",
)
_EPOCH_WORDS = r"epochs?|ep|epoch[ _]?(?:num|idx|no|number|id)|current_epoch|eopch|iepoch|эпоха|epoca|época|epoche|époque|轮|輪|轮次|周期|エポック|에포크"
_BEFORE = (
    r"(?:(?:current|cur|global|train(?:ing|er|ed)?|trn|validat(?:e|ion)|valid|val|test(?:ing)?|eval(?:uation)?|evaluating|dev|optimi[sz]er|opt|"
    r"end|start(?:ing)?|begin(?:ning)?|finish(?:ed)?|completed?|running|of|for|in|at|this|after|results?|summary|average|avg|done|stats?|the|"
    r"metrics?|global_step|total)[ _/.:-]*)*"
)
_AFTER = r"(?:[ _]*(?:num(?:ber)?|idx|index|no|id|#|\((?:train|val|valid|test|eval)\)|end|ended|summary|results?))?"
_EPOCH = re.compile(rf"{_BEFORE}(?:{_EPOCH_WORDS}){_AFTER}", re.IGNORECASE)
_STEPS = [re.compile(rf"{_BEFORE}(?:{words}){_AFTER}", re.IGNORECASE) for words in _STEP_WORDS]
# Look like an axis and are none: settings, records, other clocks.
_NO_AXIS = re.compile(
    r"\b(?:number of|num(?:ber)?_of|max(?:imum)?|best|bad|total (?:epochs?|iter|steps?|batch)|n_epochs|num[ _]epochs|warm-?up|per|patience|every|"
    r"last|left|remaining|skipped|nan|save|log|eval_|batch_?size|stop|early|since|until|epochs? without|between|from|next)",
    re.IGNORECASE,
)
BATCH_RANK = 3
"""Ranks from here on may count the batches of an evaluation as well."""
UNNAMED_RANK = 7
"""Rank of a position printed without a name, such as ``[100/5000]``: a batch."""


@lru_cache(maxsize=8192)
def axis_rank(key: str) -> int | None:
    """Tell what a name counts: -1 for epochs, 0 and up for steps (smaller is more trusted), None for neither."""
    name = key.strip(" _.:#/-")
    if not name or len(name) > 40 or _NO_AXIS.search(name):
        return None
    if _EPOCH.fullmatch(name):
        return -1
    for rank, pattern in enumerate(_STEPS):
        if pattern.fullmatch(name):
            return rank
    return None


# ---- what measures it ------------------------------------------------------------------------------------------
_MEASURES = frozenset((
    "loss losses acc accuracy ppl perplexity nll bpc bpd bpb bleu rouge f1 fscore score scores error errors err errs dice iou miou map ap auc auroc "
    "precision recall reward rewards return returns elbo kl kld mse mae rmse rmsle psnr ssim fid wer cer per lr lrate gnorm grad gradient norm cost costs "
    "objective obj xent ce bce nce entropy likelihood logloss crossentropy trl tel spearman pearson mcc kappa wacc eer critic logprob energy force top "
    "acctop learning lrs mape smape fmeasure jaccard hausdorff chrf meteor cider perte verlust perdida rew qed ndcg hr mrr hits sdr snr sisnr pesq stoi "
    "errd errg lossd lossg lossg lossd avgloss trainloss valloss testloss trainacc valacc testacc tloss vloss gloss dloss totalloss runningloss"
).split()) | {"损失", "準確率", "准确率", "学习率"}  # fmt: skip
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\dA-Za-z_]+")
_INSIDE = re.compile(
    r"loss|accura|perplex|reward|crossentropy|logloss|损失|損失|学习率|准确|손실|потер", re.IGNORECASE
)


_SETTING = re.compile(
    r"eps(?:ilon)?$|decay|dropout|warm-?_?up|(?:^|[_ ])(?:init|num|n|max|min)[_ ]|size$|interval|window|threshold|smoothing|coef|patience|(?:^|_)weights?$|min[-_]lr|samples$|iters$|"
    r"initial|_epochs?$|_steps?$|norm_mult|lr_mult|beta\d|betas|hidden|layers?$|n_embd",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def is_measure(tag: str) -> bool:
    """Say whether a name measures how well training goes (or is its learning rate), and is no setting."""
    if _SETTING.search(tag) and not _INSIDE.search(tag):
        return False
    return _INSIDE.search(tag) is not None or any(word.lower() in _MEASURES for word in _WORD.findall(tag)) or (
        "acc@" in tag.lower() or "l.r" in tag.lower()
    )  # fmt: skip


_SETTING_NAMES = frozenset((
    "lr base_lr learning_rate batch_size bs epochs n_epochs num_epochs max_epochs seed momentum weight_decay wd dropout hidden_size hidden_dim num_layers nlayers nhid emsize bptt clip "
    "nhead nheads depth width kernel_size patience gamma alpha beta beta1 beta2 log_interval gradient_accumulation_steps warmup_steps max_steps fold trial run n_heads d_model embed_dim"
).split())  # fmt: skip


@lru_cache(maxsize=8192)
def is_setting(tag: str) -> bool:
    """Say whether a name is one of a configuration."""
    name = tag.strip().lower().replace(" ", "_").replace("-", "_")
    return name in _SETTING_NAMES or (_SETTING.search(name) is not None and _INSIDE.search(name) is None)


# A line that holds none of these needs no second look.
WORTHWHILE = re.compile(
    rb"(?i)loss|acc|epoch|step|iter|\blr|learn|rate\b|\bup\b|ppl|perpl|err|grad|norm|train|valid|test|eval|dev\b|score|reward|return|episode|"
    rb"batch|update|dice|iou|\bmap\b|auc|precision|recall|f1|cost|objective|elbo|\bkl|mse|mae|psnr|bleu|wer\b|cer\b|nll|bpc|bpd|xent|entropy|"
    rb"%\||\btrl|\btel|\bep\b|round|frame|timestep|generation|\bfid|tick|kimg|\bit\b|[\xe0-\xef]"
)

# ---- what is not worth keeping ---------------------------------------------------------------------------------
_CLOCKS = re.compile(
    r"(?:.*[ _/.-])?(?:time|times|timing|eta|elapsed(?:[ _].*)?|secs?|seconds?|duration|dur|runtime|wall|hours?|minutes?|mins?|clock|took|days?)(?:[ _/(].*)?"
    r"|(?:.*[ _/.-])?(?:gpu|cpu|max|cuda|vram|ram)?[ _]?(?:mem|memory|ram|vram)(?:[ _/(].*)?"
    r"|data|(?:.*[ _/.-])?(?:speed|fps|throughput|tflops?|flops?|mfu|hfu|wps|ups|wpb|bsz|tps|tgs|tok/s|it/s|gb_free|latency|ips|sps|oom|samples/s(?:ec)?)(?:[ _/(].*)?"
    r"|.*(?:per[ _]?(?:sec|second|gpu|device|iteration|step \()|/sec(?:ond)?|/s|_s|_ms|\(ms\)|\(s\))|(?:train|eval|test|val)_(?:runtime|samples|samples_per_second|steps_per_second)"
    r"|.*\b(?:gpu|cuda|rank|pid|seed|device|worker|port|line|v_num|local_rank|world_size|node|thread|version|nproc|numel|group|patience|counter|param_count|"
    r"n_parameters|lineno|time_ms|memory)|ms/.*|s/.*|remaining.*|shape|size|len|.*total_flos|(?:global[ _])?batch[ _]?size|parameters|params|instances|img_size",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def is_clock(key: str) -> bool:
    """Say whether a name is a clock, a speed, a memory size or the name of a machine part."""
    return _CLOCKS.fullmatch(key.strip()) is not None


# ---- what a line is about --------------------------------------------------------------------------------------
_SPLIT_NAMES = {
    "training": "train", "trained": "train", "trn": "train", "testing": "test", "tested": "test", "evaluating": "eval", "evaluation": "eval", "evaluate": "eval",
    "validating": "validation", "validate": "validation", "val set": "val", "dev set": "dev", "evaluated": "eval", "eva": "eval", "inference": "test",
}  # fmt: skip
_SPLIT = re.compile(
    r"(?<![\w./\\-])(train_inner|train(?:ing|ed)?|trn|valid(?:ation|ate|ating)?|val|dev|devel|test(?:ing|ed)?|eval(?:uation|uate|uated|uating)?|"
    r"learn(?=\b)|heldout|holdout)(?![\w./\\]|-\w)",
    re.IGNORECASE,
)
_SPLIT_PART = re.compile(
    r"(?:^|[^A-Za-z])(?:train|training|trn|tr|valid|validation|val|vali|dev|test|testing|tst|eval|evaluation|learn|train_?inner)(?:$|[^A-Za-z])"
    r"|(?:train|val|valid|test|eval|dev)(?:_?loss|_?acc|_?err)|^(?:trl|tel|tloss|vloss)$",
    re.IGNORECASE,
)
_SPLIT_CAMEL = re.compile(
    r"(?:^|[^A-Za-z])(?:train|val|valid|validation|test|eval|dev)[A-Z]|[a-z](?:Train|Val|Valid|Test|Eval|Dev)(?![a-z])"
)
HELD_OUT = frozenset(("val", "valid", "validation", "dev", "devel", "test", "eval", "heldout", "holdout"))
NEUTRAL = re.compile(
    r"(?:lr|lrs|lrate|learning[ _]?rate|l\.?r|gnorm|grad(?:ient)?[ _]?norm|loss[ _]?scale|momentum|wd|weight[ _]decay)(?: \(avg\))?",
    re.IGNORECASE,
)
"""Names that say the same on whatever data: they take no prefix."""


def split_of(text: str) -> str:
    """The data a piece of text speaks of, as a short lower-case word ("train", "val", "test"...); "" if none."""
    found = _SPLIT.findall(text)
    if not found or len(text) > 80:
        return ""
    word = found[-1].lower()
    return _SPLIT_NAMES.get(word, word)


@lru_cache(maxsize=8192)
def names_split(tag: str) -> bool:
    """Say whether a name itself tells train from validation."""
    return _SPLIT_PART.search(tag) is not None or _SPLIT_CAMEL.search(tag) is not None
