"""The method `recoup`, written from its formulas in numpy alone, in double precision and without any shortcut: every gain is the objective
of a set less that of another. Shares no code with `src/methods/recoup`. Close calls are counted, so that golden tables have none."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

#: Gains nearer than this are equal, by definition; and so are cosines of copies of a token, whose sums are added in another order.
EQUAL = {"gain": 1e-7, "cosine": 1e-9}


@dataclass
class Closest:
    """How near a difference came to the one that decides, twice: of gains and of cosines."""

    gain: float = np.inf
    cosine: float = np.inf

    def best(self, values: np.ndarray, allowed: np.ndarray, kind: str) -> int:
        """The allowed place of the largest value, the lowest of equal ones."""
        values = np.where(allowed, values, -np.inf)
        top = values.max()
        tied = values >= top - EQUAL[kind]
        # Copies of a token lie below 1e-12 behind it, and are no close call.
        behind = (top - values)[allowed]
        behind = behind[behind > 1e-12]
        if len(behind):
            setattr(self, kind, min(getattr(self, kind), np.abs(behind - EQUAL[kind]).min()))
        return int(np.flatnonzero(tied)[0])


@dataclass
class Result:
    order: list[int]
    roles: dict[int, str]
    members: dict[int, list[int]]
    peak: float
    confidence: float
    closest: Closest = field(default_factory=Closest)

    def rows(self, features: np.ndarray, merging: float) -> np.ndarray:
        """[K, C] in raster order."""
        return np.stack([row_of(features, anchor, self.members[anchor], merging) for anchor in sorted(self.order)])


def smoothed(values: np.ndarray, grids: list[tuple[int, int, int]]) -> np.ndarray:
    """3 x 3 Gaussian of sigma 1, edges mirrored without repeating them; a line of one cell stays. grids: rows, columns, offset."""
    side = np.exp(-0.5)
    kernel = np.array([side, 1, side]) / (1 + 2 * side)
    out = values.copy()
    for rows, columns, offset in grids:
        cells = out[offset : offset + rows * columns].reshape(rows, columns)
        for axis in (0, 1):
            if cells.shape[axis] == 1:
                continue
            wide = np.pad(cells, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="reflect")
            length = cells.shape[axis]
            cells = sum(kernel[k] * np.take(wide, range(k, k + length), axis=axis) for k in range(3))
        out[offset : offset + rows * columns] = cells.ravel()
    return out


def evidence(similarity: np.ndarray | None, polarity: int, grids, count: int) -> tuple[np.ndarray, float, float]:
    """Evidence [N], peak, confidence."""
    if similarity is None:
        return np.zeros(count), 0.0, 0.0
    v = smoothed(polarity * similarity.astype(np.float64), grids)
    middle = np.median(v)
    scale = 1.4826 * np.median(np.abs(v - middle))
    if scale <= 1e-6 * np.abs(v).max():  # rounding of float32, or half of the tokens equal
        return np.zeros(count), 0.0, 0.0
    z = (v - middle) / scale
    peak = float(np.sort(z)[::-1][:8].mean())
    confidence = float(np.clip((peak - 3) / 3, 0, 1))
    return np.clip((z - 2) / (max(6.0, peak) - 2), 0, 1) ** 2, peak, confidence


def odd_hash(channel: int) -> bool:
    """Last bit of MurmurHash3's finalizer."""
    h = channel
    h ^= h >> 16
    h = h * 0x85EBCA6B & 0xFFFFFFFF
    h ^= h >> 13
    h = h * 0xC2B2AE35 & 0xFFFFFFFF
    h ^= h >> 16
    return bool(h & 1)


def unit(features: np.ndarray) -> np.ndarray:
    """Rows of norm 1, zero rows zero; from 512 channels on of a sketch of 256 bins."""
    x = features.astype(np.float64)
    if x.shape[1] >= 512:
        bins = np.zeros((len(x), 256))
        for channel in range(x.shape[1]):
            bins[:, channel % 256] += (-1 if odd_hash(channel) else 1) * x[:, channel]
        x = bins
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    return np.divide(x, norms, out=np.zeros_like(x), where=norms > 0)


def recoup(
    features: np.ndarray,
    retain: int,
    similarity: np.ndarray | None = None,
    grids: list[tuple[int, int, int]] = (),
    polarity: int = 1,
    text_rows: float | None = None,
    text_share: float = 0.7,
    tau: float = 0.05,
) -> Result:
    count = len(features)
    if retain == count:
        every = list(range(count))
        return Result(every, dict.fromkeys(every, "visual"), {i: [] for i in every}, 0, 0)
    rho = max(0.5, min(0.75, count / 36 / retain)) if text_rows is None else text_rows
    e, peak, kappa = evidence(similarity, polarity, grids, count)
    lam = text_share * kappa
    support = [i for i in np.argsort(-e, kind="stable")[:128] if e[i] > 0] if kappa > 0 else []
    x = unit(features)
    cosine = x @ x.T
    marks = [int((i + 0.5) * count / min(128, count)) for i in range(min(128, count))]

    def text_value(chosen: list[int]) -> float:
        inside = [i for i in chosen if i in support]
        if not inside:
            return 0.0
        best = np.exp(-(1 - cosine[np.ix_(support, inside)]) / tau).max(axis=1)
        return lam * float((e[support] / e[support].sum()) @ best)

    def picture_value(chosen: list[int]) -> float:
        if not chosen:
            return 0.0
        return (1 - lam) / len(marks) * float(((1 + cosine[np.ix_(marks, chosen)]) / 2).max(axis=1).sum())

    closest = Closest()
    order: list[int] = []
    roles: dict[int, str] = {}
    coverage_rows = distinctive = 0
    for t in range(retain):
        left = np.array([i not in roles for i in range(count)])
        counts_text = sum(i in support for i in order) < rho * kappa * (t + 1)
        gains = np.full(count, -np.inf)
        for i in np.flatnonzero(left):
            gains[i] = picture_value([*order, i]) - picture_value(order)
            if counts_text:
                gains[i] += text_value([*order, i]) - text_value(order)
        before = closest.gain
        pick = closest.best(gains, left, "gain")
        if counts_text and pick in support:
            roles[pick] = "text"
        else:
            coverage_rows += 1
            if int((1 - kappa / 2) * max(0, coverage_rows - 6)) > distinctive:
                distinctive += 1
                closest.gain = before  # nothing was decided by gains
                pick = closest.best(-cosine[:, order].max(axis=1), left, "cosine")
            roles[pick] = "visual"
        order.append(pick)

    members: dict[int, list[int]] = {i: [] for i in order}
    anchors = np.array(sorted(order))
    for token in range(count):
        if token in roles:
            continue
        nearest = int(anchors[closest.best(cosine[token, anchors], np.ones(len(anchors), bool), "cosine")])
        if roles[nearest] != "text":
            members[nearest].append(token)
    return Result(order, roles, members, peak, kappa, closest)


def row_of(features: np.ndarray, anchor: int, members: list[int], merging: float) -> np.ndarray:
    """(1 - merging) · anchor + merging · mean of anchor and members, as long as the same mix of their norms."""
    x = features.astype(np.float64)
    if not members or merging == 0:
        return x[anchor]
    group = [anchor, *members]
    mixed = (1 - merging) * x[anchor] + merging * x[group].mean(axis=0)
    norms = np.linalg.norm(x, axis=1)
    wanted = (1 - merging) * norms[anchor] + merging * norms[group].mean()
    norm = np.linalg.norm(mixed)
    return mixed * (wanted / norm) if wanted > 0 and norm > 1e-3 * wanted else mixed
