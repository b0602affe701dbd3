"""Optimizers by the names that `optimizers.toml` uses, as each framework spells them."""

from __future__ import annotations

_MOMENTUM, _NESTEROV = "momentum=0.9", "momentum=0.9, nesterov=True"
_SPELLED: dict[str, tuple[str, str, str, str]] = {
    # name: class of PyTorch, of Keras, function of Optax, further arguments
    "sgd": ("SGD", "SGD", "sgd", ""),
    "momentum": ("SGD", "SGD", "sgd", _MOMENTUM),
    "nesterov": ("SGD", "SGD", "sgd", _NESTEROV),
    "adam": ("Adam", "Adam", "adam", ""),
    "adamw": ("AdamW", "AdamW", "adamw", ""),
    "nadam": ("NAdam", "Nadam", "nadam", ""),
    "rmsprop": ("RMSprop", "RMSprop", "rmsprop", ""),
    "adagrad": ("Adagrad", "Adagrad", "adagrad", ""),
}
KNOWN = frozenset(_SPELLED)


def in_torch(name: str, parameters: str, rate: str) -> str:
    """``torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)``."""
    cls, _, _, more = _SPELLED[name]
    return f"torch.optim.{cls}({parameters}, lr={rate}{', ' + more if more else ''})"


def in_keras(name: str) -> str:
    """``keras.optimizers.SGD(learning_rate=schedule, momentum=0.9)``."""
    _, cls, _, more = _SPELLED[name]
    return f"keras.optimizers.{cls}(learning_rate=schedule{', ' + more if more else ''})"


def in_optax(name: str) -> str:
    """``optax.sgd(learning_rate=schedule, momentum=0.9)``."""
    _, _, function, more = _SPELLED[name]
    return f"optax.{function}(learning_rate=schedule{', ' + more if more else ''})"
