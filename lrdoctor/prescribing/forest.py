"""A forest of regression trees, evaluated in numpy: all trees advance together, one level at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Extremely randomised trees (Geurts, Ernst & Wehenkel 2006) with vector-valued leaves.

    Parameters
    ----------
    roots
        int32 [trees]: node at which each tree begins.
    feature
        uint8 [nodes]; 255 at a leaf.
    threshold
        float32 [nodes]; left if the feature is at most this.
    child
        int32 [nodes]: the left child; the right one follows it. At a leaf, its row in `leaves`.
    leaves
        int8 [leaves, r]: coordinates of the response of each leaf, in units of `scale` [r].
    basis, mean
        float32 [r, m] and [m]: response = mean + coordinates @ basis.
    centre
        float16 [nodes]: mean log10 factor of the training rows in each node, for explanations.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.uint8]
    threshold: NDArray[np.float32]
    child: NDArray[np.int32]
    leaves: NDArray[np.int8]
    scale: NDArray[np.float32]
    basis: NDArray[np.float32]
    mean: NDArray[np.float32]
    centre: NDArray[np.float16]

    @classmethod
    def load(cls, data: Mapping[str, NDArray[np.generic]]) -> Forest:
        """Take the arrays of an open npz by their names."""
        return cls(**{name: data[name] for name in cls.__slots__})  # type: ignore[arg-type]

    def predict(self, x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Evaluate one row.

        Parameters
        ----------
        x
            float [features].

        Returns
        -------
        response float64 [m], and the contribution of each feature to the mean log10 factor, float64 [features]
        (Saabas 2014: the change of the node mean at each split, credited to the feature that was split on).
        """
        node = self.roots.copy()
        credit = np.zeros(x.size)
        row = x.astype(np.float32)
        active = np.arange(node.size)
        while active.size:
            here = node[active]
            split = self.feature[here]
            inner = split != 255
            active, here, split = active[inner], here[inner], split[inner]
            after = self.child[here] + (row[split] > self.threshold[here])
            np.add.at(credit, split, self.centre[after].astype(np.float64) - self.centre[here])
            node[active] = after
        coordinates = self.leaves[self.child[node]].mean(axis=0) * self.scale
        return self.mean + coordinates @ self.basis, credit / self.roots.size
