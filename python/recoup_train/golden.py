"""Greedy answers of the bundled model in PyTorch, which `npm test` compares with stock transformers.js.

    recoup scenes --split test --count 50 --out SCENES.jsonl
    python -m recoup_train.golden --tower RUN --decoder RUN --scenes SCENES.jsonl --out tests/golden/tiny/answers.json

One question per scene. The prompt is that of the chat template, the answer comes from `generate()`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
import transformers

from .export import load_runs, published_tokenizer
from .raster import rasterize
from .words import IMAGE


def pixels_of(draw: dict) -> torch.Tensor:
    """As preprocessor_config.json says, [1, 3, S, S]."""
    return rasterize(draw).permute(2, 0, 1)[None].float().div(255).sub(0.5).div(0.25)


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tower", type=Path, required=True)
    parser.add_argument("--decoder", type=Path, required=True)
    parser.add_argument("--scenes", type=Path, required=True)
    parser.add_argument("--size", default="cpu")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    model, _, vocab = load_runs(arguments.size, arguments.tower, arguments.decoder)
    tokenizer = published_tokenizer(vocab, end=False)
    rows = []
    for index, line in enumerate(arguments.scenes.read_text().splitlines()):
        scene = json.loads(line)
        asked = scene["questions"] + scene["extra"]
        question = asked[index % len(asked)]
        prompt = f"USER: {IMAGE}\n{question['text']} ASSISTANT:"
        ids = tokenizer.encode(prompt.replace(IMAGE, IMAGE * 576)).ids
        output = model.generate(
            input_ids=torch.tensor([ids]), pixel_values=pixels_of(scene["draw"]), attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            max_new_tokens=8, do_sample=False,
        )
        tokens = output[0, len(ids) :].tolist()
        rows.append({"scene": index, "question": question["text"], "truth": question["answer"], "tokens": tokens, "text": tokenizer.decode(tokens)})
    right = sum(row["text"].lower() == row["truth"].lower() for row in rows)
    print(f"{right} of {len(rows)} right")
    versions = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps({"versions": versions, "source": {"split": "test", "seed": 1}, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
