"""OpenAI baselines' logger and its heirs: `progress.csv` (baselines, Stable-Baselines3, guided-diffusion)
and Spinning Up's `progress.txt`.

The header is rewritten when new keys appear. Mostly reinforcement learning, where the loss says little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.patterns import pattern
from lrdoctor.readers._axis import is_axis_name, plain
from lrdoctor.readers._base import Claim, LogFile, Source, Strength
from lrdoctor.readers._companions import read_companions
from lrdoctor.readers._course import is_curve_name
from lrdoctor.readers._sheet import header_names, runs_from_sheet
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run

_REWARD = pattern(
    r"(?:\w+_)?(?:ep|episode|eval)_?(?:rew|reward|ret|return)(?:_?mean)?|(?:average|mean)_?(?:\w*_)?(?:ep_?ret|ep_?rew|reward)"
    r"|(?:test_)?(?:average|mean)_?(?:test_?)?ep_?ret|mean_\d+_episode_reward|(?:\w+_)?(?:ep_rew_mean|mean_reward)"
)
# Counts of what was done, best first; the logger itself knows none of them.
_AXES = (
    "time/total_timesteps",
    "misc/total_timesteps",
    "total_timesteps",
    "TotalEnvInteracts",
    "step",
    "steps",
)


class OpenAILoggerReader:
    """Reads `progress.csv` and `progress.txt`."""

    name = "openai-logger"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim by name, with a header that counts or measures something."""
        if file.name not in ("progress.csv", "progress.txt"):
            return None
        names = header_names(file)
        if "training_iteration" in names and "time_total_s" in names:  # Ray's file of the same name
            return None
        if not any(map(is_axis_name, names)) or not any(map(is_curve_name, names)):
            return None
        return Claim(strength=Strength.FORMAT)

    def read(self, source: Source) -> Iterator[Run]:
        """Read the run; see `Reader.read`."""
        file = source.files[0]
        names = header_names(file)
        axis = next((name for name in _AXES if name in names), None)
        yield from runs_from_sheet(
            file, format_name=self.name, role=_role, axis=axis, hyperparameters=read_companions(file.path)
        )


def _role(name: str) -> tuple[Role, str] | None:
    if _REWARD.fullmatch(plain(name)):
        return Role.REWARD, "the return of episodes"
    if name in ("train/learning_rate", "lr"):
        return Role.LR, "the learning rate"
    return None


READER = OpenAILoggerReader()
