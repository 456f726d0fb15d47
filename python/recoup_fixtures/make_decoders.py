"""Tiny decoders in the forms and precisions that tools publish, and what they say when they are told places and biases.

    python -m recoup_fixtures.make_decoders tests/golden/decoders

`told.safetensors` has one conversation: rows fed in four parts, the places and biases of all, and for each shape of decoder the logits
that the reference in PyTorch computes from the same weights over the whole sequence, without a cache; `told.plain.q4` from the weights that files of 4
bits hold. Those of 8 bits round what they multiply, too: `npm test` compares them with themselves.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from safetensors.numpy import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from recoup_fixtures import decoders, variants
from recoup_fixtures.decoders import HEAD, HEADS, KEY_HEADS, LAYERS, LONGEST, VOCABULARY, WIDTH, Shape, graph, reference, weights
from recoup_fixtures.vlm_parts import export_language

#: Rows of each part: a prompt, two tokens of its answer, a second turn that begins with rows that come back.
PARTS = (9, 1, 1, 5)
#: Places with gaps, and rows that come back at places before those of others.
PLACES = (0, 1, 2, 7, 9, 20, 21, 22, 30, 31, 32, 5, 6, 33, 34, 35)

#: What differs between decoders, by name.
SHAPES = {
    "plain": Shape(),
    "window": Shape(window=5),
    "cap": Shape(cap=3.0),
    "sinks": Shape(sinks=True),
    "hybrid": Shape(convolutions=(0,)),
}
#: Name -> form, shape, precisions.
HALF = ("raw", "fp16", "q8", "q4", "q4f16")
WRITTEN = {
    "gqa": ("gqa", "plain", HALF),
    "gqa-packed": ("gqa-packed", "plain", HALF),
    "gqa-outside": ("gqa-outside", "plain", ("raw", "q4")),
    "gqa-window": ("gqa", "window", ("raw",)),
    "gqa-cap": ("gqa", "cap", ("raw",)),
    "gqa-sinks": ("gqa", "sinks", ("raw",)),
    "gqa-hybrid": ("gqa", "hybrid", ("raw",)),
    "mha": ("mha", "plain", ("raw", "q8")),
    "onnx": ("onnx", "plain", ("raw", "q4")),
    "onnx-bool": ("onnx-bool", "plain", ("raw",)),
    "onnx-cap": ("onnx", "cap", ("raw",)),
}


def exported(attention: str) -> LlamaForCausalLM:
    """transformers' own decoder with the weights of the others."""
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=KEY_HEADS,
        head_dim=HEAD,
        max_position_embeddings=LONGEST,
        rms_norm_eps=1e-6,
        tie_word_embeddings=False,
    )
    model = LlamaForCausalLM._from_config(config, attn_implementation=attention).eval()
    made = {name: torch.from_numpy(value) for name, value in weights(Shape()).items()}
    with torch.no_grad():
        for i, layer in enumerate(model.model.layers):
            at = f"layers.{i}."
            layer.input_layernorm.weight.copy_(made[at + "norm"])
            layer.post_attention_layernorm.weight.copy_(made[at + "mlp_norm"])
            for name, linear in (("q", "q_proj"), ("k", "k_proj"), ("v", "v_proj"), ("o", "o_proj")):
                getattr(layer.self_attn, linear).weight.copy_(made[at + name].T)
            for name in ("up", "gate", "down"):
                getattr(layer.mlp, f"{name}_proj").weight.copy_(made[at + name].T)
        model.model.norm.weight.copy_(made["norm"])
        model.lm_head.weight.copy_(made["head"].T)
    return model


def export(attention: str, path: Path) -> None:
    """The export of the families' language models, of which the decoder is kept."""
    model = exported(attention)
    with tempfile.TemporaryDirectory() as folder:
        export_language(model.model, model.lm_head, model.config, Path(folder))
        shutil.copy(Path(folder) / "decoder_model_merged.onnx", path)


