"""Pools of painted images: `python -m recoup_train.pool SCENES.jsonl OUT` paints every scene once, for training to draw from.

A pool folder holds images.npy (uint8 [n, S, S, 3]), patches.npy (uint8 [n, T, P], share of a patch that an object covers,
0 to 255) and scenes.jsonl, the scenes without their draw lists. T is the most objects that any scene of the pool has.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from pathlib import Path

import numpy as np
import torch

from .raster import mask, rasterize

PATCH = 14


def object_cover(item: dict, size: int) -> torch.Tensor:
    """Share of each patch that the object's outline covers, [P], 0 to 1."""
    box = item["box"]
    name = "box" if item["kind"] == "sign" else item["shape"]
    canvas = torch.zeros(size, size)
    side, x, y = box["width"], box["x"], box["y"]
    canvas[y : y + side, x : x + side] = mask(name, side, "cpu").float() / 16
    grid = size // PATCH
    return canvas.view(grid, PATCH, grid, PATCH).mean((1, 3)).flatten()


def paint(line: str) -> tuple[np.ndarray, np.ndarray, str]:
    scene = json.loads(line)
    draw = scene.pop("draw")
    size = draw["size"]
    cover = [object_cover(item, size) for item in scene["things"]]
    packed = (torch.stack(cover) * 255).to(torch.uint8).numpy() if cover else np.zeros((0, (size // PATCH) ** 2), np.uint8)
    return rasterize(draw).numpy(), packed, json.dumps(scene)


def make_pool(source: Path, out: Path, processes: int) -> None:
    lines = source.read_text().splitlines()
    out.mkdir(parents=True, exist_ok=True)
    first = json.loads(lines[0])
    size = first["draw"]["size"]
    most = max(len(json.loads(line)["things"]) for line in lines)
    images = np.lib.format.open_memmap(out / "images.npy", "w+", np.uint8, (len(lines), size, size, 3))
    patches = np.lib.format.open_memmap(out / "patches.npy", "w+", np.uint8, (len(lines), most, (size // PATCH) ** 2))
    scenes = []
    with multiprocessing.get_context("fork").Pool(processes, initializer=torch.set_num_threads, initargs=(1,)) as workers:
        for i, (rgb, cover, scene) in enumerate(workers.imap(paint, lines, chunksize=16)):
            images[i], patches[i, : len(cover)] = rgb, cover
            scenes.append(scene)
            if i % 2000 == 0:
                print(f"{i} of {len(lines)}", flush=True)
    (out / "scenes.jsonl").write_text("\n".join(scenes))


class Pool:
    """A painted pool, its images mapped from the disk."""

    def __init__(self, folder: Path):
        self.images = np.load(folder / "images.npy", mmap_mode="r")
        self.patches = np.load(folder / "patches.npy", mmap_mode="r")
        self.scenes = [json.loads(line) for line in (folder / "scenes.jsonl").read_text().splitlines()]
        self.grid = self.images.shape[1] // PATCH

    def __len__(self) -> int:
        return len(self.scenes)

    def pixels(self, rows: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
        """Normalized images [B, 3, S, S], as preprocessor_config.json says: (x / 255 - 0.5) / 0.25."""
        rgb = torch.from_numpy(self.images[np.sort(rows)]).to(device)
        return rgb.permute(0, 3, 1, 2).float().div_(255).sub_(0.5).div_(0.25)

    def cover(self, rows: np.ndarray) -> torch.Tensor:
        """Shares [B, T, P], 0 to 1, of sorted rows."""
        return torch.from_numpy(self.patches[np.sort(rows)]).float() / 255


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    make_pool(arguments.source, arguments.out, arguments.processes)
