"""One word-level vocabulary for both text models, and the names in a text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Iterable

PAD, BOS, UNK, IMAGE, EOS = "<pad>", "<s>", "<unk>", "<image>", "</s>"

COLORS = ["red", "yellow", "green", "cyan", "blue", "magenta", "white", "black"]
SHAPES = ["circle", "square", "triangle", "diamond", "cross", "star", "ring", "heart"]
NOUNS = [*SHAPES, "sign"]
BACKGROUNDS = ["plain", "stripes", "checks", "dots", "waves", "clouds"]
LETTERS = ["A", "E", "H", "K", "L", "O", "T", "V", "X", "Z"]

#: Words of the prompt frames of the benchmarks (docs: evaluation), which no training text contains by itself.
FRAME = (
    "USER: ASSISTANT: Answer the question using a single word or phrase. Reference OCR token: "
    "Answer with the option's letter from the given choices directly. A. B. C. D. E. Context: Please answer yes or no. "
    "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, and "
    "polite answers to the human's questions."
)


def words(text: str) -> list[str]:
    """Lower-case words and marks, as the tokenizer splits them."""
    return re.findall(r"\w+|[^\w\s]+", text.lower())


def vocabulary(texts: Iterable[str]) -> dict[str, int]:
    """Ids of all words. The end of text has the highest id, so that both of CLIP's rules for finding it agree."""
    found = sorted({word for text in [FRAME, *texts] for word in words(text)})
    tokens = [PAD, BOS, UNK, IMAGE, *found, EOS]
    return {token: i for i, token in enumerate(tokens)}


def grown(before: dict[str, int], texts: Iterable[str]) -> dict[str, int]:
    """A vocabulary with the words of the texts too: words keep their ids, new ones come after them, the end of text stays last."""
    known = sorted(before, key=before.get)[:-1]
    new = sorted({word for text in texts for word in words(text)} - set(before))
    return {token: i for i, token in enumerate([*known, *new, EOS])}


def save_vocabulary(vocab: dict[str, int], path: Path) -> None:
    path.write_text(json.dumps(vocab, indent=0, ensure_ascii=False))


def load_vocabulary(path: Path) -> dict[str, int]:
    return json.loads(path.read_text())


def named(text: str) -> list[tuple[int, int, int]]:
    """The names in a text as (color, noun, letter) numbers with -1 for "any": one entry per object, in the order of the text.

    "Is the red star left of the sign?" names (0, 5, -1) and (-1, 8, -1); "red things" names (0, -1, -1).
    """
    letter = re.fullmatch(r"letter (\w)", text)
    if letter:
        return [(-1, -1, LETTERS.index(letter.group(1)))]
    found, color = [], -1
    for word in words(text):
        if word in COLORS:
            color = COLORS.index(word)
            continue
        noun = next((i for i, known in enumerate(NOUNS) if word in (known, known + "s", known + "es")), -1)
        if noun >= 0 or (color >= 0 and word in ("thing", "things")):
            found.append((color, noun, -1))
        color = -1
    return found


def attributes(item: dict) -> tuple[int, int, int]:
    """An object as (color, noun, letter) numbers; -2, which nothing names, for an object without a letter or with two."""
    noun = "sign" if item["kind"] == "sign" else item["shape"]
    letter = LETTERS.index(item["letter"]) if item["kind"] == "sign" and "second" not in item else -2
    return COLORS.index(item["color"]), NOUNS.index(noun), letter
