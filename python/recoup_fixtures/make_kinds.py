"""Writes one tower in files of many kinds: `python -m recoup_fixtures.make_kinds OUT`: weights as constants, in few bits, in functions
and subgraphs, an old IR version, ids instead of images. `tests/onnx/kinds.test.ts` has what is true of each."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .make_layouts import B, C, L, Graph, layer, plain

FLOATS = {"bf16": TensorProto.BFLOAT16, "float8": TensorProto.FLOAT8E4M3FN, "fp16": TensorProto.FLOAT16}


def tower(opset: int = 21):
    g = Graph(1, opset)
    end, _ = layer(plain)(g)
    g.nodes.append(helper.make_node("Identity", [end], ["out"]))
    return g


def info(name, width, dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, [B, L, width] if width else [B, L])


def model(g, inputs=None, weights=None, nodes=None, ir=10, functions=(), opset=None):
    graph = helper.make_graph(nodes or g.nodes, "kinds", inputs or [info("pixels", 3)], [info("out", C)], g.weights if weights is None else weights)
    opsets = [helper.make_opsetid("", opset or g.opset), *(helper.make_opsetid(f.domain, 1) for f in functions)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=ir, functions=list(functions))


def is_matrix(tensor) -> bool:
    return len(tensor.dims) == 2


def kept_as(g, dtype, cast="Cast"):
    """Matrices in another type, with a node that makes floats of each."""
    weights, before = [], []
    for tensor in g.weights:
        if not is_matrix(tensor):
            weights.append(tensor)
            continue
        values = numpy_helper.to_array(tensor)
        scale = float(np.abs(values).max() / 7)
        kept = values if cast == "Cast" else np.round(values / scale)
        weights.append(helper.make_tensor(f"{tensor.name}_kept", dtype, tensor.dims, kept.flatten().tolist()))
        if cast == "Cast":
            before.append(helper.make_node("Cast", [f"{tensor.name}_kept"], [tensor.name], to=TensorProto.FLOAT))
        else:
            weights.append(numpy_helper.from_array(np.float32(scale), f"{tensor.name}_scale"))
            before.append(helper.make_node("DequantizeLinear", [f"{tensor.name}_kept", f"{tensor.name}_scale"], [tensor.name]))
    return model(g, weights=weights, nodes=[*before, *g.nodes])


def constants(g):
    before = [helper.make_node("Constant", [], [tensor.name], value=tensor) for tensor in g.weights]
    return model(g, weights=[], nodes=[*before, *g.nodes])


def function(g, inside: bool):
    names = [] if inside else [tensor.name for tensor in g.weights]
    before = [helper.make_node("Constant", [], [tensor.name], value=tensor) for tensor in g.weights] if inside else []
    body = helper.make_function("my.domain", "Encoder", ["pixels", *names], ["out"], [*before, *g.nodes], [helper.make_opsetid("", g.opset)])
    call = helper.make_node("Encoder", ["pixels", *names], ["out"], domain="my.domain", name="call")
    return model(g, weights=[] if inside else None, nodes=[call], functions=[body])


def branch(g):
    branches = {
        "then_branch": helper.make_graph(g.nodes, "then", [], [info("out", C)]),
        "else_branch": helper.make_graph([helper.make_node("Concat", ["pixels"] * 3 , ["nine"], axis=2), helper.make_node("Slice", ["nine", "zero", "eight", "two"], ["other"])], "else", [], [info("other", C)]),
    }
    test = helper.make_node("If", ["flag"], ["out"], name="branch", **branches)
    extra = [numpy_helper.from_array(np.asarray(v, np.int64), n) for n, v in (("zero", [0]), ("eight", [C]), ("two", [2]))]
    flag = helper.make_tensor_value_info("flag", TensorProto.BOOL, [1])
    return model(g, inputs=[info("pixels", 3), flag], weights=[*g.weights, *extra], nodes=[test])


def old(g):
    """IR version 3: every weight is an input."""
    inputs = [info("pixels", 3), *(helper.make_tensor_value_info(t.name, t.data_type, t.dims) for t in g.weights)]
    return model(g, inputs=inputs, ir=3)


def ids(g, beside: bool):
    """A text tower, alone or beside the vision tower."""
    text = Graph(2, g.opset)
    end, _ = layer(plain)(text)
    for tensor in text.weights:
        tensor.name = f"text_{tensor.name}"
    for node in text.nodes:
        node.name = f"text_{node.name}"
        node.input[:] = [f"text_{name}" for name in node.input]
        node.output[:] = [f"text_{name}" for name in node.output]
    table = numpy_helper.from_array(text.random.standard_normal((11, 3)).astype(np.float32), "table")
    start = helper.make_node("Gather", ["table", "input_ids"], ["text_pixels"])
    tokens = [start, *text.nodes]
    weights = [table, *text.weights]
    ids_info = info("input_ids", 0, TensorProto.INT64)
    if not beside:
        return model(g, inputs=[ids_info], weights=weights, nodes=[*tokens, helper.make_node("Identity", [f"text_{end}"], ["out"])])
    nodes = [*g.nodes[:-1], *tokens, helper.make_node("Add", [g.nodes[-1].input[0], f"text_{end}"], ["out"])]
    return model(g, inputs=[info("pixels", 3), ids_info], weights=[*g.weights, *weights], nodes=nodes)


KINDS = {
    "constants": lambda: constants(tower()),
    "function": lambda: function(tower(), False),
    "function-constants": lambda: function(tower(), True),
    "subgraph": lambda: branch(tower()),
    "ir-version-3": lambda: old(tower(11)),
    "text": lambda: ids(tower(), False),
    "text-and-vision": lambda: ids(tower(), True),
    "int4": lambda: kept_as(tower(), TensorProto.INT4, "DequantizeLinear"),

    "int8": lambda: kept_as(tower(), TensorProto.INT8, "DequantizeLinear"),
    **{name: (lambda dtype=dtype: kept_as(tower(), dtype)) for name, dtype in FLOATS.items()},
}


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name, make in KINDS.items():
        (out / f"{name}.onnx").write_bytes(make().SerializeToString())


if __name__ == "__main__":
    main()
