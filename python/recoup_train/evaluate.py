"""Every figure of the model card: `python -m recoup_train.evaluate --tower RUN --decoder RUN --data SYNTH --out DIR`

SYNTH is a folder that `recoup synth --split test` wrote. Answers are compared as words; the official metrics come with the
evaluation harness. Controls: `shuffled` asks about other images, eight each, and counts each answer; `blind` answers
from the question alone: the probabilities of the answer's words averaged over those images, p(word | question) =
E[p(word | question, image)], then the likeliest; `bag` gives the features in random order, without places.

With --plans DIR the questions are asked again from compressed tokens (see `signals` below).
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from .decoder import answer_logits
from .export import load_runs
from .models import Tower
from .prompts import Prompts
from .tower import Texts, cls_attention, text_vectors

TOKENS = 576


def read_rows(data: Path) -> list[dict]:
    """All questions of all tasks, with task and image path."""
    rows = []
    for path in sorted(data.glob("*/regions.jsonl")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            rows.append(row | {"task": path.parent.name, "path": str(path.parent / row["image"])})
    return rows


def by_image(rows: list[dict]) -> list[tuple[str, list[dict]]]:
    groups = defaultdict(list)
    for row in rows:
        groups[row["path"]].append(row)
    return list(groups.items())


def read_pixels(path: str) -> torch.Tensor:
    rgb = torch.from_numpy(np.asarray(Image.open(path).convert("RGB")).copy())
    return rgb.permute(2, 0, 1)[None].float().div(255).sub(0.5).div(0.25)


def patches_of(boxes: list[list[int]]) -> torch.Tensor:
    """Patches of which a box covers a quarter at least, [576] of truth values."""
    out = torch.zeros(24, 24, dtype=torch.bool)
    edge = torch.arange(24) * 14
    for x, y, width, height in boxes:
        across = (torch.minimum(edge + 14, torch.tensor(x + width)) - torch.maximum(edge, torch.tensor(x))).clamp(min=0)
        down = (torch.minimum(edge + 14, torch.tensor(y + height)) - torch.maximum(edge, torch.tensor(y))).clamp(min=0)
        out |= down[:, None] * across[None, :] >= 49
    return out.flatten()


def right_of(words: torch.Tensor, target: torch.Tensor, segments: torch.Tensor, count: int) -> list[bool]:
    """Whether all words of each answer are the truth's; segments number the answers from 1."""
    wrong = set(segments[words != target].tolist())
    return [i + 1 not in wrong for i in range(count)]


class Answerer:
    """Asks the model questions about given visual tokens."""

    def __init__(self, size: str, tower: Path, decoder: Path):
        self.model, self.clip, self.vocab = load_runs(size, tower, decoder)
        self.tower, self.prompts, self.texts = Tower(self.clip.vision_model), Prompts(self.vocab), Texts(self.vocab)
        for one in (self.model, self.clip):
            one.set_attn_implementation("plain")

    @torch.no_grad()
    def states(self, pixels: torch.Tensor) -> list[torch.Tensor]:
        return self.tower.hidden_states(pixels)

    @torch.no_grad()
    def right(self, features: torch.Tensor, rows: list[dict]) -> list[bool]:
        """features [1, K, C], before the projector; whether each greedy answer is the truth, its end included."""
        logits, target, segments = self.answers(features, rows)
        return right_of(logits.argmax(-1), target, segments, len(rows))

    @torch.no_grad()
    def right_of_others(self, others: list[torch.Tensor], rows: list[dict]) -> tuple[list[float], list[bool]]:
        """Asked about other images: how often right with each of them, and whether with p(word | question), their mean."""
        each = [self.answers(features, rows) for features in others]
        _, target, segments = each[0]
        hits = np.array([right_of(logits.argmax(-1), target, segments, len(rows)) for logits, *_ in each])
        mean = torch.stack([logits.softmax(-1) for logits, *_ in each]).mean(0)
        return hits.mean(0).tolist(), right_of(mean.argmax(-1), target, segments, len(rows))

    def answers(self, features: torch.Tensor, rows: list[dict]):
        pairs = [[(row["prompt"], row["answer"]) for row in rows]]
        return answer_logits(self.model, self.prompts, features, pairs)[:3]

    @torch.no_grad()
    def similarities(self, states: list[torch.Tensor], rows: list[dict]) -> torch.Tensor:
        """Cosine of each question with each patch, [Q, 576]; the question is the prompt's first line, as users ask it."""
        vision = self.clip.vision_model
        patches = functional.normalize(self.clip.visual_projection(vision.post_layernorm(states[-1][0, 1:])), dim=-1)
        return text_vectors(self.clip, self.texts.batch([row["prompt"].split("\n")[0] for row in rows])) @ patches.t()


def share(hits: list) -> dict[str, float]:
    mean = float(np.mean(hits))
    return {"value": round(mean, 4), "n": len(hits), "se": round(math.sqrt(max(mean * (1 - mean), 0) / len(hits)), 4)}


#: Tasks that ask as it stands: no statements to be judged (MME), no lettered options (ScienceQA, MMBench).
PLAIN_TASKS = ("pope", "textvqa", "vqav2")


