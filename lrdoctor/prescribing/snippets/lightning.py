"""Lightning: `configure_optimizers` around the PyTorch scheduler, stepped with every optimizer step."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

from lrdoctor.prescribing.snippets._optimizers import in_torch
from lrdoctor.prescribing.snippets.pytorch import definition

if TYPE_CHECKING:
    from lrdoctor.prescribing.schedules import Schedule


def code(schedule: Schedule) -> str:
    """A method of a LightningModule."""
    return f"""\
import torch
from torch.optim import lr_scheduler


def configure_optimizers(self):
    optimizer = {in_torch(schedule.optimizer, "self.parameters()", repr(schedule.peak))}
{indent(definition(schedule), "    ")}
    return {{"optimizer": optimizer, "lr_scheduler": {{"scheduler": scheduler, "interval": "step"}}}}
"""
