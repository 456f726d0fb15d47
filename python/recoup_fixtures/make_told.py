"""Conversations of decoders that are told places and biases, by PyTorch, for `tests/vlm/told.test.ts`.

    python -m recoup_fixtures.make_told tests/golden

For the bundled model, each tiny model of `tests/golden/families` and each shape of decoder in `tests/golden/decoders`: prompts of no, one and
two images, whose rows stand at gapped places, a second turn and a third on top, whose rows come back at places before others, and another second
turn (a fork). Every token has a bias, and others at each turn: a query hears those of its turn. Each answer has three tokens, so three logits: of
the prompt and of two steps. Images are random rows. Tokens are clear: the likeliest leads by `LEAD`, so that halves choose the same.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import transformers
from safetensors.numpy import save_file

from recoup_fixtures.decoders import Shape, weights
from recoup_fixtures.make_decoders import SHAPES, stored
from recoup_fixtures.told_reference import Folder, Written

FAMILIES = ("smolvlm", "gemma3", "paligemma", "mistral3", "fastvlm", "llava-onevision", "llava-siglip")
IMAGE, STEPS = 3, 3
#: Least distance of the two likeliest tokens, relative to the largest logit: more than twice what halves are off.
LEAD = 0.02
#: Ids below are the tokenizer's own.
FIRST_WORD = 8
#: Positions of an image, of which so many have rows.
SPAN, KEPT = 12, 5


@dataclass(frozen=True)
class Sequence:
    """All that a decoder has been fed: rows [T, D], places [T], and for each row what its turn said of the keys known then."""

    rows: np.ndarray
    places: tuple[int, ...]
    heard: tuple[np.ndarray, ...]
    #: Rows of the first turn.
    prompt: int
    #: Where each image begins, and places of it that have no row.
    free: tuple[tuple[int, ...], ...]
    last: int
    next: int


class Unclear(Exception):
    """A token that another decoder may take instead, or the end of an answer."""


class Writer:
    """Turns of a conversation, with random words and rows."""

    def __init__(self, model, end: int, seed: int):
        self.model, self.end, self.random = model, end, np.random.default_rng(seed)
        self.tensors: dict[str, np.ndarray] = {}

    def words(self, count: int) -> list[int]:
        return [int(one) for one in self.random.integers(FIRST_WORD, min(self.model.vocabulary, 120), count)]

    def prompt(self, name: str, images: int) -> tuple[dict, Sequence]:
        ids, places, free, next_ = [], [], [], int(self.random.integers(0, 2))

        def say(count: int) -> None:
            nonlocal next_
            for word in self.words(count):
                next_ += int(self.random.integers(0, 3))
                ids.append(word), places.append(next_)
                next_ += 1

        say(3)
        for _ in range(images):
            kept = sorted(self.random.choice(SPAN, KEPT, replace=False))
            ids.extend([IMAGE] * KEPT), places.extend(next_ + int(one) for one in kept)
            free.append(tuple(next_ + one for one in range(SPAN) if one not in kept))
            next_ += SPAN
            say(2)
        say(3)
        width = self.model.embed([FIRST_WORD]).shape[1]
        empty = Sequence(np.zeros((0, width), np.float32), (), (), len(ids), tuple(free), 0, next_)
        return self.answer(name, empty, ids, places, next_)

    def turn(self, name: str, before: Sequence) -> tuple[dict, Sequence]:
        """The answer's last token, two rows of each image that come back, and words."""
        ids, places, next_ = [before.last], [before.next], before.next + 1
        back = [sorted(self.random.choice(one, 2, replace=False)) for one in before.free]
        free = tuple(tuple(place for place in one if place not in taken) for one, taken in zip(before.free, back))
        for taken in back:
            ids.extend([IMAGE] * 2), places.extend(int(place) for place in taken)
        for word in self.words(4):
            ids.append(word), places.append(next_)
            next_ += 1 + int(self.random.integers(0, 3))
        return self.answer(name, replace(before, free=free), ids, places, next_)

    def answer(self, name: str, before: Sequence, ids: list[int], places: list[int], next_: int) -> tuple[dict, Sequence]:
        rows = self.model.embed(ids).copy()
        shown = np.array(ids) == IMAGE
        rows[shown] = rows.std() * self.random.standard_normal((int(shown.sum()), rows.shape[1]))
        said = (1.5 * self.random.standard_normal(len(before.places) + len(ids))).astype(np.float32)
        self.tensors |= {f"{name}.images": rows[shown], f"{name}.biases": said}
        whole = replace(before, rows=np.concatenate([before.rows, rows]), places=(*before.places, *places), heard=(*before.heard, *[said] * len(ids)))
        tokens, logits = [], []
        for step in range(STEPS):
            logits.append(self.logits(whole))
            tokens.append(self.likeliest(logits[-1]))
            if step + 1 < STEPS:
                fed = np.concatenate([whole.rows, self.model.embed(tokens[-1:])])
                whole = replace(whole, rows=fed, places=(*whole.places, next_ + step), heard=(*whole.heard, said))
        self.tensors[f"{name}.logits"] = np.stack(logits)
        turn = {"ids": ids, "places": places, "next": next_, "tokens": tokens}
        return turn, replace(whole, last=tokens[-1], next=next_ + STEPS - 1)

    def logits(self, sequence: Sequence) -> np.ndarray:
        bias = np.zeros((len(sequence.places),) * 2, np.float32)
        for i, heard in enumerate(sequence.heard):
            bias[i, : len(heard)] = heard
        return self.model.logits(sequence.rows, np.array(sequence.places), bias, sequence.prompt)[-1]

    def likeliest(self, logits: np.ndarray) -> int:
        """The first of the words: the bundled model would end its answer to such a prompt at once, so its tokens are given to it."""
        others = np.where(np.arange(len(logits)) == self.end, -np.inf, logits)
        second, first = np.argsort(others)[-2:]
        if others[first] - others[second] < LEAD * np.abs(logits).max():
            raise Unclear
        return int(first)