def keys_of(row: dict) -> list[str]:
    names = ["all", f"slice/{row['slice']}", f"half/{row['half']}", f"task/{row['task']}"]
    if row["task"] in PLAIN_TASKS:
        names += ["plain", f"type/{row['type']}", f"type/{row['type']}/{row['half']}", f"plain/{row['half']}"]
    if row["type"] == "presence" and row["task"] in PLAIN_TASKS:
        names.append(f"presence/{row['answer']}")
    return names


#: Other images that each question is asked about; `blind` averages over them. Zeros or the mean image are like no image: open
#: questions got words of other types from them, below chance.
OTHERS = 8


def spread_others(features: list[torch.Tensor], i: int) -> list[torch.Tensor]:
    """OTHERS images at even distances round the list, never the i-th itself; of all tasks and halves, as the list is."""
    return [features[(i + k * len(features) // (OTHERS + 1)) % len(features)] for k in range(1, OTHERS + 1)]


def full_tokens(answerer: Answerer, images: list[tuple[str, list[dict]]]) -> dict:
    hits: dict[str, dict[str, list]] = defaultdict(lambda: defaultdict(list))
    features = [answerer.states(read_pixels(path))[-2][:, 1:] for path, _ in images]
    generator = torch.Generator().manual_seed(0)
    for i, (_, rows) in enumerate(images):
        own = features[i]
        shuffled, blind = answerer.right_of_others(spread_others(features, i), rows)
        controls = {
            "full": answerer.right(own, rows),
            "shuffled": shuffled,
            "blind": blind,
            "bag": answerer.right(own[:, torch.randperm(TOKENS, generator=generator)], rows),
        }
        for control, found in controls.items():
            for row, hit in zip(rows, found):
                for key in keys_of(row):
                    hits[control][key].append(hit)
    return {control: {key: share(list_) for key, list_ in sorted(found.items())} for control, found in hits.items()}


def selections(states, attention, similarity, target, generator, budget: int) -> dict[str, torch.Tensor]:
    """Kept patches of the choices that `recoup synth` compares, ascending ids."""
    def top(score):
        return score.topk(budget).indices.sort().values

    oracle = target.float() * 2 + torch.rand(TOKENS, generator=generator)
    return {
        "oracle": top(oracle),
        "cls": top(attention),
        "text": top(similarity),
        "text, other sign": top(-similarity),
        "random": torch.randperm(TOKENS, generator=generator)[:budget].sort().values,
    }


def compressed(answerer: Answerer, images, budget: int, limit: int) -> dict:
    """Recall of what is asked about and accuracy, by choice and slice, at `budget` of 576 tokens, positions closed up."""
    recall = defaultdict(lambda: defaultdict(list))
    seen = defaultdict(lambda: defaultdict(list))
    right = defaultdict(lambda: defaultdict(list))
    generator = torch.Generator().manual_seed(1)
    for path, rows in images[:limit]:
        states = answerer.states(read_pixels(path))
        features, attention = states[-2][:, 1:], cls_attention(answerer.clip.vision_model, states[-2])[0]
        similarities = answerer.similarities(states, rows)
        full = answerer.right(features, rows)
        for row, similarity, correct in zip(rows, similarities, full):
            target = patches_of(row["boxes"])
            names = [row["slice"], f"{row['slice']}/{row['type']}"]
            for name in names:
                right["full"][name].append(correct)
            for choice, kept in selections(states, attention, similarity, target, generator, budget).items():
                hit = answerer.right(features[:, kept], [row])[0]
                for name in names:
                    right[choice][name].append(hit)
                    if target.any():
                        found = int(target[kept].sum())
                        recall[choice][name].append(found / int(target.sum()))
                        seen[choice][name].append(found >= min(3, int(target.sum())))
    tables = {"recall": recall, "seen": seen, "accuracy": right}
    return {name: {c: {k: share(v) for k, v in sorted(t.items())} for c, t in table.items()} for name, table in tables.items()}


def write(path: Path, value: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tower", type=Path, required=True)
    parser.add_argument("--decoder", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--size", default="cpu")
    parser.add_argument("--budget", type=int, default=58)
    parser.add_argument("--limit", type=int, default=300, help="images for the compressed tables")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only-full", action="store_true", help="leave the compressed tables as they are")
    arguments = parser.parse_args()
    answerer = Answerer(arguments.size, arguments.tower, arguments.decoder)
    images = by_image(read_rows(arguments.data))
    full = full_tokens(answerer, images)
    write(arguments.out / "full.json", full)
    for key in ("all", *[k for k in full["full"] if k.startswith(("type/", "half/", "presence/")) and k.count("/") == 1]):
        print(f"{key:24s}", *(f"{control} {full[control][key]['value']:.3f}" for control in full), full["full"][key]["n"])
    if arguments.only_full:
        return
    # Every n-th image, so that all tasks and both halves are in it.
    step = max(1, len(images) // arguments.limit)
    table = compressed(answerer, images[::step], arguments.budget, arguments.limit)
    write(arguments.out / f"compressed-{arguments.budget}.json", table)
    for name, choices in table.items():
        for choice, slices in choices.items():
            print(f"{name:10s}{choice:18s}", *(f"{k} {v['value']:.3f} ({v['n']})" for k, v in slices.items() if "/" not in k))


if __name__ == "__main__":
    main()
