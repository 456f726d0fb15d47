"""Every curve of training: `python -m recoup_train.plot RUN … --out FILE.png`. One panel per quantity; runs that began from one
another's weights follow each other in time, with a gray line between them."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


COLORS = {"train": "0.6", "val 112": "tab:orange", "val 168": "tab:green", "val 336": "tab:blue"}


def curves(folder: Path, begin: float) -> tuple[dict[tuple[str, str], list[tuple[float, float]]], float]:
    """(quantity, series) -> (minutes, value), the run beginning at `begin`; and when it ends."""
    out, end = defaultdict(list), begin
    for line in (folder / "log.jsonl").read_text().splitlines():
        row = json.loads(line)
        end = max(end, begin + row["minutes"])
        if row.get("shuffled"):
            continue
        series = f"val {row['check']}" if "check" in row else "train"
        for name, value in row.items():
            if isinstance(value, float) and name != "minutes":
                out[name.removeprefix("probe_"), series].append((begin + row["minutes"], value))
    return out, end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    found, seams = [], [0.0]
    for run in arguments.runs:
        series, end = curves(run, seams[-1])
        found.append(series)
        seams.append(end)
    names = sorted({quantity for series in found for quantity, _ in series})
    columns = 4
    figure, axes = plt.subplots(-(-len(names) // columns), columns, figsize=(15, 2.2 * -(-len(names) // columns)), squeeze=False)
    for axis, name in zip(axes.flat, names):
        for series in found:
            for (quantity, label), points in series.items():
                if quantity == name:
                    axis.plot(*zip(*points), color=COLORS[label], marker="" if label == "train" else "o", markersize=3, linewidth=1)
        for seam in seams[1:-1]:
            axis.axvline(seam, color="0.85", linewidth=1, zorder=0)
        axis.set_title(name, fontsize=9)
        axis.set_xlim(0, seams[-1])
        axis.tick_params(labelsize=7)
        axis.grid(alpha=0.25)
    for axis in axes.flat[len(names) :]:
        axis.remove()
    shown = [label for label in COLORS if any(label == key[1] for series in found for key in series)]
    handles = [plt.Line2D([], [], color=COLORS[label], marker="" if label == "train" else "o", label=label) for label in shown]
    figure.legend(handles=handles, loc="lower right", fontsize=9)
    figure.supxlabel("minutes of training", fontsize=9)
    figure.tight_layout()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(arguments.out, dpi=90)


if __name__ == "__main__":
    main()
