"""Writes the fixtures of the graph tools: `python -m recoup_fixtures.make_onnx OUT`.

OUT/EXPORT/VARIANT.onnx.gz, OUT/EXPORT/truth.safetensors (what PyTorch computes on one batch of two images or texts, Qwen2-VL on
one image), for quantized
variants OUT/EXPORT/VARIANT.safetensors (the same tensors of that graph itself), OUT/index.json (what there is, and versions).
"""

from __future__ import annotations

import gzip
import json
import logging
import math
import sys
import tempfile
import warnings
from pathlib import Path

import onnx
import onnxruntime
import torch
import transformers
from safetensors.torch import save_file
from torch.export import Dim

from recoup_train.onnx_parts import forget_origin

from .genuine import clip_text, llava, onevision, qwen2vl, smolvlm
from .towers import full_clip, llava_clip, llava_siglip, packed, pooled_siglip, truth
from .variants import VARIANTS, nearest, run_all

#: Name: (fixture, exporter, opset).
EXPORTS = {
    "clip-old-eager-llava-ts14": (lambda: llava_clip("old-eager", 1), "torchscript", 14),
    "clip-old-eager-ts14": (lambda: full_clip("old-eager", 1), "torchscript", 14),
    "clip-sdpa-llava-ts17": (lambda: llava_clip("sdpa", 2), "torchscript", 17),
    "clip-sdpa-ts17": (lambda: full_clip("sdpa", 2), "torchscript", 17),
    "clip-eager-llava-dynamo18": (lambda: llava_clip("eager", 3), "dynamo", 18),
    "clip-eager-dynamo18": (lambda: full_clip("eager", 3), "dynamo", 18),
    "clip-sdpa-llava-dynamo18": (lambda: llava_clip("sdpa", 4), "dynamo", 18),
    "clip-sdpa-dynamo23": (lambda: full_clip("sdpa", 4), "dynamo", 23),
    "siglip-eager-llava-ts17": (lambda: llava_siglip("eager", 5), "torchscript", 17),
    "siglip-pooled-sdpa-ts14": (lambda: pooled_siglip("sdpa", 6), "torchscript", 14),
    "siglip-pooled-sdpa-dynamo18": (lambda: pooled_siglip("sdpa", 6), "dynamo", 18),
    "packed-ts17": (lambda: packed(7), "torchscript", 17),
    "llava-eager-ts17": (lambda: llava("eager", 8), "torchscript", 17),
    "onevision-sdpa-dynamo18": (lambda: onevision("sdpa", 9), "dynamo", 18),
    # The other exporter gives the places of patches the wrong type.
    "smolvlm-sdpa-dynamo18": (lambda: smolvlm("sdpa", 10), "dynamo", 18),
    "qwen2vl-eager-ts17": (lambda: qwen2vl("eager", 11), "torchscript", 17),
    # The other exporter does not follow lengths of images that are values.
    "qwen2vl-sdpa-ts17": (lambda: qwen2vl("sdpa", 11), "torchscript", 17),
    "clip-text-eager-ts17": (lambda: clip_text("eager", 12), "torchscript", 17),
    "clip-text-sdpa-dynamo18": (lambda: clip_text("sdpa", 12), "dynamo", 18),
}


def export(fixture, example: torch.Tensor, path: Path, exporter: str, opset: int) -> None:
    common = {"input_names": [fixture.input], "output_names": fixture.outputs, "opset_version": opset}
    open_axes = {0: "batch_size"} if fixture.batched else {}
    if exporter == "torchscript":
        axes = {name: open_axes for name in [fixture.input, *fixture.outputs]}
        torch.onnx.export(fixture.module, (example,), str(path), dynamo=False, dynamic_axes=axes, **common)
        return
    shapes = {0: Dim("batch_size", min=1, max=64)} if fixture.batched else {}
    program = torch.onnx.export(
        fixture.module, kwargs={fixture.input: example}, dynamo=True, dynamic_shapes={fixture.input: shapes},
        external_data=False, verbose=False, **common,
    )  # fmt: skip
    forget_origin(program.model)
    program.save(str(path), external_data=False)


def write(path: Path, target: Path) -> None:
    model = onnx.load(path)
    for node in model.graph.node:
        node.doc_string = ""
    target.write_bytes(gzip.compress(model.SerializeToString(), 9, mtime=0))


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    out = Path(sys.argv[1])
    only = sys.argv[2:]
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randn(2, 3, 42, 42, generator=generator)
    rows = []
    for name, (make, exporter, opset) in EXPORTS.items():
        if only and name not in only:
            continue
        fixture, folder = make(), out / name
        folder.mkdir(parents=True, exist_ok=True)
        example = pixels if fixture.example is None else fixture.example
        found = {key: value.clone().contiguous() for key, value in truth(fixture, example).items()}
        save_file(found, folder / "truth.safetensors")
        with tempfile.TemporaryDirectory() as scratch:
            raw, names = Path(scratch) / "raw.onnx", {}
            export(fixture, example, raw, exporter, opset)
            for variant, change in VARIANTS.items():
                path = Path(scratch) / f"{variant}.onnx"
                try:
                    if change is not None:
                        change(raw, path)
                    tensors = run_all(path, example.numpy())
                except Exception as error:
                    print(f"{name} {variant}: not made: {str(error)[:150]}")
                    continue
                write(path, folder / f"{variant}.onnx.gz")
                wanted = {key: value for key, value in found.items() if key != fixture.input}
                # Quantized graphs keep the names of the tensors that they keep.
                near = {key: nearest(tensors, value.numpy(), names.get(key, "") if variant in ("q8", "q4") else "") for key, value in wanted.items()}
                if variant == "raw":
                    names = {key: name for key, (name, _, _) in near.items()}
                errors = {key: off for key, (_, _, off) in near.items()}
                if variant in ("q8", "q4"):
                    # A fused node gives no probabilities: nothing in the graph is near them.
                    own = {key: torch.from_numpy(value.copy()) for key, (_, value, off) in near.items() if math.isfinite(off)}
                    save_file(own, folder / f"{variant}.safetensors")
                operators = sorted({node.op_type for node in onnx.load(path).graph.node})
                rows.append({"export": name, "variant": variant, "kind": fixture.kind, "outputs": fixture.outputs, "operators": operators})
                print(f"{name} {variant}: {path.stat().st_size} bytes,", {key: f"{off:.1e}" for key, off in errors.items()}, flush=True)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__}
    (out / "index.json").write_text(json.dumps({"versions": versions, "fixtures": rows}, indent=1))


if __name__ == "__main__":
    main()
