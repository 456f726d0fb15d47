"""Forms of an exported file that tools make: ONNX Runtime's optimizers, half precision, 8 and 4 bits, fused attention."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.transformers import float16, optimizer
from onnxruntime.transformers.fusion_options import FusionOptions


def optimized(level):
    def make(source: Path, target: Path) -> None:
        options = ort.SessionOptions()
        options.graph_optimization_level = level
        options.optimized_model_filepath = str(target)
        options.log_severity_level = 3
        ort.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])

    return make


def half(source: Path, target: Path) -> None:
    onnx.save(float16.convert_float_to_float16(onnx.load(source), keep_io_types=True), target)


def bits8(source: Path, target: Path) -> None:
    # The type of what a fused node makes, which shape inference does not know.
    quantize_dynamic(str(source), str(target), weight_type=QuantType.QUInt8, extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


def bits4(source: Path, target: Path) -> None:
    quantizer = MatMulNBitsQuantizer(onnx.load(source), block_size=32, is_symmetric=True)
    quantizer.process()
    onnx.save(quantizer.model.model, target)


def fused(source: Path, target: Path) -> None:
    """The Python optimizer: SkipLayerNormalization, BiasGelu, com.microsoft Attention."""
    options = FusionOptions("clip")
    optimizer.optimize_model(str(source), "clip", num_heads=2, hidden_size=32, optimization_options=options, opt_level=0).save_model_to_file(str(target))


def multi_head(source: Path, target: Path) -> None:
    """The same with each com.microsoft Attention as three products and a MultiHeadAttention, which has the bias of all three."""
    fused(source, target)
    model = onnx.load(target)
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    nodes, count = [], 0
    for node in model.graph.node:
        if node.op_type != "Attention":
            nodes.append(node)
            continue
        count += 1
        states, weight, bias = node.input[:3]
        parts = np.split(weights[weight], 3, axis=1)
        made = []
        for part, values in zip("qkv", parts):
            name = f"{node.name}.{part}"
            model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), f"{name}.weight"))
            nodes.append(helper.make_node("MatMul", [states, f"{name}.weight"], [name], f"{name}.MatMul"))
            made.append(name)
        heads = next(a.i for a in node.attribute if a.name == "num_heads")
        nodes.append(helper.make_node("MultiHeadAttention", [*made, bias], node.output, node.name, domain="com.microsoft", num_heads=heads))
    if count == 0:
        raise ValueError("no Attention to rewrite")
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, target)


VARIANTS = {
    "raw": None,
    "basic": optimized(ort.GraphOptimizationLevel.ORT_ENABLE_BASIC),
    "extended": optimized(ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED),
    "fp16": half,
    "q8": bits8,
    "q4": bits4,
    "fused": fused,
    "mha": multi_head,
}


def run_all(path: Path, pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Every float tensor of the graph, as ONNX Runtime computes it without rewriting the graph."""
    model = onnx.load(path)
    names = [name for node in model.graph.node for name in node.output if name]
    known = {output.name for output in model.graph.output}
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names if name not in known)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    values = session.run([output.name for output in session.get_outputs()], {session.get_inputs()[0].name: pixels})
    return {o.name: v for o, v in zip(session.get_outputs(), values) if isinstance(v, np.ndarray) and v.dtype in (np.float32, np.float16)}


def nearest(tensors: dict[str, np.ndarray], wanted: np.ndarray, name: str = "") -> tuple[str, np.ndarray, float]:
    """The tensor of that name, or of those with as many elements the one nearest to `wanted`: its name, its values in the shape of
    `wanted`, its relative error."""
    best = ("", wanted, np.inf)
    candidates = {name: tensors[name]} if name in tensors and tensors[name].size == wanted.size else tensors
    for key, value in candidates.items():
        if value.size != wanted.size:
            continue
        off = float(np.abs(value.astype(np.float64).reshape(wanted.shape) - wanted).max() / np.abs(wanted).max())
        if off < best[2]:
            best = (key, value.astype(np.float32).reshape(wanted.shape), off)
    return best
