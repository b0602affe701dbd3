"""The dictionary of the text reader: what counts training, what measures it, what is neither.

Only enough to find the lines that hold data and to tell axes from curves; what a curve means is decided
elsewhere, by its tag.
"""

from __future__ import annotations

import re
from functools import lru_cache


def _any(*parts: str) -> str:
    """One of several patterns."""
    return f"(?:{'|'.join(parts)})"


# ---- what counts training
# --------------------------------------------------------------------------------------
_EPOCH_WORDS = _any(
    r"epochs?", r"ep", r"epoch[ _]?(?:num|idx|no|number|id)", r"current_epoch", r"eopch", r"iepoch",
    r"эпох[аи]", r"epocas?", r"epoka",
    r"épocas?", r"epoche", r"époques?", r"轮", r"輪", r"轮次", r"周期", r"エポック", r"에포크",
)  # fmt: skip
# Most trusted first.
_STEP_WORDS = (
    _any(
        r"global[ _-]?steps?", r"trainer/global_step", r"num[ _]updates", r"total[ _]?timesteps",
        r"total_env_steps",
    ),
    _any(
        r"n?_?updates?", r"n_updates", r"up", r"step(?:[ _](?:num|idx|no))?", r"steps", r"n_steps",
        r"training_iteration",
        r"time_?steps", r"kimg", r"nimg", r"boosting[ _]round", r"步", r"步数",
    ),
    _any(
        r"iterations?", r"iters?", r"itr", r"it", r"n_iter", r"niter", r"iter_num", r"gen_iterations",
        r"num_iterations",
        r"generator iterations", r"迭代", r"ステップ",
    ),
    _any(
        r"(?:mini-?)?batch(?:es)?(?:[ _]?idx)?", r"batch_num", r"epoch[ _](?:step|iter(?:ation)?|batch)",
        r"minibatches", r"rounds?", r"generations?",
        r"ticks?",
        r"frames?(?:[ _]?idx)?", r"num_frames", r"i", r"t",
    ),
    _any(r"episodes?", r"n_episodes", r"eps", r"games?", r"trajectories"),
)  # fmt: skip
_BEFORE = (
    _any(
        r"current", r"cur", r"global", r"train(?:ing|er|ed)?", r"trn", r"validat(?:e|ion)", r"valid", r"val",
        r"test(?:ing)?", r"eval(?:uation)?", r"evaluating", r"dev", r"optimi[sz]er", r"opt", r"end",
        r"start(?:ing)?",
        r"begin(?:ning)?", r"finish(?:ed)?", r"completed?", r"running", r"of", r"for", r"in", r"at",
        r"this", r"after", r"pre-?train(?:ing)?", r"fine-?tun(?:e|ing)", r"rm", r"sft", r"dpo", r"ppo",
        r"results?", r"summary", r"average", r"avg", r"done", r"stats?", r"the", r"metrics?",
        r"global_step", r"total",
    )
    + r"[ _/.:-]*"
)  # fmt: skip
_AFTER = r"[ _]*" + _any(
    r"num(?:ber)?", r"idx", r"index", r"no", r"id", r"#", r"\((?:train|val|valid|test|eval)\)", r"end",
    r"ended",
    r"summary", r"results?",
)  # fmt: skip
_EPOCH = re.compile(rf"(?:{_BEFORE})*{_EPOCH_WORDS}(?:{_AFTER})?", re.IGNORECASE)
_STEPS = [re.compile(rf"(?:{_BEFORE})*{words}(?:{_AFTER})?", re.IGNORECASE) for words in _STEP_WORDS]
# Look like an axis and are none: settings, records, other clocks.
_NO_AXIS = re.compile(
    r"\b" + _any(
        r"number of", r"num(?:ber)?_of", r"max(?:imum)?", r"best", r"bad",
        r"total (?:epochs?|iter|steps?|batch)",
        r"n_epochs", r"num[ _]epochs", r"warm-?up", r"per", r"patience", r"every", r"last", r"left",
        r"remaining",
        r"skipped", r"nan", r"save", r"log", r"eval_", r"batch_?size", r"stop", r"early", r"since", r"until",
        r"epochs? without", r"between", r"from", r"next",
    ),
    re.IGNORECASE,
)  # fmt: skip
BATCH_RANK = 3
"""Ranks from here on may count the batches of an evaluation as well."""
UNNAMED_RANK = 7
"""Rank of a position printed without a name, such as ``[100/5000]``: a batch."""
BAR = "bar"
"""What such a position is called where a progress bar shows it."""
LEADING_RANK = 8
"""Rank of a number without a name at the beginning of a line."""


