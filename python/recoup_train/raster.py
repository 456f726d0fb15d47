"""Paints draw lists, pixel for pixel as src/world/rasterize.ts does (src/world/draw-list.ts defines both).

Whole numbers in int64 tensors, on any device. A hash test holds the two rasterizers together.
"""

from __future__ import annotations

import functools
from pathlib import Path
import re

import torch

MASK32 = 0xFFFFFFFF
BIAS = 1 << 20


def hash32(value: torch.Tensor) -> torch.Tensor:
    """MurmurHash3's finalizer over 32 bits; int64 in and out."""
    bits = value & MASK32
    bits = ((bits ^ (bits >> 16)) * 0x85EBCA6B) & MASK32
    bits = ((bits ^ (bits >> 13)) * 0xC2B2AE35) & MASK32
    return bits ^ (bits >> 16)


@functools.lru_cache(maxsize=512)
def _coordinates(height: int, width: int, device: str) -> tuple[torch.Tensor, torch.Tensor]:
    y = torch.arange(height, dtype=torch.int64, device=device)[:, None]
    x = torch.arange(width, dtype=torch.int64, device=device)[None, :]
    return x, y


def _wave(p: torch.Tensor, period: int) -> torch.Tensor:
    return (128 + 4 * (2 * (2 * (p % period) - period).abs() - period)).clamp(0, 256)


def _lattice(x: torch.Tensor, y: torch.Tensor, cell: int, seed: int) -> torch.Tensor:
    """Bilinear between random corner values; corners are hashed once per cell, then spread."""
    shift = cell.bit_length() - 1
    height, width = y.shape[0], x.shape[1]
    i = torch.arange((width - 1 >> shift) + 2, dtype=torch.int64, device=x.device)[None, :]
    j = torch.arange((height - 1 >> shift) + 2, dtype=torch.int64, device=x.device)[:, None]
    corners = hash32(seed + 65536 * j + i) & 255
    fx, fy = x & (cell - 1), y & (cell - 1)
    columns = (x >> shift)[0]
    rows = (y >> shift)[:, 0]
    across = corners[:, columns] * (cell - fx) + corners[:, columns + 1] * fx
    return (across[rows] * (cell - fy) + across[rows + 1] * fy) >> (2 * shift)


def _noise(x: torch.Tensor, y: torch.Tensor, period: int, seed: int) -> torch.Tensor:
    fine_seed = int(hash32(torch.tensor(seed)))
    return (171 * _lattice(x, y, period, seed) + 85 * _lattice(x, y, period >> 1, fine_seed)) >> 8


