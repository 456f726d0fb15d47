"""Which questions to ask next: those that are still answered wrong, more often."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

#: Every type of question, those about places also as a choice of two (`prompts.opened`).
TYPES = (
    "presence", "color", "shape", "letter", "count", "position", "relation", "ground", "claim", "choice",
    "position_opened", "relation_opened",
)  # fmt: skip

#: Added to the share of wrong answers, so that what is known stays known.
FLOOR = 0.1
#: Weight of one step in the running accuracy: about the last 50 steps count.
RATE = 0.02


class Curriculum(nn.Module):
    """Running accuracy per type. A module, so that checkpoints hold it."""

    def __init__(self):
        super().__init__()
        self.register_buffer("right", torch.full((len(TYPES),), 0.5))

    def choose(self, types: list[str], count: int, rng: np.random.Generator) -> np.ndarray:
        """Positions of up to `count` questions, drawn with weights by how often their type is answered wrong."""
        weights = np.array([1 - self.right[TYPES.index(name)].item() + FLOOR for name in types])
        return rng.choice(len(types), min(count, len(types)), replace=False, p=weights / weights.sum())

    def note(self, types: list[str], hits: list[bool]) -> None:
        for name in set(types):
            own = [hit for other, hit in zip(types, hits) if other == name]
            at = TYPES.index(name)
            self.right[at] += RATE * (float(np.mean(own)) - self.right[at])