@lru_cache(maxsize=8192)
def axis_rank(key: str) -> int | None:
    """What a name counts: -1 for epochs, 0 and up for steps (smaller is more trusted), None for neither."""
    name = key.strip(" _.:#/-")
    if not name or len(name) > 40 or _NO_AXIS.search(name):
        return None
    if _EPOCH.fullmatch(name):
        return -1
    for rank, pattern in enumerate(_STEPS):
        if pattern.fullmatch(name):
            return rank
    return None


# ---- what measures it
# ------------------------------------------------------------------------------------------
_MEASURE_WORDS = """
    loss losses acc accuracy ppl perplexity nll bpc bpd bpb bleu rouge f1 fscore score scores error errors
    err errs dice iou miou map ap auc auroc precision recall reward rewards return returns elbo kl kld mse
    mae rmse rmsle psnr ssim fid wer cer per lr lrs lrate gnorm grad gradient norm cost costs objective obj
    xent ce bce nce entropy likelihood logloss crossentropy trl tel spearman pearson mcc kappa wacc eer
    critic logprob energy force top acctop learning mape smape fmeasure jaccard hausdorff chrf meteor cider
    perte verlust perdida rew qed ndcg hr mrr hits sdr snr sisnr pesq stoi errd errg lossd lossg avgloss
    tloss vloss gloss dloss 损失 準確率 准确率 学习率
"""
_MEASURES = frozenset(_MEASURE_WORDS.split())
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\dA-Za-z_]+")
_INSIDE = re.compile(r"loss|accura|perplex|reward|crossentropy|损失|損失|学习率|准确|손실|потер|acc@", re.IGNORECASE)
_SETTING = re.compile(
    _any(
        r"eps(?:ilon)?$", r"decay", r"dropout", r"warm-?_?up", r"(?:^|[_ ])(?:init|num|n|max|min)[_ ]",
        r"size$",
        r"interval", r"window", r"threshold", r"smoothing", r"coef", r"patience", r"(?:^|_)weights?$",
        r"min[-_]lr",
        r"samples$", r"iters$", r"initial", r"_epochs?$", r"_steps?$", r"norm_mult", r"lr_mult", r"beta\d",
        r"betas",
        r"hidden", r"layers?$", r"n_embd",
    ),
    re.IGNORECASE,
)  # fmt: skip
_SETTING_WORDS = """
    lr base_lr learning_rate batch_size bs epochs n_epochs num_epochs max_epochs seed momentum weight_decay wd
    dropout hidden_size hidden_dim num_layers nlayers nhid emsize bptt clip nhead nheads depth width
    kernel_size patience gamma alpha beta beta1 beta2 log_interval gradient_accumulation_steps warmup_steps
    max_steps fold trial run n_heads d_model embed_dim
"""
_SETTINGS = frozenset(_SETTING_WORDS.split())


@lru_cache(maxsize=8192)
def is_measure(tag: str) -> bool:
    """Say whether a name measures how well training goes (or is its learning rate), and is no setting."""
    if _INSIDE.search(tag):
        return True
    return _SETTING.search(tag) is None and any(word.lower() in _MEASURES for word in _WORD.findall(tag))


@lru_cache(maxsize=8192)
def is_setting(tag: str) -> bool:
    """Say whether a name is one of a configuration."""
    name = tag.strip().lower().replace(" ", "_").replace("-", "_")
    return name in _SETTINGS or (_SETTING.search(name) is not None and _INSIDE.search(name) is None)


# A line that holds none of these needs no second look.
WORTHWHILE = re.compile(
    rb"(?i)loss|acc|epoch|step|iter|\blr|learn|rate\b|\bup\b|ppl|perpl|err|grad|norm|train|valid|test|eval|dev\b"
    rb"|score|reward|return|episode|batch|update|dice|iou|\bmap\b|auc|precision|recall|f1|cost|objective|elbo|\bkl"
    rb"|\bap\b|mse|mae|psnr|bleu|wer\b|cer\b|nll|bpc|bpd|xent|entropy|%\||\btrl|\btel|\bep\b|round|frame|timestep"
    rb"|generation|\bfid|tick|kimg|\bit\b|[\xce-\xd1\xe0-\xef]|^\s+all\s|poca|poque|epoka"
)

