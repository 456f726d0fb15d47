"""The trained weights without the state of their training, to go on from another day.

    python -m recoup_train.weights pack --tower RUN --decoder RUN --out python/weights
    python -m recoup_train.weights unpack --out RUNS      # makes RUNS/tower and RUNS/decoder, for --tower, --decoder and --start
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

#: Where the shipped weights stand.
WEIGHTS = Path(__file__).parents[1] / "weights"

#: Modules in each run's checkpoint, beside the optimizer's state.
MODULES = {"tower": ("clip", "heads", "scales"), "decoder": ("trained", "places")}


def pack(runs: dict[str, Path], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, run in runs.items():
        state = torch.load(run / "checkpoint.pt", map_location="cpu", weights_only=True)
        tensors = {f"{module}/{key}": value.contiguous() for module in MODULES[name] for key, value in state[module].items()}
        save_file(tensors, out / f"{name}.safetensors")
    shutil.copy(runs["tower"] / "vocabulary.json", out / "vocabulary.json")


def packed(weights: Path, name: str) -> dict[str, dict[str, torch.Tensor]]:
    """The state of each module of "tower" or "decoder", as its run's checkpoint holds it."""
    state = {module: {} for module in MODULES[name]}
    for key, value in load_file(weights / f"{name}.safetensors").items():
        module, rest = key.split("/", 1)
        state[module][rest] = value
    return state


def unpack(weights: Path, out: Path) -> None:
    for name in MODULES:
        (out / name).mkdir(parents=True, exist_ok=True)
        torch.save(packed(weights, name), out / name / "checkpoint.pt")
    shutil.copy(weights / "vocabulary.json", out / "tower" / "vocabulary.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack")
    packing.add_argument("--tower", type=Path, required=True)
    packing.add_argument("--decoder", type=Path, required=True)
    packing.add_argument("--out", type=Path, required=True)
    unpacking = commands.add_parser("unpack")
    unpacking.add_argument("--weights", type=Path, default=WEIGHTS)
    unpacking.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.command == "pack":
        pack({"tower": arguments.tower, "decoder": arguments.decoder}, arguments.out)
    else:
        unpack(arguments.weights, arguments.out)


if __name__ == "__main__":
    main()
