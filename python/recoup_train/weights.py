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


def widened(state: dict[str, torch.Tensor], before: dict[str, int], after: dict[str, int]) -> dict[str, torch.Tensor]:
    """A module's state for a grown vocabulary (`words.grown`): each word keeps its row of the tables of words; rows of new words are
    near the mean row, each with noise of its own."""
    if before == after:
        return state
    generator = torch.Generator().manual_seed(0)
    out = dict(state)
    for key, table in state.items():
        if not key.endswith(("token_embedding.weight", "embed_tokens.weight", "lm_head.weight")):
            continue
        noise = torch.randn(len(after), table.shape[1], generator=generator)
        wide = table.mean(0) + 0.3 * table.std() * noise
        wide[[after[word] for word in before]] = table[list(before.values())]
        out[key] = wide
    return out


def unpack(weights: Path, out: Path) -> None:
    for name in MODULES:
        (out / name).mkdir(parents=True, exist_ok=True)
        torch.save(packed(weights, name), out / name / "checkpoint.pt")
        shutil.copy(weights / "vocabulary.json", out / name / "vocabulary.json")


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
