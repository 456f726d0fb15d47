"""Answers of conversations with recovered tokens, in PyTorch, for `recovery: "append"`.

    node scripts/chat-prompts.mjs > PROMPTS.jsonl
    python -m recoup_train.chat_golden --tower RUN --decoder RUN --prompts PROMPTS.jsonl --out tests/golden/tiny/append.json

A conversation is one sequence: the rows of the first prompt, the answer, the next prompt with its recovered rows, and so on. Each
visual row is a weighted sum of the tower's states before the projector. The whole sequence is computed anew for every token, without
a cache, at positions that count up from 0: the plainest way to the same numbers.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
import transformers

from .export import load_runs
from .golden import pixels_of
from .words import EOS, IMAGE

MAX_NEW_TOKENS = 6


def visual_rows(model, draw: dict, rows: list[dict]) -> torch.Tensor:
    """The given rows in the language model's width, [K, D]."""
    states = model.model.vision_tower(pixels_of(draw), output_hidden_states=True).hidden_states[-2][0, 1:]
    matrix = torch.zeros(len(rows), len(states))
    for row, sources in enumerate(rows):
        matrix[row].index_add_(0, torch.tensor(sources["sources"]), torch.tensor(sources["weights"], dtype=torch.float32))
    return model.model.multi_modal_projector(matrix @ states)


@torch.no_grad()
def conversation(model, vocab: dict[str, int], entry: dict) -> list[dict]:
    """For each turn the greedy tokens and the logits of the first of them."""
    embed = model.get_input_embeddings()
    sequence = torch.zeros(0, model.config.text_config.hidden_size)
    turns = []
    for turn in entry["turns"]:
        ids = torch.tensor(turn["promptIds"])
        rows = embed(ids)
        if turn["rows"]:
            rows[ids == vocab[IMAGE]] = visual_rows(model, entry["draw"], turn["rows"])
        sequence = torch.cat([sequence, rows])
        tokens, first = [], None
        while len(tokens) < MAX_NEW_TOKENS and (not tokens or tokens[-1] != vocab[EOS]):
            if tokens:
                sequence = torch.cat([sequence, embed(torch.tensor(tokens[-1:]))])
            hidden = model.model.language_model(inputs_embeds=sequence[None]).last_hidden_state[0, -1]
            logits = model.lm_head(hidden)
            first = logits if first is None else first
            tokens.append(int(logits.argmax()))
        # The last token is fed by the next turn's prompt, as it is its first id.
        turns.append({"question": turn["question"], "promptIds": turn["promptIds"], "tokens": tokens, "logits": [round(float(x), 5) for x in first]})
    return turns


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tower", type=Path, required=True)
    parser.add_argument("--decoder", type=Path, required=True)
    parser.add_argument("--prompts", type=Path, required=True)
    parser.add_argument("--size", default="cpu")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    model, _, vocab = load_runs(arguments.size, arguments.tower, arguments.decoder)
    entries = [json.loads(line) for line in arguments.prompts.read_text().splitlines()]
    conversations = [{"source": entry["source"], "turns": conversation(model, vocab, entry)} for entry in entries]
    same = sum(ours["tokenIds"] == turn["tokens"] for entry, c in zip(entries, conversations) for ours, turn in zip(entry["turns"], c["turns"]))
    print(f"{same} of {sum(len(c['turns']) for c in conversations)} turns with the same tokens")
    versions = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}
    arguments.out.write_text(json.dumps({"versions": versions, "retain": 32, "conversations": conversations}) + "\n")


if __name__ == "__main__":
    main()
