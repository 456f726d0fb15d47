"""Answers where visual tokens keep their original positions, in PyTorch, for tests/golden/tiny/positions.json.

    npm run --silent recoup -- scenes --split test --count 26 --out SCENES.jsonl
    python -m recoup_train.positions_golden --scenes SCENES.jsonl --out tests/golden/tiny/positions.json

Each prompt holds a fixed random choice of its image's 576 tokens. The token of source id `i` stands at `start + i`, as in the prompt
of all tokens, and the text stands where that prompt has it. Tokens appended at a second turn have their original positions too; the
text goes on counting as if they were not there. Every token attends to all tokens fed before it, at any position.

The reference computes the whole sequence for every token, without a cache. The ONNX decoder with a cache must agree with it.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from typing import Callable

import numpy as np
import onnxruntime
import torch
import transformers
from tokenizers import Tokenizer

from .export import build, published_tokenizer
from .golden import pixels_of
from .weights import WEIGHTS, packed
from .words import EOS, IMAGE, load_vocabulary

REPOSITORY = Path(__file__).parents[2]
SOURCE = {"split": "test", "seed": 1}
CASES, CHATS = 20, 6
SECOND_QUESTIONS = ("What letter is on the sign?", "What color is the star?", "Is there a red ring?")
TOKENS = 576
MAX_NEW_TOKENS = 8
#: Largest difference of first-token logits that float32 may make, relative to their largest value.
TOLERANCE = 1e-4

#: Rows [R, D] and their positions [R], fed after all earlier ones -> logits [V] of the last row.
Feed = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def whole_sequence(model) -> Feed:
    """The reference: all rows fed so far are computed again."""
    rows, positions = [], []

    def feed(new_rows: torch.Tensor, new_positions: torch.Tensor) -> torch.Tensor:
        rows.append(new_rows)
        positions.append(new_positions)
        embeds, ids = torch.cat(rows)[None], torch.cat(positions)[None]
        # Without a mask transformers takes each gap between positions for the start of another sequence.
        mask = torch.ones_like(ids)
        output = model.model.language_model(inputs_embeds=embeds, position_ids=ids, attention_mask=mask, use_cache=False)
        return model.lm_head(output.last_hidden_state[0, -1])

    return feed


def onnx_with_cache(session: onnxruntime.InferenceSession) -> Feed:
    """The exported decoder on top of its keys and values."""
    names = [output.name for output in session.get_outputs()]
    shapes = {value.name: value.shape for value in session.get_inputs() if value.name.startswith("past_key_values")}
    past = {name: np.zeros((1, shape[1], 0, shape[3]), np.float32) for name, shape in shapes.items()}

    def feed(rows: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        length = next(iter(past.values())).shape[2] + len(rows)
        prompt = {"inputs_embeds": rows[None].numpy(), "position_ids": positions[None].numpy()}
        outputs = dict(zip(names, session.run(names, prompt | {"attention_mask": np.ones((1, length), np.int64)} | past)))
        past.update({name: outputs[name.replace("past_key_values", "present")] for name in past})
        return torch.from_numpy(outputs["logits"][0, -1])

    return feed


class Conversation:
    """A conversation about one image, at original positions."""

    def __init__(self, model, tokenizer: Tokenizer, draw: dict, feed: Feed):
        self.embed, self.tokenizer, self.feed = model.get_input_embeddings(), tokenizer, feed
        self.image, self.end = tokenizer.token_to_id(IMAGE), tokenizer.token_to_id(EOS)
        states = model.model.vision_tower(pixels_of(draw), output_hidden_states=True).hidden_states[-2][0, 1:]
        #: The projected features of all source tokens, [576, D].
        self.features = model.model.multi_modal_projector(states)
        #: Position of the image's first token, which the first turn sets.
        self.start: int | None = None
        #: Position of the next token of the text.
        self.next = 0

    def ask(self, question: str, kept: list[int]) -> dict:
        """The next turn: `kept` are the source ids that come before its question, at the first turn those of the prompt's image."""
        first = self.start is None
        text = f"{'' if first else EOS}USER: {IMAGE}\n{question} ASSISTANT:"
        ids, positions = [], []
        for token in self.tokenizer.encode(text, add_special_tokens=first).ids:
            if token != self.image:
                ids.append(token)
                positions.append(self.next)
                self.next += 1
                continue
            if first:
                self.start, self.next = self.next, self.next + TOKENS
            ids.extend([self.image] * len(kept))
            positions.extend(self.start + source for source in kept)
        rows = self.embed(torch.tensor(ids))
        rows[torch.tensor(ids) == self.image] = self.features[kept]
        logits = self.feed(rows, torch.tensor(positions))
        return {"question": question, "promptIds": ids, "positionIds": positions, **self.answer(logits)}

    def answer(self, logits: torch.Tensor) -> dict:
        """Greedy tokens from the first one's logits on. The last token is fed by the next turn's prompt, as its first id."""
        tokens = [int(logits.argmax())]
        while tokens[-1] != self.end and len(tokens) < MAX_NEW_TOKENS:
            tokens.append(int(self.feed(self.embed(torch.tensor(tokens[-1:])), torch.tensor([self.next])).argmax()))
            self.next += 1
        if tokens[-1] != self.end:
            raise ValueError(f"the answer has no end after {MAX_NEW_TOKENS} tokens")
        return {"tokenIds": tokens, "logits": logits.tolist()}


