"""Questions as rows of tokens: the prompt of LLaVA-1.5, `USER: <image> question ASSISTANT: answer`."""

from __future__ import annotations

import torch

from .words import BOS, EOS, IMAGE, words

#: The single-prediction line that LLaVA's evaluation appends to open questions.
SINGLE_WORD = "Answer the question using a single word or phrase."


class Prompts:
    """Packs several questions about one image into one row. Every question attends to the image and itself only, and its
    positions go on after the image, so training on a packed row equals asking the questions one by one."""

    def __init__(self, vocab: dict[str, int]):
        self.vocab = vocab
        self.before = [vocab[BOS], *self.ids("USER:")]
        self.image = vocab[IMAGE]

    def ids(self, text: str) -> list[int]:
        return [self.vocab.get(word, self.vocab["<unk>"]) for word in words(text)]

    def pack(self, pairs: list[list[tuple[str, str]]], image_tokens: int) -> dict[str, torch.Tensor]:
        """pairs: question and answer texts per image. Returns ids, positions, segment [B, S] and answers [B, S] (the token
        to predict at a place, -100 elsewhere). Segment 0 is the image, -1 padding."""
        rows = []
        prefix = [*self.before, *[self.image] * image_tokens]
        for asked_of_image in pairs:
            ids, positions, segments, answers = list(prefix), list(range(len(prefix))), [0] * len(prefix), [-100] * len(prefix)
            for number, (question, answer) in enumerate(asked_of_image, 1):
                asked = [*self.ids(question), *self.ids("ASSISTANT:")]
                told = [*self.ids(answer), self.vocab[EOS]]
                segment = asked + told[:-1]
                ids += segment
                positions += range(len(prefix), len(prefix) + len(segment))
                segments += [number] * len(segment)
                answers += [-100] * (len(asked) - 1) + told
            rows.append((ids, positions, segments, answers))
        length = max(len(row[0]) for row in rows)
        padded = [[column + [fill] * (length - len(column)) for column, fill in zip(row, (0, 0, -1, -100))] for row in rows]
        ids, positions, segments, answers = (torch.tensor([row[i] for row in padded]) for i in range(4))
        return {"ids": ids, "positions": positions, "segments": segments, "answers": answers}


def name_ends(ids: list[int], names: list[list[int]]) -> list[int] | None:
    """Place in `ids` of the last token of each name, in order; None if one is not there."""
    ends, start = [], 0
    for name in names:
        at = next((i for i in range(start, len(ids) - len(name) + 1) if ids[i : i + len(name)] == name), None)
        if at is None:
            return None
        start = at + len(name)
        ends.append(start - 1)
    return ends


def block_mask(segments: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Additive mask [B, 1, S, S]: causal, to the image and the own segment."""
    length = segments.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=segments.device).tril()
    query, key = segments[:, :, None], segments[:, None, :]
    allowed = causal & ((key == 0) | (key == query))
    return torch.zeros(allowed.shape, dtype=dtype, device=segments.device).masked_fill(~allowed, -1e4)[:, None]