def texture(kind: str, period: int, direction: list[int], seed: int, size: int, device: str) -> torch.Tensor | None:
    """Mixing values [size, size], 0 to 256; None for `solid`, where all are 0."""
    if kind == "solid":
        return None
    x, y = _coordinates(size, size, device)
    dx, dy = direction
    if kind == "gradient":
        dx, dy = abs(dx), abs(dy)
        return ((x * dx + y * dy) * 256) // (size * (dx + dy))
    if kind in ("clouds", "spots"):
        sharpness = 2 if kind == "clouds" else 12
        return (128 + sharpness * (_noise(x, y, period, seed) - 128)).clamp(0, 256)
    if kind == "bricks":
        height = period >> 1
        row = y // height
        shifted = x + (row & 1) * height
        tone = hash32(seed + row * 4096 + shifted // period) & 127
        joint = (y % height < 2) | (shifted % period < 2)
        return torch.where(joint, torch.full_like(tone, 256), tone)
    along = x * dx + y * dy + BIAS
    across = y * dx - x * dy + BIAS
    p = period * 16
    if kind == "stripes":
        return _wave(along, p)
    if kind == "checks":
        s, t = _wave(along, p), _wave(across, p)
        return (s * (256 - t) + t * (256 - s)) >> 8
    if kind == "dots":
        du, dv = along % p - (p >> 1), across % p - (p >> 1)
        radius = (p * 5) >> 4
        return (128 + torch.div(8 * (radius * radius - du * du - dv * dv), radius, rounding_mode="floor")).clamp(0, 256)
    if kind == "waves":
        bend = (2 * (across % (2 * p)) - 2 * p).abs() >> 2
        return _wave(along + bend, p)
    raise ValueError(f"texture: expected a known kind, got {kind}")


def _mix(paint: dict, size: int, device: str) -> torch.Tensor:
    """Colors [size, size, 3] or [3]."""
    a = torch.tensor(paint["a"], dtype=torch.int64, device=device)
    b = torch.tensor(paint["b"], dtype=torch.int64, device=device)
    t = texture(size=size, device=device, **paint["texture"])
    if t is None:
        return (a * 256 + 128) >> 8
    t = t[:, :, None]
    return (a * (256 - t) + b * t + 128) >> 8


STAR_LINES = [(0, -1024), (974, -316), (602, 828), (-602, 828), (-974, -316)]


def _inside(name: str, u: torch.Tensor, v: torch.Tensor, r: int) -> torch.Tensor:
    au, av = u.abs(), v.abs()
    if name == "box":
        return (au <= r) & (av <= r)
    if name == "circle":
        return u * u + v * v <= r * r
    if name == "square":
        return (8 * au <= 7 * r) & (8 * av <= 7 * r)
    if name == "triangle":
        return (16 * au <= 9 * (v + r) - r) & (8 * v <= 7 * r)
    if name == "diamond":
        return 10 * au + 8 * av <= 8 * r
    if name == "cross":
        return torch.minimum(au, av) * 3 <= r
    if name == "ring":
        d = u * u + v * v
        return (d <= r * r) & (4 * d >= r * r)
    if name == "star":
        return sum((nu * u + nv * (v - (r >> 4)) <= 332 * r).long() for nu, nv in STAR_LINES) >= 4
    if name == "heart":
        a, b = 40 * au - 19 * r, 40 * v + 14 * r
        wedge = (20 * v >= -7 * r) & (10 * au + 9 * v <= 8 * r) & (4 * v >= -r)
        return (a * a + b * b <= 441 * r * r) | wedge
    rows = glyphs()[name]
    cells = torch.tensor([[c == "#" for c in row] for row in rows], device=u.device)
    column = (7 * (u + r)) // (2 * r) - 1
    row = (7 * (v + r)) // (2 * r)
    within = (column >= 0) & (column < 5)
    return within & cells[row, column.clamp(0, 4)]


@functools.lru_cache(maxsize=1)
def glyphs() -> dict[str, list[str]]:
    """The letters, read from the TypeScript source, so that they stand in one place."""
    text = (Path(__file__).parents[2] / "src/world/mask.ts").read_text()
    return {name: re.findall(r'"([#.]{5})"', rows) for name, rows in re.findall(r"(\w): \[([^\]]+)\]", text)}


@functools.lru_cache(maxsize=4096)
def mask(name: str, size: int, device: str) -> torch.Tensor:
    """Coverage [size, size] of 4 x 4 sample points, 0 to 16."""
    r = 4 * size
    line = 2 * torch.arange(4 * size, dtype=torch.int64, device=device) + 1 - r
    inside = _inside(name, line[None, :].expand(r, r), line[:, None].expand(r, r), r)
    return inside.long().view(size, 4, size, 4).sum((1, 3))


def rasterize(draw: dict, device: str = "cpu") -> torch.Tensor:
    """RGB bytes [size, size, 3] of a draw list as parsed from JSON."""
    size, background = draw["size"], draw["ground"]
    x, y = _coordinates(size, size, device)
    grain = (((hash32(background["seed"] + y * size + x) & 255) - 128) * background["grain"]) >> 7
    rgb = (_mix(background["paint"], size, device) + grain[:, :, None]).clamp(0, 255)
    for stamp in draw["stamps"]:
        _stamp(rgb, size, stamp, device)
    return rgb.to(torch.uint8)


def _stamp(rgb: torch.Tensor, size: int, stamp: dict, device: str) -> None:
    left, top, side = stamp["x"], stamp["y"], stamp["size"]
    x0, y0, x1, y1 = max(0, -left), max(0, -top), min(side, size - left), min(side, size - top)
    if x0 >= x1 or y0 >= y1:
        return
    weight = (mask(stamp["mask"], side, device) * stamp["alpha"])[y0:y1, x0:x1, None]
    color = _mix(stamp["paint"], side, device)
    if color.dim() == 3:
        color = color[y0:y1, x0:x1]
    below = rgb[top + y0 : top + y1, left + x0 : left + x1]
    below.copy_((below * (4096 - weight) + color * weight + 2048) >> 12)