def stored(path: Path, made: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights with those of 4 bits as the file holds them: MatMulNBits has [columns, blocks, 16] pairs of values around 8, and scales."""
    model = onnx.load(path)
    tensor = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    out = dict(made)
    for node in model.graph.node:
        if node.op_type != "MatMulNBits":
            continue
        name = next(name for name in made if node.input[1].startswith(name + "_") and made[name].ndim == 2)
        packed, scales = tensor[node.input[1]], tensor[node.input[2]]
        rows, columns = made[name].shape
        values = np.stack([packed & 15, packed >> 4], -1).reshape(columns, -1, 32).astype(np.float32) - 8
        out[name] = (values * scales.reshape(columns, -1, 1)).reshape(columns, -1)[:, :rows].T.copy()
    return out


def run(path: Path, rows) -> np.ndarray:
    """Logits of the stock file for the parts, with positions counted: to see that it runs at all."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    kinds = {i.name: (i.type, i.shape) for i in session.get_inputs()}
    past = {
        name: np.zeros([1, *(size if isinstance(size, int) else 0 for size in shape[1:])], np.float16 if "16" in kind else np.float32)
        for name, (kind, shape) in kinds.items()
        if name.startswith("past")
    }
    logits, at = [], 0
    for count in PARTS:
        feeds = {"inputs_embeds": rows[None, at : at + count], "attention_mask": np.ones((1, at + count), np.int64), **past}
        if "16" in kinds["inputs_embeds"][0]:
            feeds["inputs_embeds"] = feeds["inputs_embeds"].astype(np.float16)
        if "position_ids" in kinds:
            feeds["position_ids"] = np.arange(at, at + count)[None]
        out = dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))
        named = {"present.": "past_key_values.", "present_conv.": "past_conv."}
        past = {named[name[: name.index(".") + 1]] + name.split(".", 1)[1]: value for name, value in out.items() if name != "logits"}
        logits.append(out["logits"][0].astype(np.float32))
        at += count
    return np.concatenate(logits)


def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(5)
    rows = random.standard_normal((sum(PARTS), WIDTH)).astype(np.float32)
    places = np.array(PLACES, np.int64)
    bias = (1.5 * random.standard_normal(len(rows))).astype(np.float32)
    counted, zero = np.arange(len(rows)), np.zeros(len(rows), np.float32)
    tensors = {"rows": rows, "places": places, "bias": bias}
    index = {}

    def add(name: str, shape_name: str, source: Path, wanted: np.ndarray, precisions) -> None:
        for precision in precisions:
            target = out / f"{name}.{precision}.onnx"
            if precision == "q4f16":
                variants.bits4(source, target)
                variants.half(target, target)
            elif variants.VARIANTS[precision] is None:
                target.write_bytes(source.read_bytes())
            else:
                variants.VARIANTS[precision](source, target)
            try:
                got = run(target, rows)
            except Exception as error:
                print(f"{name} {precision}: not run by ONNX Runtime: {str(error)[:160]}")
                target.unlink()
                continue
            off = float(np.abs(got - wanted).max() / np.abs(wanted).max())
            print(f"{name:14}{precision:6}{target.stat().st_size:8} {off:.1e} of the reference")
            index[target.name] = {"shape": shape_name, "precision": precision}

    scratch = out / "scratch.onnx"
    for name, (form, shape_name, precisions) in WRITTEN.items():
        shape = SHAPES[shape_name]
        made = weights(shape)
        tensors[f"told.{shape_name}"] = reference(made, shape, rows, places, bias)
        onnx.save(graph(made, shape, form), scratch)
        add(name, shape_name, scratch, reference(made, shape, rows, counted, zero), precisions)
    for attention in ("eager", "sdpa"):
        export(attention, scratch)
        add(attention, "plain", scratch, reference(weights(Shape()), Shape(), rows, counted, zero), HALF)
    # Positions that nobody can move: learned ones, and none.
    onnx.save(graph(weights(Shape()), Shape(), "onnx", learned=True, turned=False), out / "learned.onnx")
    onnx.save(graph(weights(Shape()), Shape(), "onnx", turned=False), out / "none.onnx")
    scratch.unlink()
    made = stored(out / "gqa.q4.onnx", weights(Shape()))
    tensors["told.plain.q4"] = reference(made, Shape(), rows, places, bias)
    save_file(tensors, out / "told.safetensors")
    (out / "index.json").write_text(json.dumps({"parts": PARTS, "files": index}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
