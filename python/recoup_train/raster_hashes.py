"""Identifies the pixels of draw lists: `python -m recoup_train.raster_hashes DRAWINGS.jsonl > hashes.txt`.

One line per drawing: the first 16 hexadecimal digits of SHA-256 over its RGB bytes. `npm test` compares them with what the
TypeScript rasterizer paints.
"""

import hashlib
import json
import sys

from .raster import rasterize

if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        for line in file:
            print(hashlib.sha256(rasterize(json.loads(line)).numpy().tobytes()).hexdigest()[:16])
