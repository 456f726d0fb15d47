"""Every curve of a run: `python -m recoup_train.plot RUN … --out FILE.png`. One panel per quantity, checks as dots."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def curves(folder: Path) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """(quantity, series) -> (minutes, value): training means, and one series per validation size."""
    out = defaultdict(list)
    for line in (folder / "log.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row.get("shuffled"):
            continue
        series = f"val {row['check']}" if "check" in row else "train"
        for name, value in row.items():
            if isinstance(value, float) and name != "minutes":
                quantity = name.removeprefix("probe_")
                out[quantity, series].append((row["minutes"], value))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    found = [(run.name, curves(run)) for run in arguments.runs]
    names = sorted({quantity for _, series in found for quantity, _ in series})
    columns = 4
    rows = -(-len(names) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4 * columns, 2.6 * rows), squeeze=False)
    for axis, name in zip(axes.flat, names):
        for run, series in found:
            for (quantity, label), points in series.items():
                if quantity == name:
                    style = {"linewidth": 1} if label == "train" else {"marker": "o", "markersize": 3, "linewidth": 0.8}
                    axis.plot(*zip(*points), label=f"{run}: {label}" if len(found) > 1 else label, **style)
        axis.set_title(name, fontsize=9)
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=6)
    for axis in axes.flat[len(names) :]:
        axis.remove()
    figure.supxlabel("minutes of training", fontsize=9)
    figure.tight_layout()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(arguments.out, dpi=110)


if __name__ == "__main__":
    main()