# ---- what is not worth keeping
# ---------------------------------------------------------------------------------
_TIMES = _any(
    r"times?", r"timing", r"eta", r"elapsed", r"secs?", r"seconds?", r"duration", r"dur", r"runtime", r"wall",
    r"hours?", r"minutes?", r"mins?", r"clock", r"took", r"days?",
)  # fmt: skip
_SPEEDS = _any(
    r"speed", r"fps", r"throughput", r"tflops?", r"flops?", r"mfu", r"hfu", r"wps", r"ups", r"wpb", r"bsz",
    r"tps",
    r"tgs", r"tok/s", r"it/s", r"gb_free", r"latency", r"ips", r"sps", r"oom", r"samples/s(?:ec)?",
)  # fmt: skip
_MACHINE = _any(
    r"gpu", r"cuda", r"rank", r"pid", r"seed", r"device", r"worker", r"port", r"line", r"v_num",
    r"local_rank",
    r"world_size", r"node", r"thread", r"version", r"nproc", r"numel", r"group", r"patience", r"counter",
    r"param_count", r"n_parameters", r"lineno", r"time_ms", r"memory",
)  # fmt: skip
_CLOCKS = re.compile(
    _any(
        rf"(?:.*[ _/.-])?{_TIMES}(?:[ _/(].*)?",
        r"(?:.*[ _/.-])?(?:gpu|cpu|max|cuda|vram|ram)?[ _]?(?:mem|memory|ram|vram)(?:[ _/(].*)?",
        rf"(?:.*[ _/.-])?{_SPEEDS}(?:[ _/(].*)?",
        r".*(?:per[ _]?(?:sec|second|gpu|device|iteration|step \()|/sec(?:ond)?|/s|_s|_ms|\(ms\)|\(s\))",
        r"(?:train|eval|test|val)_(?:runtime|samples|samples_per_second|steps_per_second)",
        rf".*\b{_MACHINE}",
        r"data", r"ms/.*", r"s/.*", r"remaining.*", r"shape", r"size", r"len", r".*total_flos",
        r"(?:global[ _])?batch[ _]?size", r"parameters", r"params", r"instances", r"img_size",
    ),
    re.IGNORECASE,
)  # fmt: skip


@lru_cache(maxsize=8192)
def is_clock(key: str) -> bool:
    """Say whether a name is a clock, a speed, a memory size or the name of a machine part."""
    return len(key) < 100 and _CLOCKS.fullmatch(key.strip()) is not None


# ---- what a line is about
# --------------------------------------------------------------------------------------
_SHORT_SPLITS = {
    "training": "train", "trained": "train", "trn": "train", "testing": "test", "tested": "test",
    "evaluating": "eval", "evaluation": "eval", "evaluate": "eval", "evaluated": "eval",
    "validating": "validation", "verification": "validation",
    "validate": "validation",
}  # fmt: skip
_SPLIT = re.compile(
    r"(?<![\w./\\-])(train_inner|train(?:ing|ed)?|trn|valid(?:ation|ate|ating)?|val|dev|devel|test(?:ing|ed)?"
    r"|eval(?:uation|uate|uated|uating)?|verification|learn|heldout|holdout)(?![\w./\\]|-\w)",
    re.IGNORECASE,
)
_SPLIT_WORDS = _any(
    r"train", r"training", r"trn", r"tr", r"train_?inner", r"valid", r"validation", r"val", r"vali",
    r"dev", r"test",
    r"testing", r"tst", r"eval", r"evaluation", r"verification", r"learn",
)  # fmt: skip
_SPLIT_PART = re.compile(
    rf"(?:^|[^A-Za-z]){_SPLIT_WORDS}(?:$|[^A-Za-z])|(?:train|val|valid|test|eval|dev)_?(?:loss|acc|err)"
    r"|^(?:trl|tel|tloss|vloss)$",
    re.IGNORECASE,
)
_SPLIT_CAMEL = re.compile(
    r"(?:^|[^A-Za-z])(?:train|val|valid|validation|test|eval|dev)[A-Z]"
    r"|[a-z](?:Train|Val|Valid|Test|Eval|Dev)(?![a-z])"
)
HELD_OUT = frozenset(("val", "valid", "validation", "dev", "devel", "test", "eval", "heldout", "holdout"))
"""Words of `split_of` that do not speak of training data."""
NEUTRAL = re.compile(
    r"(?:(?:\w{1,12}[_ /-])?(?:lr|lrs|lrate|learning[ _]?rate)(?:[_ /-]?\w{1,12})?|gnorm|grad(?:ient)?[ _]?norm"
    r"|loss[ _]?scale|momentum|wd|weight[ _]decay)(?: \(avg\))?",
    re.IGNORECASE,
)
"""Names that say the same on whatever data: they take no prefix."""


def split_of(text: str) -> str:
    """The data a piece of text speaks of, as a short lower-case word ("train", "val"...); "" if none."""
    if len(text) > 80:
        return ""
    word = ""
    for match in _SPLIT.finditer(text):
        word = match[1].lower()
    return _SHORT_SPLITS.get(word, word)


@lru_cache(maxsize=8192)
def names_split(tag: str) -> bool:
    """Say whether a name itself tells train from validation."""
    return _SPLIT_PART.search(tag) is not None or _SPLIT_CAMEL.search(tag) is not None
