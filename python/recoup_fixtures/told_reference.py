"""Decoders in PyTorch that are told places and biases: the weights are those that the ONNX files hold, the mask has the biases, no cache."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import AutoConfig, AutoModelForCausalLM

from recoup_fixtures import decoders
from recoup_fixtures.decoders import Shape

#: Products of a layer, in the order of every exported file.
PRODUCTS = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")


class Folder:
    """The language model of a folder in transformers.js layout, as a genuine transformers class."""

    def __init__(self, folder: Path):
        config = json.loads((folder / "config.json").read_text())
        # FastVLM's sizes are at the top, under a name of its own.
        text = config.get("text_config") or config | {"model_type": "qwen2"}
        self.prefix = config["model_type"] == "paligemma"
        self.path = folder / "onnx/decoder_model_merged.onnx"
        config = AutoConfig.for_model(**{name: value for name, value in text.items() if name != "architectures"})
        self.model = AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
        self._load(folder)
        self.vocabulary = self.model.config.vocab_size

    @torch.no_grad()
    def _load(self, folder: Path) -> None:
        state = self.model.state_dict()
        graph = onnx.load(self.path).graph
        tensor = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
        products = [node.input[1] for node in graph.node if node.op_type == "MatMul" and node.input[1] in tensor]
        layers = self.model.config.num_hidden_layers
        names = [f"model.layers.{i}.{name}.weight" for i in range(layers) for name in PRODUCTS]
        for name, product in zip([*names, "lm_head.weight"], products, strict=True):
            state[name].copy_(torch.from_numpy(tensor[product].T.copy()))
        # Norms that the exporter has not folded away; those are ones, as a new model has them.
        for name in state.keys() & tensor.keys():
            state[name].copy_(torch.from_numpy(tensor[name].copy()))
        words = onnx.load(folder / "onnx/embed_tokens.onnx").graph.initializer
        table = next(numpy_helper.to_array(each) for each in words if each.name == "embed.weight")
        self.model.get_input_embeddings().weight.copy_(torch.from_numpy(table.copy()))

    @torch.no_grad()
    def embed(self, ids: list[int]) -> np.ndarray:
        return self.model.get_input_embeddings()(torch.tensor(ids)).numpy()

    @torch.no_grad()
    def logits(self, rows: np.ndarray, places: np.ndarray, bias: np.ndarray, prompt: int) -> np.ndarray:
        """[T, V] of rows [T, D] at places [T]. bias [T, T]: what row i hears of key j. prompt: rows of the first turn."""
        index = torch.arange(len(rows))
        allowed = index[None] <= index[:, None]
        if self.prefix:
            allowed[:prompt, :prompt] = True
        lowest = torch.finfo(torch.float32).min
        whole = torch.where(allowed, torch.from_numpy(bias), lowest)[None, None]
        mask = whole
        if self.model.config.model_type == "gemma3_text":
            near = index[:, None] - index[None] < self.model.config.sliding_window
            mask = {"full_attention": whole, "sliding_attention": torch.where(near, whole, lowest)}
        told = {"inputs_embeds": torch.from_numpy(rows)[None], "position_ids": torch.from_numpy(places)[None]}
        return self.model(**told, attention_mask=mask, use_cache=False).logits[0].numpy()

    def check(self) -> float:
        """Difference to ONNX Runtime on the stock file at gapped positions, relative to the largest logit."""
        import onnxruntime

        session = onnxruntime.InferenceSession(str(self.path), providers=["CPUExecutionProvider"])
        places = np.array([1, 2, 5, 9, 10, 11, 30, 31, 7, 8, 32, 33])
        rows = self.embed([(7 * i) % 40 + 8 for i in range(len(places))])
        past = {i.name: np.zeros((1, i.shape[1], 0, i.shape[3]), np.float32) for i in session.get_inputs() if i.name.startswith("past")}
        feeds = {"inputs_embeds": rows[None], "attention_mask": np.ones((1, len(rows)), np.int64), "position_ids": places[None]}
        theirs = session.run(["logits"], feeds | past)[0][0]
        ours = self.logits(rows, places, np.zeros((len(rows),) * 2, np.float32), len(rows))
        return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


class Written:
    """A decoder of `decoders.py` behind the token embeddings of another model."""

    def __init__(self, made: dict[str, np.ndarray], shape: Shape, words: Folder):
        self.made, self.shape, self.embed, self.vocabulary = made, shape, words.embed, decoders.VOCABULARY
        self.prefix = False

    def logits(self, rows: np.ndarray, places: np.ndarray, bias: np.ndarray, prompt: int) -> np.ndarray:
        return decoders.reference(self.made, self.shape, rows, places, bias)