def conversation(name: str, model, images: int, end: int, seed: int) -> tuple[dict, dict[str, np.ndarray]]:
    writer = Writer(model, end, seed)
    first, after = writer.prompt(f"{name}.0", images)
    turns = [{"on": None, **first}]
    # A prompt that is read in both directions is one question.
    if not model.prefix:
        second, later = writer.turn(f"{name}.1", after)
        third, _ = writer.turn(f"{name}.2", later)
        other, _ = writer.turn(f"{name}.3", after)
        turns += [{"on": 0, **second}, {"on": 1, **third}, {"on": 0, **other}]
    return {"images": images, "turns": turns}, writer.tensors


def clear(name: str, model, images: int, end: int) -> tuple[dict, dict[str, np.ndarray]]:
    """The first conversation whose tokens are all clear."""
    for seed in range(20_000):
        try:
            return conversation(f"{name}.{images}", model, images, end, seed)
        except Unclear:
            continue
    raise ValueError(f"{name}: no conversation with clear tokens")


def models(golden: Path):
    folders = {"tiny": golden.parents[1] / "models/tiny"} | {name: golden / "families" / name for name in FAMILIES}
    for name, folder in folders.items():
        words = Folder(folder)
        off = words.check()
        print(f"{name:18}{off:.1e} off ONNX Runtime at gapped positions")
        if off > 2e-5:
            raise ValueError(f"{name} has other weights")
        end = json.loads((folder / "generation_config.json").read_text())["eos_token_id"]
        yield name, words, end
    for name, shape in SHAPES.items():
        yield name, Written(weights(shape), shape, words), end
    yield "plain.q4", Written(stored(golden / "decoders/gqa.q4.onnx", weights(Shape())), Shape(), words), end


def main(golden: Path) -> None:
    tensors, conversations = {}, {}
    for name, model, end in models(golden.resolve()):
        made = [clear(name, model, images, end) for images in (0, 1, 2)]
        conversations[name] = [turns for turns, _ in made]
        for _, more in made:
            tensors |= more
    out = golden / "told"
    out.mkdir(exist_ok=True)
    save_file(tensors, out / "conversations.safetensors")
    versions = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}
    (out / "conversations.json").write_text(json.dumps({"versions": versions, "models": conversations}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
