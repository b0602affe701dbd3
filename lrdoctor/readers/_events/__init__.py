"""TensorBoard event files as columns, without a loop over records."""

from lrdoctor.readers._events.columns import Columns, Curve, Curves, join
from lrdoctor.readers._events.stream import EventFile

__all__ = ["Columns", "Curve", "Curves", "EventFile", "join"]
