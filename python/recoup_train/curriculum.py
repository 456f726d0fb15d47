"""Which questions to ask next: those that are still answered wrong, more often."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

#: Every kind of question: its type, those about places also as a choice of two (`decoder.opened`), and what sets the hard ones of
#: a type apart. By type alone, counting by color stayed at "two" and the letter of one of two signs at chance, both hidden in
#: the means of their types. Counts also by their answer: three objects of a color are rare, and were "two" nine times of ten.
KINDS = (
    "presence", "color", "shape", "letter", "letter_named", "position", "relation", "ground",
    *(f"count_{named}_{answer}" for named in ("noun", "color") for answer in range(10)),
    "claim_color", "claim_count", "claim_letter", "choice_count", "choice_letter", "choice_other", "position_opened", "relation_opened",
    "spelling", "shared", "beside", "choice_beside",
)  # fmt: skip


def kind_of(question: dict) -> str:
    kind, first = question["type"], question["text"].split("\n")[0]
    if kind == "letter":
        return "letter_named" if " " in question["blanks"][0] else "letter"
    if kind == "count":
        return f"count_{'color' if 'things' in first else 'noun'}_{question['answer']}"
    if kind == "claim":
        return "claim_letter" if "letter" in first else "claim_count" if first.startswith("Are") else "claim_color"
    if kind == "choice":
        if "just" in first or "other thing" in first:
            return "choice_beside"
        return "choice_letter" if "letter" in first else "choice_count" if "many" in first or "number" in first else "choice_other"
    return question.get("form", kind)


def images_by_kind(scenes: list[dict]) -> dict[str, np.ndarray]:
    """For each kind the scenes that have such a question."""
    found: dict[str, list[int]] = {}
    for row, scene in enumerate(scenes):
        for kind in {kind_of(question) for question in scene["questions"] + scene["extra"]}:
            found.setdefault(kind, []).append(row)
    return {kind: np.array(rows) for kind, rows in found.items()}


#: Added to the share of wrong answers, so that what is known stays known.
FLOOR = 0.05
#: Weight of one step in the running accuracy: about the last 50 steps count.
RATE = 0.02


class Curriculum(nn.Module):
    """Running accuracy per kind. A module, so that checkpoints hold it."""

    def __init__(self):
        super().__init__()
        self.register_buffer("right", torch.full((len(KINDS),), 0.5))

    def choose(self, kinds: list[str], count: int, rng: np.random.Generator) -> np.ndarray:
        """Positions of up to `count` questions, drawn with weights by how often their kind is answered wrong."""
        weights = np.array([1 - self.right[KINDS.index(name)].item() + FLOOR for name in kinds])
        return rng.choice(len(kinds), min(count, len(kinds)), replace=False, p=weights / weights.sum())

    def draw_images(self, by_kind: dict[str, np.ndarray], total: int, size: int, rng: np.random.Generator) -> np.ndarray:
        """Sorted positions of `size` different images: half of them any, half such that have a question of a kind, which is drawn
        by how often it is answered wrong. So what few images ask (three objects of a color) is met as often as it needs."""
        kinds = sorted(by_kind)
        wrong = np.array([1 - self.right[KINDS.index(name)].item() + FLOOR for name in kinds])
        rows = {int(rng.choice(by_kind[name])) for name in rng.choice(kinds, size // 2, p=wrong / wrong.sum())}
        while len(rows) < size:
            rows.add(int(rng.integers(total)))
        return np.array(sorted(rows))

    def note(self, kinds: list[str], hits: list[bool]) -> None:
        for name in set(kinds):
            own = [hit for other, hit in zip(kinds, hits) if other == name]
            at = KINDS.index(name)
            self.right[at] += RATE * (float(np.mean(own)) - self.right[at])
