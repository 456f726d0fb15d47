"""Runs `recoup onnx` on a file, checks what it makes with onnx.checker, and runs both in ONNX Runtime."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

ROOT = Path(__file__).parents[2]
onnxruntime.set_default_logger_severity(3)


def recoup(*arguments: object):
    """`recoup onnx … --json`, as data; the error's line where it refuses."""
    command = ["node", str(ROOT / "dist/bin/recoup.js"), "onnx", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.strip()


def verdict(path: Path) -> str:
    """What onnx.checker says, shapes inferred too."""
    try:
        onnx.checker.check_model(str(path), full_check=True)
        return "ok"
    except Exception as error:
        return str(error).strip().splitlines()[0][:160]


def run(path: Path, feeds: dict, names: list[str] | None = None) -> dict:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = names or [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


def run_inside(path: Path, feeds: dict, names: list[str]) -> dict:
    """Tensors inside a graph, by one output more for each."""
    model = onnx.load(path)
    known = {output.name for output in model.graph.output}
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names if name not in known)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip(names, session.run(names, feeds)))


def difference(found: np.ndarray, wanted: np.ndarray) -> float:
    """Largest difference over the largest value; infinite for another number of elements."""
    if found.size != wanted.size:
        return float("inf")
    a, b = found.astype(np.float64).ravel(), wanted.astype(np.float64).ravel()
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30))
