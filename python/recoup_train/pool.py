"""Pools of painted images: `python -m recoup_train.pool SCENES.jsonl … OUT` paints every scene once, for training to draw from.

A pool folder holds images.npy (uint8 [n, S, S, 3]), patches.npy (uint8 [n, T, P], share of a patch that an object covers,
0 to 255) and scenes.jsonl, the scenes without their draw lists, with their letters as `glyphs`. In patches.npy the letters come after a
scene's objects; T is the most of both that any scene of the pool has.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from pathlib import Path

import numpy as np
import torch

from .raster import mask, rasterize
from .words import LETTERS

PATCH = 14


def object_cover(item: dict, size: int) -> torch.Tensor:
    """Share of each patch that the object's outline covers, [P], 0 to 1."""
    x, y, width, height = (item["box"][name] for name in ("x", "y", "width", "height"))
    canvas = torch.zeros(size, size)
    canvas[y : y + height, x : x + width] = mask(item["shape"], width, "cpu").float() / 16 if "shape" in item else 1.0
    grid = size // PATCH
    return canvas.view(grid, PATCH, grid, PATCH).mean((1, 3)).flatten()


#: Where a letter stands on its sign: none, left, right, alone.
SLOTS = ("none", "left", "right", "alone")


def glyphs_of(scene: dict, draw: dict) -> list[dict]:
    """The letters of all signs with their boxes and slots, in the order of the signs, left before right."""
    stamps = iter(stamp for stamp in draw["stamps"] if stamp["mask"] in LETTERS)
    out = []
    for item in scene["things"]:
        for slot in () if item["kind"] != "sign" else ("left", "right") if "second" in item else ("alone",):
            stamp = next(stamps)
            box = {"x": stamp["x"], "y": stamp["y"], "width": stamp["size"], "height": stamp["size"]}
            out.append({"letter": stamp["mask"], "slot": SLOTS.index(slot), "box": box})
    return out


def paint(line: str) -> tuple[np.ndarray, np.ndarray, str]:
    scene = json.loads(line)
    draw = scene.pop("draw")
    size = draw["size"]
    scene["glyphs"] = glyphs_of(scene, draw)
    cover = [object_cover(item, size) for item in (*scene["things"], *scene["glyphs"])]
    packed = (torch.stack(cover) * 255).to(torch.uint8).numpy() if cover else np.zeros((0, (size // PATCH) ** 2), np.uint8)
    return rasterize(draw).numpy(), packed, json.dumps(scene)


def make_pool(sources: list[Path], out: Path, processes: int) -> None:
    lines = [line for source in sources for line in source.read_text().splitlines()]
    out.mkdir(parents=True, exist_ok=True)
    scenes = [json.loads(line) for line in lines]
    size = scenes[0]["draw"]["size"]
    most = max(len(scene["things"]) + len(glyphs_of(scene, scene["draw"])) for scene in scenes)
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
    parser.add_argument("sources", type=Path, nargs="+", help="files of scenes, one after another: of several levels")
    parser.add_argument("out", type=Path)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    make_pool(arguments.sources, arguments.out, arguments.processes)
