"""Images in colors that have no name, so that shapes are learned apart from colors.

Of the world's combinations of shape and color one in five is kept for the test. A tower that only sees the others learns that
these do not exist: its read-out of shape was right for 99 % of the objects of seen combinations and for 25 % of the held-out
ones (white triangles were diamonds, red stars crosses). Showing shapes in many other colors mends that without showing a
held-out combination: a recolored object is in none of the eight colors.
"""

from __future__ import annotations

import math

import numpy as np
import torch

#: The world's eight colors, in the order of `words.COLORS`, [8, 3], 0 to 255.
PALETTE = torch.tensor(
    [[220, 38, 42], [248, 208, 28], [30, 150, 56], [32, 200, 214], [38, 78, 216], [208, 48, 190], [250, 250, 246], [16, 16, 22]],
    dtype=torch.float32,
)  # fmt: skip
#: A recolored object's color is so far (of 255, Euclidean) from each of the eight at least.
APART = 60
#: Attempts to find such a transform for an image; after them it is shown without color and contrast halved.
ATTEMPTS = 30


def turn(degrees: float) -> torch.Tensor:
    """Rotation of RGB about the gray axis, [3, 3]: grays stay, hues turn."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    along, across = (1 - cos) / 3, sin / math.sqrt(3)
    rows = [[cos + along, along - across, along + across], [along + across, cos + along, along - across], [along - across, along + across, cos + along]]
    return torch.tensor(rows)


def draw_transform(rng: np.random.Generator) -> tuple[torch.Tensor, float]:
    """Hue, saturation, contrast (of either sign) and brightness at random: matrix [3, 3] and offset, for RGB about 0."""
    gray = torch.full((3, 3), 1 / 3)
    saturation = float(rng.uniform(0, 1.1))
    matrix = saturation * turn(float(rng.uniform(0, 360))) + (1 - saturation) * gray
    contrast = float(rng.uniform(0.35, 1.0)) * (1 if rng.random() < 0.7 else -1)
    return contrast * matrix, float(rng.uniform(-60, 60))


def apart(colors: torch.Tensor, matrix: torch.Tensor, offset: float) -> bool:
    """Whether colors [T, 3] all become ones without a name."""
    shown = ((colors - 127.5) @ matrix.T + offset + 127.5).clamp(0, 255)
    return bool((torch.cdist(shown, PALETTE) >= APART).all())


def recolor(pixels: torch.Tensor, colors: list[list[int] | None], rng: np.random.Generator) -> torch.Tensor:
    """Normalized images [B, 3, S, S], those recolored for which `colors` has the numbers of its objects' colors."""
    out = pixels.clone()
    for row, numbers in enumerate(colors):
        if numbers is None:
            continue
        objects = PALETTE[numbers]
        for _ in range(ATTEMPTS):
            matrix, offset = draw_transform(rng)
            if apart(objects, matrix, offset):
                break
        else:
            matrix, offset = torch.full((3, 3), 1 / 6), 0.0
        # (x / 255 - 0.5) / 0.25 is linear and the same for each channel.
        shown = torch.einsum("dc,chw->dhw", matrix.to(pixels), pixels[row]) + offset / 255 / 0.25
        out[row] = shown.clamp(-2, 2)
    return out
