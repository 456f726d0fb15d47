"""Writes made-up tables and what `divprune-cen` and `cdpruner-cen` keep of them, by `cen_reference`: `python -m recoup_fixtures.make_cen
tests/golden/cen`. Needs numpy alone. Of each table the first seed without a choice that float32 could turn."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from .cen_reference import cdpruner_cen, divprune_cen
from .make_recoup import LEAST_COSINE, safetensors, table

CASES = {
    "square": {"grids": [(8, 8, 0)], "width": 16, "retain": 14, "text": 12.0, "side": 2},
    "no-text": {"grids": [(5, 7, 0)], "width": 8, "retain": 7, "text": None},
    "two-grids": {"grids": [(4, 5, 0), (4, 5, 20)], "width": 12, "retain": 10, "text": 20.0, "polarity": -1},
    "one-row": {"grids": [(6, 6, 0)], "width": 8, "retain": 1, "text": 12.0},
}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, case in CASES.items():
        polarity, retain = case.get("polarity", 1), case["retain"]
        for seed in range(200):
            features, similarity = table(case, seed)
            div, near = divprune_cen(features, retain)
            dpp, close = cdpruner_cen(features, retain, similarity, polarity)
            if min(near.cosine, close.cosine) > LEAST_COSINE:
                break
        else:
            raise SystemExit(f"{name}: every seed has a close call")
        tensors = {"features": features, **({} if similarity is None else {"similarity": similarity})}
        facts = {"seed": seed, "polarity": polarity, "divprune-cen": div, "cdpruner-cen": dpp}
        (folder / f"{name}.json").write_text(json.dumps(facts) + "\n")
        (folder / f"{name}.safetensors").write_bytes(safetensors(tensors))
        print(name, seed, near.cosine, close.cosine)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
