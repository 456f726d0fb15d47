"""Checks every tapped fixture with onnx.checker and ONNX Runtime: `python -m recoup_fixtures.check_taps OUT.json`.

`tests/onnx/checked-taps.test.ts` compares the stored values with those of ONNX Runtime in Node. Build recoup before."""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

from .checked import ROOT, difference, recoup, run, verdict

GOLDEN = ROOT / "tests/golden"


def cases():
    """Name, bytes, and the truth with the input."""
    for row in json.loads((GOLDEN / "onnx/index.json").read_text())["fixtures"]:
        folder = GOLDEN / "onnx" / row["export"]
        data = gzip.decompress((folder / f"{row['variant']}.onnx.gz").read_bytes())
        yield f"onnx/{row['export']}/{row['variant']}", data, load_file(folder / "truth.safetensors")
    for kind in ("layouts", "kinds"):
        for path in sorted((GOLDEN / kind).glob("*.onnx")):
            truth = path.with_suffix(".safetensors")
            yield f"{kind}/{path.stem}", path.read_bytes(), load_file(truth if truth.exists() else GOLDEN / "layouts/plain.safetensors")


def feeds(path: Path, truth: dict) -> dict:
    """The input of a fixture, in the type that the graph wants; ids of tokens are 0, 1, 2 …"""
    types = {"tensor(float16)": np.float16, "tensor(int64)": np.int64, "tensor(bool)": bool, "tensor(float)": np.float32}
    inputs = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).get_inputs()
    example = next((truth[name] for name in ("pixel_values", "input_ids", "pixels") if name in truth), None)
    out = {}
    for each in inputs:
        values = np.arange(10).reshape(2, 5) if each.name == "input_ids" and "input_ids" not in truth else example
        out[each.name] = np.asarray(values, types[each.type])
    return out


def check(path: Path, tapped: Path, truth: dict) -> dict:
    made = recoup("tap", path, "--out", tapped)
    if isinstance(made, str):
        return {"refused": made.split(": ", 2)[-1][:160]}
    given = feeds(path, truth)
    stock, found = run(path, given), run(tapped, given)
    declared = {output.name: len(output.type.tensor_type.shape.dim) for output in onnx.load(tapped).graph.output}
    outputs = {}
    for signal, name in made["outputs"].items():
        values = found[name].astype(np.float64)
        assert values.ndim == declared[name], (path, signal)
        outputs[signal] = {"shape": list(values.shape), "mean": round(float(values.mean()), 5), "square": round(float((values**2).mean()), 5)}
    if "clsAttention" in outputs:
        assert np.allclose(found[made["outputs"]["clsAttention"]].sum(-1), 1, atol=5e-3), path
    return {
        "before": verdict(path), "after": verdict(tapped), "outputs": outputs,
        "stock": f"{max(difference(found[name], values) for name, values in stock.items()):.0e}",
    }  # fmt: skip


def main() -> None:
    table = {}
    with tempfile.TemporaryDirectory() as folder:
        path, tapped = Path(folder) / "model.onnx", Path(folder) / "tapped.onnx"
        for name, data, truth in cases():
            path.write_bytes(data)
            tapped.unlink(missing_ok=True)
            table[name] = check(path, tapped, truth)
            if table[name].get("after", "ok") != "ok" or "refused" in table[name]:
                print(name, table[name].get("before"), table[name].get("after"), table[name].get("refused"), flush=True)
    versions = {"onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__}
    lines = ",\n".join(f'  {json.dumps(name)}: {json.dumps(row)}' for name, row in table.items())
    Path(sys.argv[1]).write_text(f'{{\n "versions": {json.dumps(versions)},\n "cases": {{\n{lines}\n }}\n}}\n')


if __name__ == "__main__":
    main()