def chosen_rows(index: int) -> tuple[list[int], list[int]]:
    """12 to 40 source ids, and 6 to 16 others for a second turn; both ascending."""
    generator = random.Random(index)
    first, second = generator.randint(12, 40), generator.randint(6, 16)
    ids = generator.sample(range(TOKENS), first + second)
    return sorted(ids[:first]), sorted(ids[first:])


def difference(ours: list[dict], theirs: list[dict]) -> float:
    """Largest difference of first-token logits over all turns, relative to the largest value of each."""
    if [turn["tokenIds"] for turn in ours] != [turn["tokenIds"] for turn in theirs]:
        raise ValueError("PyTorch and ONNX Runtime answer with different tokens")
    pairs = [(np.array(a["logits"]), np.array(b["logits"])) for a, b in zip(ours, theirs)]
    return max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in pairs)


class Reference:
    """The bundled model in PyTorch and in ONNX Runtime, with the test scenes and the answers from all tokens."""

    def __init__(self, weights: Path, onnx: Path, scenes: Path, answers: Path, size: str):
        vocab = load_vocabulary(weights / "vocabulary.json")
        self.model, _ = build(size, vocab, packed(weights, "tower")["clip"], packed(weights, "decoder")["trained"])
        self.tokenizer = published_tokenizer(vocab, end=False)
        self.session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
        self.scenes = [json.loads(line) for line in scenes.read_text().splitlines()]
        self.answers = json.loads(answers.read_text())["rows"]
        #: Differences between PyTorch and ONNX Runtime so far.
        self.differences: dict[str, list[float]] = {}

    def converse(self, name: str, index: int, asked: list[tuple[str, list[int]]]) -> list[dict]:
        """The turns of a conversation about a scene, by PyTorch; `name` says where ONNX Runtime's difference is noted."""
        both = []
        for feed in (whole_sequence(self.model), onnx_with_cache(self.session)):
            conversation = Conversation(self.model, self.tokenizer, self.scenes[index]["draw"], feed)
            both.append([conversation.ask(question, kept) for question, kept in asked])
        self.differences.setdefault(name, []).append(difference(*both))
        return both[0]

    def check_all_tokens(self, index: int) -> None:
        """With all tokens the answer must be that of `generate()`."""
        answer = self.answers[index]
        (turn,) = self.converse("all tokens", index, [(answer["question"], list(range(TOKENS)))])
        if turn["tokenIds"] != answer["tokens"]:
            raise ValueError(f"scene {index}: with all tokens the answer differs from generate()")

    def case(self, index: int) -> dict:
        """One question, asked of some tokens."""
        question, (kept, _) = self.answers[index]["question"], chosen_rows(index)
        (turn,) = self.converse("one turn", index, [(question, kept)])
        return {"source": {**SOURCE, "index": index}, "kept": kept, **rounded(turn)}

    def chat(self, index: int) -> dict:
        """Two questions; others of the image's tokens come before the second."""
        question = self.answers[index]["question"]
        asked = list(zip((question, SECOND_QUESTIONS[index % len(SECOND_QUESTIONS)]), chosen_rows(index)))
        turns = self.converse("two turns", index, asked)
        turns = [{"rows": rows, **rounded(turn)} for (_, rows), turn in zip(asked, turns)]
        return {"source": {**SOURCE, "index": index}, "turns": turns}


def rounded(turn: dict) -> dict:
    """The turn with logits of 6 significant digits."""
    return {**turn, "logits": [float(f"{value:.6g}") for value in turn["logits"]]}


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--answers", type=Path, default=REPOSITORY / "tests/golden/tiny/answers.json")
    parser.add_argument("--onnx", type=Path, default=REPOSITORY / "models/tiny/onnx/decoder_model_merged.onnx")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--size", default="cpu")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    reference = Reference(arguments.weights, arguments.onnx, arguments.scenes, arguments.answers, arguments.size)
    for index in range(CASES + CHATS):
        reference.check_all_tokens(index)
    cases = [reference.case(index) for index in range(CASES)]
    chats = [reference.chat(index) for index in range(CASES, CASES + CHATS)]
    for name, values in reference.differences.items():
        print(f"{name:12s}{len(values):3d} with ONNX Runtime's tokens; logits differ by {max(values):.1e} of the largest")
        if max(values) >= TOLERANCE:
            raise ValueError(f"expected a difference below {TOLERANCE}")
    versions = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}
    arguments.out.write_text(json.dumps({"versions": versions, "cases": cases, "chats": chats}) + "\n")


if __name__ == "__main__":
    main()
