"""Tiny decoders of random weights: one reference in PyTorch, and the same weights as graphs in the forms that tools publish.

A decoder is Llama-like: RMS norms, rotary positions (halves), grouped keys, a gated MLP. `Shape` says what differs: a cap on the scores
(Gemma 2), sinks (GPT-OSS), a sliding window. The graphs are written node by node, as ONNX Runtime's model builder writes them; forms
that PyTorch exports are exported instead (`make_decoders.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

WIDTH, HEADS, KEY_HEADS, HEAD, LAYERS, VOCABULARY, LONGEST = 32, 4, 2, 16, 2, 48, 256
#: Of a convolution.
TAPS = 3
FLOAT, INT64, INT32 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.INT32


@dataclass(frozen=True)
class Shape:
    cap: float = 0.0
    sinks: bool = False
    window: int = -1
    #: Layers without keys (LFM2): a gated, causal convolution over the last `TAPS` tokens, whose states are its cache.
    convolutions: tuple[int, ...] = field(default=())


def weights(shape: Shape, seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    matrix = lambda rows, columns: (random.standard_normal((rows, columns)) * 1.5 / np.sqrt(rows)).astype(np.float32)
    made = {}
    for layer in range(LAYERS):
        at = f"layers.{layer}."
        made[at + "norm"] = (1 + 0.1 * random.standard_normal(WIDTH)).astype(np.float32)
        made[at + "mlp_norm"] = (1 + 0.1 * random.standard_normal(WIDTH)).astype(np.float32)
        if layer in shape.convolutions:
            made[at + "in"], made[at + "out"] = matrix(WIDTH, 3 * WIDTH), matrix(WIDTH, WIDTH)
            made[at + "kernel"] = random.standard_normal((WIDTH, 1, TAPS)).astype(np.float32)
        else:
            made[at + "q"], made[at + "k"] = matrix(WIDTH, HEADS * HEAD), matrix(WIDTH, KEY_HEADS * HEAD)
            made[at + "v"], made[at + "o"] = matrix(WIDTH, KEY_HEADS * HEAD), matrix(HEADS * HEAD, WIDTH)
        made[at + "up"], made[at + "gate"], made[at + "down"] = matrix(WIDTH, 2 * WIDTH), matrix(WIDTH, 2 * WIDTH), matrix(2 * WIDTH, WIDTH)
        if shape.sinks:
            made[at + "sinks"] = random.standard_normal(HEADS).astype(np.float32)
    made["norm"] = (1 + 0.1 * random.standard_normal(WIDTH)).astype(np.float32)
    made["head"] = matrix(WIDTH, VOCABULARY)
    return made


def tables() -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine by position, [LONGEST, HEAD / 2]."""
    rates = 10000.0 ** (-np.arange(0, HEAD, 2) / HEAD)
    angles = np.arange(LONGEST)[:, None] * rates[None]
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def reference(made: dict[str, np.ndarray], shape: Shape, rows: np.ndarray, places: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Logits [T, V] of a whole sequence: rows [T, WIDTH], their places [T], and what is added to the scores of each as a key, [T];
    or [T, T], for each row as a query."""
    tensor = {name: torch.from_numpy(value).double() for name, value in made.items()}
    cos, sin = (torch.from_numpy(table)[torch.from_numpy(places)].double() for table in tables())
    states = torch.from_numpy(rows).double()
    length = len(rows)
    index = torch.arange(length)
    allowed = index[None] <= index[:, None]
    if shape.window > 0:
        allowed &= index[:, None] - index[None] < shape.window
    mask = torch.where(allowed, torch.from_numpy(bias).double()[None], float("-inf"))

    def norm(x, weight):
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6) * weight

    def rotated(x):
        one, two = x[..., : HEAD // 2], x[..., HEAD // 2 :]
        c, s = cos[:, None], sin[:, None]
        return torch.cat([one * c - two * s, two * c + one * s], -1)

    def attended(x, at):
        q = rotated((x @ tensor[at + "q"]).view(length, HEADS, HEAD))
        k = rotated((x @ tensor[at + "k"]).view(length, KEY_HEADS, HEAD)).repeat_interleave(HEADS // KEY_HEADS, 1)
        v = (x @ tensor[at + "v"]).view(length, KEY_HEADS, HEAD).repeat_interleave(HEADS // KEY_HEADS, 1)
        scores = torch.einsum("qhd,khd->hqk", q, k) / np.sqrt(HEAD)
        if shape.cap:
            scores = shape.cap * torch.tanh(scores / shape.cap)
        scores = scores + mask
        if shape.sinks:
            sinks = tensor[at + "sinks"][:, None, None].expand(HEADS, length, 1)
            shares = torch.cat([scores, sinks], -1).softmax(-1)[..., :-1]
        else:
            shares = scores.softmax(-1)
        return torch.einsum("hqk,khd->qhd", shares, v).reshape(length, HEADS * HEAD)

    def convolved(x, at):
        before, after, value = (x @ tensor[at + "in"]).chunk(3, -1)
        earlier = torch.nn.functional.pad((before * value).T, (TAPS - 1, 0))
        return after * torch.nn.functional.conv1d(earlier[None], tensor[at + "kernel"], groups=WIDTH)[0].T

    for layer in range(LAYERS):
        at = f"layers.{layer}."
        x = norm(states, tensor[at + "norm"])
        if layer in shape.convolutions:
            states = states + convolved(x, at) @ tensor[at + "out"]
        else:
            states = states + attended(x, at) @ tensor[at + "o"]
        x = norm(states, tensor[at + "mlp_norm"])
        states = states + (torch.nn.functional.silu(x @ tensor[at + "gate"]) * (x @ tensor[at + "up"])) @ tensor[at + "down"]
    return (norm(states, tensor["norm"]) @ tensor["head"]).float().numpy()


class Graph:
    """Nodes and weights as they are added. Every call makes one node and returns its output's name."""

    def __init__(self):
        self.nodes, self.initializers = [], []

    def node(self, kind: str, inputs: list[str], outputs: int = 1, domain: str = "", name: str | None = None, **attributes):
        names = [name or f"{kind}_{len(self.nodes)}"] if outputs == 1 else [f"{name or kind}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, name=f"/{names[0]}", domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def weight(self, name: str, values: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(values, name))
        return name

    def integers(self, *values: int) -> str:
        name = "integers_" + "_".join(map(str, values))
        if all(tensor.name != name for tensor in self.initializers):
            self.weight(name, np.array(values, np.int64))
        return name

    def norm(self, x: str, weight: str) -> str:
        square = self.node("Mul", [x, x])
        mean = self.node("ReduceMean", [square, self.integers(-1)], keepdims=1)
        root = self.node("Sqrt", [self.node("Add", [mean, "epsilon"])])
        return self.node("Mul", [self.node("Div", [x, root]), weight])

    def matmul(self, x: str, weight: str) -> str:
        return self.node("MatMul", [x, weight])


#: Forms of attention that are written here; `rotation`: by the attention node itself or by nodes before it.
FORMS = ("gqa", "gqa-packed", "gqa-outside", "mha", "onnx", "onnx-bool")


def graph(made: dict[str, np.ndarray], shape: Shape, form: str, learned: bool = False, turned: bool = True) -> onnx.ModelProto:
    """`learned`: positions are rows of a table, added to the embeddings. `turned`: and rotated into queries and keys."""
    g = Graph()
    made = dict(made)
    if form == "mha":
        # As many heads of keys as of queries: each is there once per query that shares it.
        for layer in range(LAYERS):
            for part in ("k", "v"):
                name = f"layers.{layer}.{part}"
                heads = made[name].reshape(WIDTH, KEY_HEADS, HEAD).repeat(HEADS // KEY_HEADS, 1)
                made[name] = heads.reshape(WIDTH, HEADS * HEAD)
    if form == "gqa-packed":
        for layer in range(LAYERS):
            at = f"layers.{layer}."
            made[at + "qkv"] = np.concatenate([made.pop(at + part) for part in "qkv"], 1)
    for name, values in made.items():
        g.weight(name, values)
    cos, sin = tables()
    g.weight("cos_cache", cos), g.weight("sin_cache", sin)
    g.weight("epsilon", np.array([1e-6], np.float32))
    inside = form in ("gqa", "gqa-packed")
    key_heads = HEADS if form == "mha" else KEY_HEADS
    if form.startswith("gqa"):
        counted = g.node("Sub", [g.node("ReduceSum", ["attention_mask", g.integers(1)], keepdims=0), g.integers(1)])
        lengths = g.node("Cast", [counted], to=INT32)
        total = g.node("Cast", [g.node("Gather", [g.node("Shape", ["attention_mask"]), g.weight("one", np.array(1, np.int64))])], to=INT32)
    else:
        mask = causal_mask(g, shape, booleans=form == "onnx-bool")
    states = "inputs_embeds"
    if learned:
        places = g.node("Gather", [g.weight("position_table", made["head"].T[:LONGEST].copy()), "position_ids"])
        states = g.node("Add", [states, places])
    outputs = []
    for layer in range(LAYERS):
        at, past = f"layers.{layer}.", [f"past_key_values.{layer}.{part}" for part in ("key", "value")]
        present = [f"present.{layer}.{part}" for part in ("key", "value")]
        x = g.norm(states, at + "norm")
        if layer in shape.convolutions:
            states = g.node("Add", [states, g.matmul(convolution(g, x, layer), at + "out")])
            outputs.append(helper.make_tensor_value_info(f"present_conv.{layer}", FLOAT, ["batch_size", WIDTH, TAPS]))
            states = feed_forward(g, states, at)
            continue
        if form == "gqa-packed":
            q, k, v = g.matmul(x, at + "qkv"), "", ""
        else:
            q, k, v = (g.matmul(x, at + part) for part in "qkv")
        if not inside and turned:
            q, k = rotate(g, q, HEADS, form), rotate(g, k, key_heads, form)
        if form.startswith("gqa"):
            attributes = {"num_heads": HEADS, "kv_num_heads": KEY_HEADS, "do_rotary": int(inside), "local_window_size": shape.window, "softcap": shape.cap}
            inputs = [q, k, v, *past, lengths, total, *(["cos_cache", "sin_cache"] if inside else ["", ""])]
            if shape.sinks:
                inputs += ["", "", at + "sinks"]
            mixed = f"attention_{layer}"
            g.nodes.append(helper.make_node("GroupQueryAttention", inputs, [mixed, *present], f"/layers.{layer}/attention", domain="com.microsoft", **attributes))
        elif form == "mha":
            mixed = f"attention_{layer}"
            inputs = [q, k, v, "", "", mask, *past]
            g.nodes.append(helper.make_node("MultiHeadAttention", inputs, [mixed, *present], f"/layers.{layer}/attention", domain="com.microsoft", num_heads=HEADS))
        else:
            mixed = f"attention_{layer}"
            attributes = {"q_num_heads": HEADS, "kv_num_heads": KEY_HEADS, "softcap": shape.cap}
            g.nodes.append(helper.make_node("Attention", [q, k, v, mask, *past], [mixed, *present], f"/layers.{layer}/attention", **attributes))
        outputs += [helper.make_tensor_value_info(name, FLOAT, ["batch_size", key_heads, "total_sequence_length", HEAD]) for name in present]
        states = g.node("Add", [states, g.matmul(mixed, at + "o")])
        states = feed_forward(g, states, at)
    g.node("MatMul", [g.norm(states, "norm"), "head"], name="logits")
    positions = [] if inside else [helper.make_tensor_value_info("position_ids", INT64, ["batch_size", "sequence_length"])]
    inputs = [
        helper.make_tensor_value_info("inputs_embeds", FLOAT, ["batch_size", "sequence_length", WIDTH]),
        helper.make_tensor_value_info("attention_mask", INT64, ["batch_size", "total_sequence_length"]),
        *positions,
        *(
            helper.make_tensor_value_info(f"past_key_values.{layer}.{part}", FLOAT, ["batch_size", key_heads, "past_sequence_length", HEAD])
            for layer in range(LAYERS)
            if layer not in shape.convolutions
            for part in ("key", "value")
        ),
        *(helper.make_tensor_value_info(f"past_conv.{layer}", FLOAT, ["batch_size", WIDTH, TAPS]) for layer in shape.convolutions),
    ]
    logits = helper.make_tensor_value_info("logits", FLOAT, ["batch_size", "sequence_length", VOCABULARY])
    made_graph = helper.make_graph(g.nodes, "decoder", inputs, [logits, *outputs], g.initializers)
    opsets = [helper.make_opsetid("", 23 if form.startswith("onnx") else 18), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(made_graph, opset_imports=opsets, ir_version=10, producer_name="recoup_fixtures")


def feed_forward(g: Graph, states: str, at: str) -> str:
    x = g.norm(states, at + "mlp_norm")
    gate = g.matmul(x, at + "gate")
    active = g.node("Mul", [gate, g.node("Sigmoid", [gate])])
    return g.node("Add", [states, g.matmul(g.node("Mul", [active, g.matmul(x, at + "up")]), at + "down")])


def convolution(g: Graph, x: str, layer: int) -> str:
    """[B, S, WIDTH], and `present_conv`: the last states, [B, WIDTH, TAPS], of which the next token needs all but the first."""
    at, axis = f"layers.{layer}.", g.integers(2)
    if all(tensor.name != "thirds" for tensor in g.initializers):
        g.weight("thirds", np.array([WIDTH] * 3, np.int64))
    before, after, value = g.node("Split", [g.matmul(x, at + "in"), "thirds"], outputs=3, axis=-1)
    fresh = g.node("Transpose", [g.node("Mul", [before, value])], perm=[0, 2, 1])
    whole = g.node("Concat", [f"past_conv.{layer}", fresh], axis=2)
    end = g.integers(np.iinfo(np.int64).max)
    g.node("Slice", [whole, g.integers(-TAPS), end, axis], name=f"present_conv.{layer}")
    mixed = g.node("Conv", [g.node("Slice", [whole, g.integers(1), end, axis]), at + "kernel"], group=WIDTH)
    return g.node("Mul", [after, g.node("Transpose", [mixed], perm=[0, 2, 1])])


def causal_mask(g: Graph, shape: Shape, booleans: bool) -> str:
    """[1, 1, S, T]: 0 where a token may look, else the lowest number; or true and false."""
    new = g.node("Gather", [g.node("Shape", ["inputs_embeds"]), g.weight("axis", np.array(1, np.int64))])
    whole = g.node("Gather", [g.node("Shape", ["attention_mask"]), g.weight("axis_1", np.array(1, np.int64))])
    zero, one = g.weight("zero", np.array(0, np.int64)), g.weight("step", np.array(1, np.int64))
    keys = g.node("Range", [zero, whole, one])
    queries = g.node("Add", [g.node("Range", [zero, new, one]), g.node("Sub", [whole, new])])
    distance = g.node("Sub", [g.node("Unsqueeze", [queries, g.integers(1)]), g.node("Unsqueeze", [keys, g.integers(0)])])
    allowed = g.node("GreaterOrEqual", [distance, zero])
    if shape.window > 0:
        allowed = g.node("And", [allowed, g.node("Less", [distance, g.weight("window", np.array(shape.window, np.int64))])])
    if booleans:
        return g.node("Unsqueeze", [allowed, g.integers(0, 1)])
    lowest = g.weight("lowest", np.array(np.finfo(np.float32).min, np.float32))
    mask = g.node("Where", [allowed, g.weight("open", np.array(0, np.float32)), lowest])
    return g.node("Unsqueeze", [mask, g.integers(0, 1)])


def rotate(g: Graph, x: str, heads: int, form: str) -> str:
    """[B, S, heads * HEAD], rotated by position_ids."""
    if form.startswith("onnx"):
        cos, sin = (g.node("Gather", [table, "position_ids"]) for table in ("cos_cache", "sin_cache"))
        return g.node("RotaryEmbedding", [x, cos, sin], num_heads=heads)
    return g.node("RotaryEmbedding", [x, "position_ids", "cos_cache", "sin_cache"], domain="com.microsoft", num_heads=heads)
