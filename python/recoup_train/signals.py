"""Tables of visual tokens and signals for `recoup compress`, one safetensors file per question.

    python -m recoup_train.signals --tower RUN --decoder RUN --data SYNTH --count 500 --out TABLES
    node scripts/plan-tables.mjs TABLES --method recoverable > PLANS.jsonl
    python -m recoup_train.signals … --plans PLANS.jsonl --report FILE.json

The first writes tables, the second decides with the TypeScript methods, the third asks the model from the compressed rows.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from .evaluate import Answerer, by_image, patches_of, read_pixels, read_rows, share, write


@torch.no_grad()
def table(answerer: Answerer, states: list[torch.Tensor], question: str) -> dict[str, torch.Tensor]:
    """The tensors that `recoup compress` reads: features and, of the last layer, keys and the class token's query, full width."""
    vision = answerer.clip.vision_model
    last = vision.encoder.layers[-1]
    normed = last.layer_norm1(states[-2])
    ids = answerer.texts.batch([question])
    text = answerer.clip.text_projection(answerer.clip.text_model(input_ids=ids).pooler_output)
    return {
        "in.features": states[-2][0, 1:],
        "in.keys": last.self_attn.k_proj(normed)[0],
        "in.q_cls": last.self_attn.q_proj(normed)[0, 0],
        "in.last_hidden": vision.post_layernorm(states[-1])[0],
        "in.visual_projection": answerer.clip.visual_projection.weight,
        "in.text": text[0],
    }


def questions(data: Path, count: int) -> list[dict]:
    """One question of each of `count` images, spread over all tasks."""
    images = by_image(read_rows(data))
    step = max(1, len(images) // count)
    return [rows[i % len(rows)] for i, (_, rows) in enumerate(images[::step][:count])]


def write_tables(answerer: Answerer, rows: list[dict], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for i, row in enumerate(rows):
        states = answerer.states(read_pixels(row["path"]))
        tensors = table(answerer, states, row["prompt"].split("\n")[0])
        save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, out / f"{i:05d}.safetensors")


def report(answerer: Answerer, rows: list[dict], tables: Path, plans: Path) -> dict:
    """Tokens kept, recall of what is asked about among rows of their own, and accuracy, by method and slice."""
    tokens, recall, right = defaultdict(list), defaultdict(lambda: defaultdict(list)), defaultdict(lambda: defaultdict(list))
    for line in plans.read_text().splitlines():
        entry = json.loads(line)
        row, plan = rows[entry["table"]], entry["plan"]
        features = load_file(tables / f"{entry['table']:05d}.safetensors")["in.features"]
        matrix = torch.zeros(len(plan["offsets"]) - 1, len(features))
        kept = []
        for k, (start, end) in enumerate(zip(plan["offsets"], plan["offsets"][1:])):
            matrix[k].index_add_(0, torch.tensor(plan["sources"][start:end]), torch.tensor(plan["weights"][start:end], dtype=torch.float32))
            if end == start + 1 and plan["weights"][start] == 1:
                kept.append(plan["sources"][start])
        hit = answerer.right((matrix @ features)[None], [row])[0]
        target = patches_of(row["boxes"])
        name = entry["name"]
        tokens[name].append(len(matrix))
        for key in ("all", row["slice"], *([f"presence/{row['answer']}"] if row["type"] == "presence" else [])):
            right[name][key].append(hit)
            if target.any():
                recall[name][key].append(float(target[kept].sum() / target.sum()) if kept else 0.0)
    return {
        name: {
            "tokens": {"mean": round(float(np.mean(t)), 2), "share": round(float(np.mean(t)) / 576, 4), "p5": float(np.percentile(t, 5)), "p95": float(np.percentile(t, 95))},
            "accuracy": {k: share(v) for k, v in sorted(right[name].items())},
            "recall": {k: share(v) for k, v in sorted(recall[name].items())},
        }
        for name, t in tokens.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tower", type=Path, required=True)
    parser.add_argument("--decoder", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--size", default="cpu")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plans", type=Path)
    parser.add_argument("--report", type=Path)
    arguments = parser.parse_args()
    answerer = Answerer(arguments.size, arguments.tower, arguments.decoder)
    rows = questions(arguments.data, arguments.count)
    if arguments.plans is None:
        write_tables(answerer, rows, arguments.out)
        return
    result = report(answerer, rows, arguments.out, arguments.plans)
    write(arguments.report, result)
    for name, entry in result.items():
        print(f"{name:32s}{entry['tokens']['mean']:7.1f}", *(f"{k} {v['value']:.3f}" for k, v in entry["accuracy"].items()))


if __name__ == "__main__":
    main()
