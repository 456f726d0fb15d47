"""Cen-Prune's corrections of DivPrune and CDPruner, written from the formulas in numpy alone, in double precision: determinants and distances
of whole sets, nothing kept from one pick to the next."""

from __future__ import annotations

import numpy as np

from .recoup_reference import Closest


def cosines(x: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    unit = np.divide(x, norms, out=np.zeros_like(x), where=norms > 0)
    return unit @ unit.T


def geometry(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cosines of centered rows [N, N]; quality [N]."""
    x = features.astype(np.float64)
    typical = cosines(x).mean(axis=1)
    wide = np.ptp(typical)
    quality = (typical.max() - typical) / wide if wide > 1e-6 else np.ones(len(x))
    middle = x - x.mean(axis=0)
    middle[np.linalg.norm(middle, axis=1) <= 1e-6 * np.linalg.norm(x, axis=1)] = 0
    return cosines(middle), quality


def divprune_cen(features: np.ndarray, retain: int) -> tuple[list[int], Closest]:
    cosine, quality = geometry(features)
    distance = 1 - cosine
    closest = Closest()
    kept: list[int] = []
    for _ in range(retain):
        if kept:
            gain = distance[:, kept].min(axis=1)
        else:
            gain = (distance + np.diag(np.full(len(distance), np.inf))).min(axis=1)
        left = np.array([i not in kept for i in range(len(distance))])
        kept.append(closest.best(gain * quality, left, "cosine"))
    return kept, closest


def cdpruner_cen(features: np.ndarray, retain: int, similarity: np.ndarray | None, polarity: int = 1) -> tuple[list[int], Closest]:
    cosine, quality = geometry(features)
    relevance = quality
    if similarity is not None:
        r = polarity * similarity.astype(np.float64)
        relevance = quality * ((r - r.min() + 1e-6) / np.ptp(r) if np.ptp(r) > 0 else 1)
    kernel = relevance[:, None] * cosine * relevance
    closest = Closest()
    kept: list[int] = []
    for _ in range(retain):
        left = np.array([i not in kept for i in range(len(kernel))])
        before = np.linalg.det(kernel[np.ix_(kept, kept)]) if kept else 1.0
        gain = np.array([np.linalg.det(kernel[np.ix_([*kept, i], [*kept, i])]) / before if left[i] else 0 for i in range(len(kernel))])
        kept.append(closest.best(gain, left, "cosine"))
    return kept, closest
