"""Writes towers of one layer in many layouts: `python -m recoup_fixtures.make_layouts OUT`.

OUT/NAME.onnx, OUT/NAME.safetensors (what ONNX Runtime computes in the tensors that the case names, put into the order [B, L, C] or
[B, H, queries, keys] by numpy), OUT/index.json (what each case refuses, by signal, with a word of the reason).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

B, L, C, H = 2, 5, 8, 2
D = C // H
ATTENTION = ("clsAttention", "receivedAttention")
PROJECTIONS = ("query", "key")


class Graph:
    """Nodes and weights; each call adds a node and returns its output's name."""

    def __init__(self, seed: int, opset: int = 17):
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights, self.opset = [], [], opset

    def op(self, kind: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes):
        names = [f"{kind.lower()}_{len(self.nodes)}" + (f"_{i}" if outputs > 1 else "") for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=names[0], domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def const(self, values, dtype=np.float32) -> str:
        name = f"w_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def ints(self, *values: int) -> str:
        return self.const(values, np.int64)

    def random_weight(self, *shape: int) -> str:
        return self.const((self.random.standard_normal(shape) * 1.5 / np.sqrt(shape[0])).astype(np.float32))

    def linear(self, x: str, rows: int, columns: int) -> str:
        return self.op("Add", self.op("MatMul", x, self.random_weight(rows, columns)), self.random_weight(columns))

    def norm(self, x: str, width: int = C) -> str:
        if self.opset < 17:
            return self.norm_apart(x)
        return self.op("LayerNormalization", x, self.random_weight(width), self.random_weight(width), axis=-1)

    def norm_apart(self, x: str) -> str:
        """The nine nodes of exporters before operator set 17."""
        off = self.op("Sub", x, self.op("ReduceMean", x, axes=[-1], keepdims=1))
        variance = self.op("ReduceMean", self.op("Mul", off, off), axes=[-1], keepdims=1)
        scaled = self.op("Div", off, self.op("Sqrt", self.op("Add", variance, self.const(1e-5))))
        return self.op("Add", self.op("Mul", scaled, self.random_weight(C)), self.random_weight(C))

    def reshape(self, x: str, *shape: int) -> str:
        return self.op("Reshape", x, self.ints(*shape))

    def transpose(self, x: str, *perm: int) -> str:
        return self.op("Transpose", x, perm=list(perm))

    def heads(self, x: str) -> str:
        return self.transpose(self.reshape(x, B, L, H, D), 0, 2, 1, 3)

    def scale(self, x: str) -> str:
        return self.op("Mul", x, self.const(D**-0.5))

    def join(self, x: str) -> str:
        return self.reshape(self.transpose(x, 0, 2, 1, 3), B, L, C)

    def qkv(self, x: str):
        return [self.linear(x, C, C) for _ in range(3)]

    def mlp(self, x: str) -> str:
        return self.linear(self.op("Sigmoid", self.linear(x, C, 2 * C)), 2 * C, C)


def pre_norm(g: Graph, attend):
    """x + attention(norm(x)), then x + mlp(norm(x)); `attend` returns the result and the tensors that it names."""
    x = g.linear("pixels", 3, C)
    out, named = attend(g, g.norm(x))
    middle = g.op("Add", x, g.linear(out, C, C))
    after = g.op("Add", middle, g.mlp(g.norm(middle)))
    return after, {"states": (x, "bnc"), "statesAfter": (after, "bnc"), **named}


def tensors(q, k, p, axes="bhnm", vectors="bnc"):
    return {"query": (q, vectors), "key": (k, vectors), "probabilities": (p, axes)}


def plain(g, x):
    q, k, v = g.qkv(x)
    p = g.op("Softmax", g.op("MatMul", g.scale(g.heads(q)), g.op("Transpose", g.heads(k), perm=[0, 1, 3, 2])), axis=-1)
    return g.join(g.op("MatMul", p, g.heads(v))), tensors(q, k, p)


def keys_first(g, x, axis=2, turned=False):
    """Softmax over axis 2 of K Q^T; or of its transpose."""
    q, k, v = g.qkv(x)
    scores = g.scale(g.op("MatMul", g.heads(k), g.transpose(g.heads(q), 0, 1, 3, 2)))
    if turned:
        p = g.op("Softmax", g.transpose(scores, 0, 1, 3, 2), axis=-1)
        return g.join(g.op("MatMul", p, g.heads(v))), tensors(q, k, p)
    p = g.op("Softmax", scores, axis=axis)
    return g.join(g.op("MatMul", g.transpose(p, 0, 1, 3, 2), g.heads(v))), tensors(q, k, p, "bhmn")


def values_first(g, x):
    """V^T P^T."""
    q, k, v = g.qkv(x)
    p = g.op("Softmax", g.scale(g.op("MatMul", g.heads(k), g.transpose(g.heads(q), 0, 1, 3, 2))), axis=-2)
    out = g.op("MatMul", g.transpose(g.heads(v), 0, 1, 3, 2), p)
    return g.reshape(g.transpose(out, 0, 3, 1, 2), B, L, C), tensors(q, k, p, "bhmn")


def einsum(g, x, scores, axis, values, axes):
    q, k, v = (g.linear(x, C, C) for _ in range(3))
    q4, k4, v4 = (g.reshape(t, B, L, H, D) for t in (q, k, v))
    p = g.op("Softmax", g.scale(g.op("Einsum", q4, k4, equation=scores)), axis=axis)
    return g.reshape(g.op("Einsum", p, v4, equation=values), B, L, C), tensors(q, k, p, axes)


def keras(g, x):
    def dense():
        product = g.op("Einsum", x, g.random_weight(C, H, D), equation="abc,cde->abde")
        return g.op("Add", product, g.random_weight(H, D))

    q, k, v = dense(), dense(), dense()
    p = g.op("Softmax", g.op("Einsum", k, g.scale(q), equation="aecd,abcd->acbe"), axis=-1)
    out = g.op("Einsum", p, v, equation="acbe,aecd->abcd")
    return g.reshape(out, B, L, C), tensors(q, k, p, "bhnm", "bnhd")


def over_queries(g, x):
    q, k, v = g.qkv(x)
    p = g.op("Softmax", g.scale(g.op("MatMul", g.heads(q), g.transpose(g.heads(k), 0, 1, 3, 2))), axis=2)
    return g.join(g.op("MatMul", p, g.heads(v))), {}


def over_heads(g, x):
    q, k, v = g.qkv(x)
    p = g.op("Softmax", g.scale(g.op("MatMul", g.heads(q), g.transpose(g.heads(k), 0, 1, 3, 2))), axis=1)
    return g.join(g.op("MatMul", p, g.heads(v))), {}


def channels(g, x):
    q, k, v = (g.transpose(g.heads(t), 0, 1, 3, 2) for t in g.qkv(x))
    p = g.op("Softmax", g.op("MatMul", q, g.transpose(k, 0, 1, 3, 2)), axis=-1)
    return g.reshape(g.transpose(g.op("MatMul", p, v), 0, 3, 1, 2), B, L, C), {}


def heads(g, x):
    q, k, v = (g.reshape(t, B, L, H, D) for t in g.qkv(x))
    p = g.op("Softmax", g.op("MatMul", q, g.transpose(k, 0, 1, 3, 2)), axis=-1)
    return g.reshape(g.op("MatMul", p, v), B, L, C), {}


def windows(g, x, size=1):
    """Tokens in windows of 1 + 4: none of one length, so 4 tokens behind the first."""
    q, k, v = (g.transpose(g.reshape(g.op("Slice", t, g.ints(1), g.ints(L), g.ints(1)), B, 2, 2, H, D), 0, 1, 3, 2, 4) for t in g.qkv(x))
    p = g.op("Softmax", g.op("MatMul", q, g.transpose(k, 0, 1, 2, 4, 3)), axis=-1)
    out = g.reshape(g.transpose(g.op("MatMul", p, v), 0, 1, 3, 2, 4), B, L - 1, C)
    return g.op("Concat", g.op("Slice", x, g.ints(0), g.ints(1), g.ints(1)), out, axis=1), {}


def joined(g, x):
    """Heads joined with the batch, as torch's bmm has them."""
    q, k, v = g.qkv(x)
    three = [g.reshape(g.heads(t), B * H, L, D) for t in (g.scale(q), k, v)]
    p = g.op("Softmax", g.op("MatMul", three[0], g.transpose(three[1], 0, 2, 1)), axis=-1)
    out = g.reshape(g.op("MatMul", p, three[2]), B, H, L, D)
    return g.join(out), tensors(q, k, p, "xnm")


def shared_keys(g, x):
    q, k, v = g.linear(x, C, C), g.linear(x, C, D), g.linear(x, C, D)
    copied = [g.reshape(g.op("Expand", g.reshape(t, B, 1, 1, L, D), g.ints(B, 1, H, L, D)), B, H, L, D) for t in (k, v)]
    p = g.op("Softmax", g.scale(g.op("MatMul", g.heads(q), g.transpose(copied[0], 0, 1, 3, 2))), axis=-1)
    return g.join(g.op("MatMul", p, copied[1])), tensors(q, k, p)


def fused(g, x, form):
    packed = g.linear(x, C, 3 * C)
    if form == "split":
        q, k, v = (g.heads(t) for t in g.op("Split", packed, g.ints(C, C, C), outputs=3, axis=-1))
    elif form == "slice":
        q, k, v = (g.heads(g.op("Slice", packed, g.ints(i * C), g.ints((i + 1) * C), g.ints(2))) for i in range(3))
    elif form == "gather":
        five = g.transpose(g.reshape(packed, B, L, 3, H, D), 2, 0, 3, 1, 4)
        q, k, v = (g.op("Gather", five, g.const(i, np.int64), axis=0) for i in range(3))
    elif form == "halves":
        five = g.transpose(g.reshape(packed, B, L, H, 3, D), 3, 0, 2, 1, 4)
        q, k, v = (g.op("Gather", five, g.const(i, np.int64), axis=0) for i in range(3))
    p = g.op("Softmax", g.op("MatMul", g.scale(q), g.transpose(k, 0, 1, 3, 2)), axis=-1)
    return g.join(g.op("MatMul", p, v)), tensors(q, k, p, "bhnm", "bhnd")


def rotated(g, x):
    q, k, v = (g.heads(t) for t in g.qkv(x))
    cos, sin = g.const(np.cos(np.arange(L * D)).reshape(L, D)), g.const(np.sin(np.arange(L * D)).reshape(L, D))

    def turn(t):
        half = D // 2
        other = g.op("Concat", g.op("Neg", g.op("Slice", t, g.ints(half), g.ints(D), g.ints(3))), g.op("Slice", t, g.ints(0), g.ints(half), g.ints(3)), axis=-1)
        return g.op("Add", g.op("Mul", t, cos), g.op("Mul", other, sin))

    p = g.op("Softmax", g.scale(g.op("MatMul", turn(q), g.transpose(turn(k), 0, 1, 3, 2))), axis=-1)
    return g.join(g.op("MatMul", p, g.heads(g.linear(x, C, C)))), {"probabilities": (p, "bhnm")}


def normed_keys(g, x):
    q, k, v = (g.heads(t) for t in g.qkv(x))
    p = g.op("Softmax", g.scale(g.op("MatMul", g.norm(q, D), g.transpose(g.norm(k, D), 0, 1, 3, 2))), axis=-1)
    return g.join(g.op("MatMul", p, v)), {"probabilities": (p, "bhnm")}


def written_out(g, x, largest=True):
    q, k, v = g.qkv(x)
    scores = g.scale(g.op("MatMul", g.heads(q), g.transpose(g.heads(k), 0, 1, 3, 2)))
    if largest:
        scores = g.op("Sub", scores, g.op("ReduceMax", scores, axes=[-1], keepdims=1))
    powers = g.op("Exp", scores)
    p = g.op("Div", powers, g.op("ReduceSum", powers, g.ints(-1), keepdims=1))
    return g.join(g.op("MatMul", p, g.heads(v))), tensors(q, k, p)


def old_softmax(g, x, axis):
    q, k, v = g.qkv(x)
    p = g.op("Softmax", g.scale(g.op("MatMul", g.heads(q), g.transpose(g.heads(k), 0, 1, 3, 2))), axis=axis)
    return g.join(g.op("MatMul", p, g.heads(v))), tensors(q, k, p)


def fused_product(g, x):
    q, k, v = g.qkv(x)
    p = g.op("Softmax", g.op("FusedMatMul", g.heads(q), g.heads(k), domain="com.microsoft", transB=1, alpha=D**-0.5), axis=-1)
    return g.join(g.op("MatMul", p, g.heads(v))), tensors(q, k, p)


def tokens_first(g, inside: bool):
    """torch's MultiheadAttention: [L, B, C], with the turn inside the layer or before the tower."""
    x = g.linear("pixels", 3, C)
    start = x if inside else g.transpose(x, 1, 0, 2)
    normed = g.norm(start)
    reads = g.transpose(normed, 1, 0, 2) if inside else normed
    q, k, v = g.qkv(reads)
    three = [g.transpose(g.reshape(t, L, B * H, D), 1, 0, 2) for t in (q, k, v)]
    p = g.op("Softmax", g.op("MatMul", g.scale(three[0]), g.transpose(three[1], 0, 2, 1)), axis=-1)
    out = g.reshape(g.transpose(g.op("MatMul", p, three[2]), 1, 0, 2), L, B, C)
    projected = g.linear(out, C, C)
    middle = g.op("Add", start, g.transpose(projected, 1, 0, 2) if inside else projected)
    after = g.op("Add", middle, g.mlp(g.norm(middle)))
    order = "bnc" if inside else "nbc"
    named = {"states": (start, order), "statesAfter": (after, order), **tensors(q, k, p, "xnm", "nbc")}
    return (after if inside else g.transpose(after, 1, 0, 2)), named


def post_norm(g, norm="norm", positions=False, layers=2, first_norm=True, skip=False):
    """norm(x + attention(x)), then norm(x + mlp(x)), as BERT; with positions in queries and keys alone, as DETR."""
    x = g.linear("pixels", 3, C)
    x = getattr(g, norm)(x) if first_norm else x
    named = {}

    def add_norm(a, b):
        if not skip:
            return getattr(g, norm)(g.op("Add", a, b))
        return g.op("SkipLayerNormalization", a, b, g.random_weight(C), g.random_weight(C), domain="com.microsoft", epsilon=1e-5)

    for _ in range(layers):
        reads = g.op("Add", x, g.random_weight(L, C)) if positions else x
        q, k, v = g.linear(reads, C, C), g.linear(reads, C, C), g.linear(x, C, C)
        p = g.op("Softmax", g.op("MatMul", g.scale(g.heads(q)), g.transpose(g.heads(k), 0, 1, 3, 2)), axis=-1)
        before = x
        x = add_norm(x, g.linear(g.join(g.op("MatMul", p, g.heads(v))), C, C))
        x = add_norm(x, g.mlp(x))
        named = {"states": (before, "bnc"), "statesAfter": (x, "bnc"), **tensors(q, k, p)}
    return x, named


def parallel(g):
    """x + attention(norm(x)) + mlp(norm(x)), as ViT-22B."""
    x = g.linear("pixels", 3, C)
    normed = g.norm(x)
    out, named = plain(g, normed)
    after = g.op("Add", x, g.op("Add", g.linear(out, C, C), g.mlp(normed)))
    out, named = plain(g, g.norm(after))
    end = g.op("Add", after, g.op("Add", g.linear(out, C, C), g.mlp(g.norm(after))))
    return end, {"states": (after, "bnc"), "statesAfter": (end, "bnc"), **named}


def scaled_layers(g):
    """Both parts times a vector of weights before they are added, as DINOv2."""
    x = g.linear("pixels", 3, C)
    out, named = plain(g, g.norm(x))
    middle = g.op("Add", g.op("Mul", g.linear(out, C, C), g.random_weight(C)), x)
    after = g.op("Add", g.op("Mul", g.mlp(g.norm(middle)), g.random_weight(C)), middle)
    return after, {"states": (x, "bnc"), "statesAfter": (after, "bnc"), **named}


def layer(attend, *arguments, **more):
    return lambda g: pre_norm(g, lambda g, x: attend(g, x, *arguments, **more))


#: Name: (tower, operator set, word of the reason by signal).
def refused(word, *signals):
    return {signal: word for signal in signals}


ALL = (*PROJECTIONS, *ATTENTION)
CASES = {
    "plain": (layer(plain), 17, {}),
    "keys-first": (layer(keys_first), 17, {}),
    "keys-first-turned": (layer(keys_first, turned=True), 17, {}),
    "values-first": (layer(values_first), 17, {}),
    "heads-last": (layer(einsum, "bnhd,bmhd->bnmh", 2, "bnmh,bmhd->bnhd", "bnmh"), 17, {}),
    "keys-second": (layer(einsum, "bnhd,bmhd->bmhn", 1, "bmhn,bmhd->bnhd", "bmhn"), 17, {}),
    "einsum": (layer(einsum, "bnhd,bmhd->bhnm", -1, "bhnm,bmhd->bnhd", "bhnm"), 17, {}),
    "einsum-implicit": (layer(einsum, "anhd,amhd->ahnm", -1, "ahnm,amhd->anhd", "bhnm"), 17, {}),
    "keras": (layer(keras), 17, {}),
    "heads-joined": (layer(joined), 17, {}),
    "shared-keys": (layer(shared_keys), 17, {}),
    "fused-product": (layer(fused_product), 17, {}),
    "tokens-first": (lambda g: tokens_first(g, False), 17, {}),
    "tokens-first-inside": (lambda g: tokens_first(g, True), 17, {}),
    "over-queries": (layer(over_queries), 17, refused("over axis 2 of [batch, heads, queries, keys]", *ALL)),
    "over-heads": (layer(over_heads), 17, refused("over axis 1 of [batch, heads, queries, keys]", *ALL)),
    "channels": (layer(channels), 17, refused("between channels", *ALL)),
    "heads": (layer(heads), 17, refused("between heads", *ALL)),
    "windows": (layer(windows), 17, refused("windows", *ALL)),
    "old-softmax": (layer(old_softmax, 3), 12, {}),
    "old-softmax-flat": (layer(old_softmax, 2), 12, refused("over all axes from axis 2 of [batch, heads, queries, keys]", *ALL)),
    "fused-split": (layer(fused, "split"), 17, {}),
    "fused-slice": (layer(fused, "slice"), 17, {}),
    "fused-gather": (layer(fused, "gather"), 17, {}),
    "fused-per-head": (layer(fused, "halves"), 17, {}),
    "rotated": (layer(rotated), 17, refused("positions are rotated into them", *PROJECTIONS)),
    "normed-keys": (layer(normed_keys), 17, refused("changed by LayerNormalization", *PROJECTIONS)),
    "written-out": (layer(written_out), 17, {}),
    "written-out-plain": (layer(written_out, largest=False), 17, {}),
    "post-norm": (lambda g: post_norm(g), 17, {}),
    "post-norm-apart": (lambda g: post_norm(g, norm="norm_apart"), 16, {}),
    "post-norm-first": (lambda g: post_norm(g, layers=1, first_norm=False), 17, {}),
    "post-norm-skip": (lambda g: post_norm(g, skip=True), 17, {}),
    "detr": (lambda g: post_norm(g, positions=True), 17, {}),
    "detr-apart": (lambda g: post_norm(g, norm="norm_apart", positions=True), 16, {}),
    "parallel": (parallel, 17, {}),
    "scaled-layers": (scaled_layers, 17, {}),
}


def canonical(values: np.ndarray, axes: str) -> np.ndarray:
    """[B, L, C] or [B, H, queries, keys]; "x" is a batch joined with heads, "h" and "d" are joined to channels."""
    if axes == "xnm":
        return values.reshape(B, H, L, L)
    if "m" in axes:
        return np.einsum(f"{axes}->bhnm", values)
    return np.einsum(f"{axes}->{''.join(c for c in 'bnhdc' if c in axes)}", values).reshape(B, L, -1)


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).standard_normal((B, L, 3)).astype(np.float32)
    index = {}
    for seed, (name, (make, opset, refusals)) in enumerate(CASES.items(), 1):
        g = Graph(seed, opset)
        end, named = make(g)
        g.nodes.append(helper.make_node("Identity", [end], ["out"]))
        ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [B, L, w]) for n, w in (("pixels", 3), ("out", C))]
        graph = helper.make_graph(g.nodes, name, ends[:1], ends[1:], g.weights)
        opsets = [helper.make_opsetid("", opset), *([helper.make_opsetid("com.microsoft", 1)] if any(n.domain for n in g.nodes) else [])]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        (out / f"{name}.onnx").write_bytes(model.SerializeToString())
        shown = onnx.ModelProto()
        shown.CopyFrom(model)
        shown.graph.output.extend(helper.make_empty_tensor_value_info(tensor) for tensor, _ in named.values())
        session = onnxruntime.InferenceSession(shown.SerializeToString(), providers=["CPUExecutionProvider"])
        keys = ["out", *named]
        found = dict(zip(keys, session.run(["out", *(tensor for tensor, _ in named.values())], {"pixels": pixels})))
        truth = {key: np.ascontiguousarray(canonical(found[key], axes)) for key, (_, axes) in named.items()}
        if "probabilities" in truth and name not in ("old-softmax-flat",):
            assert np.allclose(truth["probabilities"].sum(-1), 1, atol=1e-5), name
        save_file({"pixels": pixels, "out": found["out"], **truth}, out / f"{name}.safetensors")
        index[name] = refusals
    (out / "index.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main()
