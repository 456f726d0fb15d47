"""The model card and the manifest, filled from measured files: `python -m recoup_train.card --models models --results DIR`

DIR holds full.json and compressed-58.json of `evaluate`, controls.json (full.json of a larger test, seed 2), plans.json of
`signals` and synth-manifest.json of `recoup synth`. Nothing in the card is typed in by hand that a script can measure.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

TYPES = ["presence", "color", "shape", "letter", "count", "position", "relation", "ground"]
SLICES = ["needle", "salient", "global", "multi"]


def percent(entry: dict | None) -> str:
    return "" if entry is None else f"{100 * entry['value']:.1f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def accuracy_table(full: dict) -> str:
    names = [("all of these", "plain"), *((name, f"type/{name}") for name in TYPES)]
    rows = [
        [title, *(percent(full[control].get(key)) for control in ("full", "shuffled", "blind", "bag")), str(full["full"][key]["n"])]
        for title, key in names
        if key in full["full"]
    ]
    for answer in ("yes", "no"):
        key = f"presence/{answer}"
        rows.append([f"presence, truth {answer}", *(percent(full[c].get(key)) for c in ("full", "shuffled", "blind", "bag")), str(full["full"][key]["n"])])
    return table(["question type", "full tokens", "shuffled image", "blind", "bag", "n"], rows)


def halves_table(full: dict) -> str:
    rows = []
    for name in TYPES:
        iid, held = (full["full"].get(f"type/{name}/{half}") for half in ("iid", "held-out"))
        if iid and held:
            rows.append([name, percent(iid), percent(held), f"{held['value'] / iid['value']:.2f}", f"{iid['n']} / {held['n']}"])
    return table(["question type", "seen combinations", "held-out half", "ratio", "n"], rows)


def task_table(full: dict) -> str:
    keys = [key for key in full["full"] if key.startswith("task/")]
    rows = [[key[5:], *(percent(full[control].get(key)) for control in ("full", "shuffled", "blind")), str(full["full"][key]["n"])] for key in keys]
    return table(["task folder", "full tokens", "shuffled image", "blind", "n"], rows)


def controls_table(full: dict) -> str:
    """Full tokens and controls by type on a larger set of questions, where three points are beyond noise."""
    keys = [key for key in sorted(full["full"]) if key.startswith("type/") and key.count("/") == 1] + ["task/MME"]
    rows = [[key[5:], *(percent(full[control].get(key)) for control in ("full", "shuffled", "blind")), str(full["full"][key]["n"])] for key in keys]
    return table(["questions", "full tokens", "shuffled image", "blind", "n"], rows)


def slice_tables(measured: dict) -> str:
    parts = []
    for title, name in (("Accuracy", "accuracy"), ("Recall of the patches of what is asked about", "recall")):
        choices = measured[name]
        rows = [[choice, *(percent(choices[choice].get(s)) for s in SLICES)] for choice in choices]
        parts.append(f"{title}, %:\n\n" + table(["kept", *SLICES], rows))
    counts = measured["accuracy"]["full"]
    return "\n\n".join(parts) + "\n\nQuestions: " + ", ".join(f"{s} {counts[s]['n']}" for s in SLICES if s in counts) + "."


def plans_table(plans: dict) -> str:
    rows = [
        [name, f"{p['tokens']['mean']:.1f}", percent(p["accuracy"]["all"]), *(percent(p["accuracy"].get(s)) for s in SLICES), *(percent(p["accuracy"].get(f"presence/{a}")) for a in ("yes", "no"))]
        for name, p in plans.items()
    ]
    return table(["method", "rows", "all", *SLICES, "is there … yes", "… no"], rows)


def manifest(config: dict, clip: dict, measured: dict) -> dict:
    recall = measured["recall"]
    positive, negative = recall["text"]["needle"]["value"], recall["text, other sign"]["needle"]["value"]
    return {
        "format": "recoup-model",
        "version": 1,
        "family": config["model_type"],
        "tower": "clip",
        "clip": "../tiny-clip",
        "signals": ["features", "keys", "clsAttention", "textSimilarity"],
        "featureLayer": config["vision_feature_layer"],
        "visualTokens": config["image_seq_length"],
        "grid": [24, 24],
        "patchSize": 14,
        "hiddenWidth": config["vision_config"]["hidden_size"],
        "projectedWidth": clip["projection_dim"],
        "textPolarity": 1 if positive >= negative else -1,
        "textPolarityEvidence": {
            "measure": "recall at 58 of 576 tokens, questions about small things (needle), test split",
            "recallPositive": positive,
            "recallNegative": negative,
            "n": recall["text"]["needle"]["n"],
        },
        "defaultMethod": "recoup",
        "note": "tiny, trained from scratch on synthetic pictures",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True)
    arguments = parser.parse_args()
    read = lambda path: json.loads(path.read_text())
    full, measured = read(arguments.results / "full.json"), read(arguments.results / "compressed-58.json")
    plans, synth = read(arguments.results / "plans.json"), read(arguments.results / "synth-manifest.json")
    tiny, clip = arguments.models / "tiny", arguments.models / "tiny-clip"
    differences = read(arguments.results / "onnx-differences.json")
    config, clip_config = read(tiny / "config.json"), read(clip / "config.json")
    (tiny / "manifest.json").write_text(json.dumps(manifest(config, clip_config, measured), indent=2) + "\n")
    sizes = {path.name: path.stat().st_size for folder in (tiny, clip) for path in sorted((folder / "onnx").glob("*.onnx"))}
    template = (Path(__file__).parent / "card.md").read_text()
    dynamic = plans["recoverable (dynamic, sum)"]["tokens"]
    values = {
        "SIZES": table(["file", "bytes"], [[name, f"{size:,}"] for name, size in sizes.items()]),
        "TOTAL": f"{sum(p.stat().st_size for f in (tiny, clip) for p in f.rglob('*') if p.is_file()) / 1e6:.1f}",
        "ACCURACY": accuracy_table(full),
        "HALVES": halves_table(full),
        "TASKS": task_table(full),
        "CONTROLS": controls_table(read(arguments.results / "controls.json")),
        "SLICES": slice_tables(measured),
        "PLANS": plans_table(plans),
        "PLAN_QUESTIONS": str(plans["recoverable (dynamic, sum)"]["accuracy"]["all"]["n"]),
        "DYNAMIC": f"{dynamic['mean']:.1f} of 576 tokens ({100 * dynamic['share']:.1f} %; 5th to 95th percentile {dynamic['p5']:.0f} to {dynamic['p95']:.0f})",
        "POSITIVE": percent(measured["recall"]["text"]["needle"]),
        "NEGATIVE": percent(measured["recall"]["text, other sign"]["needle"]),
        "ONNX": table(["output", "largest relative difference"], [[name, f"{value:.0e}"] for name, value in differences.items()]),
        "COMMAND": f"recoup synth --tasks all --split {synth['split']} --count {synth['count']} --seed {synth['seed']}",
    }
    for name, value in values.items():
        template = template.replace("{{" + name + "}}", value)
    (tiny / "README.md").write_text(template)


if __name__ == "__main__":
    main()
