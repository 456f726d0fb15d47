"""Writes made-up tables and what `recoup` keeps of them, by `recoup_reference`: `python -m recoup_fixtures.make_recoup tests/golden/recoup`.
Needs numpy alone. Seeds are taken one after another until no choice is so close that float32 could turn it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from .recoup_reference import recoup

#: What float32 cosines cannot turn, of gains (means over landmarks) and of single cosines.
LEAST_GAIN = 5e-8
LEAST_COSINE = 2e-6

#: Grids: rows, columns, offset. text: height of the blob that the question points at, in standard deviations of the rest; None: no signal.
#: side: its cells in each direction, 1 where nothing is said.
CASES = {
    "pointed": {"grids": [(12, 12, 0)], "width": 16, "retain": 16, "text": 12.0, "side": 3},
    "no-text": {"grids": [(12, 12, 0)], "width": 16, "retain": 20, "text": None},
    "half-trusted": {"grids": [(9, 8, 0)], "width": 12, "retain": 12, "text": 9.0, "side": 2},
    "three-grids": {"grids": [(5, 6, 0), (5, 6, 30), (3, 10, 60)], "width": 12, "retain": 14, "text": 12.0, "side": 3},
    "constant": {"grids": [(6, 6, 0)], "width": 8, "retain": 9, "text": 0.0},
    "all-equal": {"grids": [(6, 6, 0)], "width": 8, "retain": 5, "text": 40.0, "equal": True},
    "few-tokens": {"grids": [(3, 4, 0)], "width": 8, "retain": 4, "text": 40.0},
    "one-row": {"grids": [(6, 6, 0)], "width": 8, "retain": 1, "text": 40.0},
    "all-rows": {"grids": [(4, 5, 0)], "width": 8, "retain": 20, "text": 12.0},
    "turned": {"grids": [(5, 7, 0)], "width": 8, "retain": 10, "text": 40.0, "polarity": -1},
    "wide": {"grids": [(6, 6, 0)], "width": 520, "retain": 9, "text": 40.0},
    "copies": {
        "grids": [(5, 5, 0), (5, 5, 25)],
        "width": 8,
        "retain": 11,
        "text": 40.0,
        "copied": True,
        "options": {"textRows": 0.4, "textShare": 0.5, "tau": 0.2, "merging": 1},
    },
}

#: Names of the options in TypeScript, and of the reference's parameters.
PARAMETERS = {"textRows": "text_rows", "textShare": "text_share", "tau": "tau"}


def table(case: dict, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Features [N, C] in a few directions with noise; similarity [N] with a square blob on the last grid, or None."""
    random = np.random.default_rng(seed)
    grids, width = case["grids"], case["width"]
    count = sum(rows * columns for rows, columns, _ in grids)
    centers = random.normal(size=(6, width)) + 0.7
    norms = random.uniform(0.5, 2, size=(count, 1))
    features = norms * (centers[random.integers(6, size=count)] + 0.4 * random.normal(size=(count, width)))
    similarity = 0.2 + 0.01 * random.normal(size=count)
    if case.get("equal"):
        features[:] = features[0]
    rows, columns, offset = grids[-1]
    side = case.get("side", 1)
    top, left = random.integers(rows - side + 1), random.integers(columns - side + 1)
    for row in range(top, top + side):
        for column in range(left, left + side):
            similarity[offset + row * columns + column] += 0.01 * (case["text"] or 0)
    if case["text"] == 0:
        similarity[:] = 0.2
    if case.get("copied"):
        half = count // 2
        features[:half], similarity[:half] = features[half:], similarity[half:]
        # Tokens without direction.
        features[[3, half + 3]] = 0
    similarity = case.get("polarity", 1) * similarity
    return features.astype(np.float32), None if case["text"] is None else similarity.astype(np.float32)


def safetensors(tensors: dict[str, np.ndarray]) -> bytes:
    """Little-endian tensors behind a header of JSON."""
    names = {np.dtype("float32"): "F32", np.dtype("uint32"): "U32"}
    header, data = {}, b""
    for name, values in tensors.items():
        header[name] = {"dtype": names[values.dtype], "shape": values.shape, "data_offsets": [len(data), len(data) + values.nbytes]}
        data += values.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, case in CASES.items():
        options = case.get("options", {})
        parameters = {PARAMETERS[key]: value for key, value in options.items() if key in PARAMETERS}
        for seed in range(100):
            features, similarity = table(case, seed)
            polarity = case.get("polarity", 1)
            result = recoup(features, case["retain"], similarity, case["grids"], polarity, **parameters)
            if result.closest.gain > LEAST_GAIN and result.closest.cosine > LEAST_COSINE:
                break
        else:
            raise SystemExit(f"{name}: every seed has a close call")
        tensors = {
            "features": features,
            **({} if similarity is None else {"similarity": similarity}),
            "order": np.array(result.order, np.uint32),
            "rows": result.rows(features, options.get("merging", 0.5)).astype(np.float32),
        }
        anchors = sorted(result.order)
        facts = {
            "seed": seed,
            "grids": [dict(zip(("rows", "columns", "offset"), grid)) for grid in case["grids"]],
            "polarity": polarity,
            "options": options,
            "peak": result.peak,
            "confidence": result.confidence,
            "roles": ["merged" if result.members[i] else result.roles[i] for i in anchors],
            "members": [result.members[i] for i in anchors],
        }
        (folder / f"{name}.json").write_text(json.dumps(facts) + "\n")
        (folder / f"{name}.safetensors").write_bytes(safetensors(tensors))
        print(name, seed, f"peak {result.peak:.2f}", {role: facts["roles"].count(role) for role in set(facts["roles"])}, result.closest)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
