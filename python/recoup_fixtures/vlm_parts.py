"""The ONNX graphs of tiny vision-language models: vision encoders, and language models with a cache, as transformers.js takes them."""

from __future__ import annotations

import copy
from pathlib import Path
from types import SimpleNamespace

import onnx
import torch
from torch import nn
from torch.export import Dim

from recoup_train.onnx_parts import Decoder, EmbedTokens, _export


class Projected(nn.Module):
    """pixel_values [B, 3, S, S] -> image_features [B, P, D]: the tower's last states, projected."""

    def __init__(self, model):
        super().__init__()
        self.tower, self.projector = model.model.vision_tower, model.model.multi_modal_projector

    def forward(self, pixel_values):
        return self.projector(self.tower(pixel_values).last_hidden_state)


class Tiles(nn.Module):
    """pixel_values [B, T, 3, S, S], pixel_attention_mask [B, T, S, S] -> image_features [B * T, P / 4, D], as published SmolVLM files."""

    def __init__(self, model):
        super().__init__()
        self.tower, self.connector = model.model.vision_model, model.model.connector
        self.side = model.config.vision_config.image_size // model.config.vision_config.patch_size

    def forward(self, pixel_values, pixel_attention_mask):
        seen = pixel_values * pixel_attention_mask[:, :, None].to(pixel_values.dtype)
        tiles = seen.flatten(0, 1)
        patches = torch.ones(tiles.shape[0], self.side, self.side, dtype=torch.bool)
        return self.connector(self.tower(pixel_values=tiles, patch_attention_mask=patches).last_hidden_state)


class Features(nn.Module):
    """pixel_values [B, 3, S, S] -> image_features [B, P, D]: the model's own way from one to the other."""

    def __init__(self, model):
        super().__init__()
        self.model = model.model

    def forward(self, pixel_values):
        return self.model.get_image_features(pixel_values).pooler_output


class Lines(nn.Module):
    """pixel_values [1, 3, H, W] -> image_features [P / 4, D]: Mistral 3's tower and projector for one image of any proportions. The
    model's own method takes sizes as numbers, which a graph would hold fast."""

    def __init__(self, model):
        super().__init__()
        self.tower, self.projector, self.side = model.model.vision_tower, model.model.multi_modal_projector, model.config.spatial_merge_size

    def forward(self, pixel_values):
        patches = self.tower.patch_conv(pixel_values)
        width, rows, columns = patches.shape[1:]
        states = self.tower.ln_pre(patches.flatten(2).transpose(1, 2))
        places = torch.stack(torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij"), -1).flatten(0, 1)
        angles = self.tower.patch_positional_embedding(states, places)
        states = self.tower.transformer(states, attention_mask=None, position_embeddings=angles).last_hidden_state
        blocks = self.projector.norm(states).view(rows // self.side, self.side, columns // self.side, self.side, width)
        merged = self.projector.patch_merger.merging_layer(blocks.permute(0, 2, 4, 1, 3).flatten(2).flatten(0, 1))
        return self.projector.linear_2(self.projector.act(self.projector.linear_1(merged)))


class Windowed(nn.Module):
    """Gemma 3's language model, with the mask of its sliding layers made of the whole one. Their cache stays whole: transformers.js
    keeps all keys."""

    def __init__(self, text: nn.Module):
        super().__init__()
        self.text, self.config = text, copy.deepcopy(text.config)
        self.config.layer_types = ["full_attention"] * text.config.num_hidden_layers

    def forward(self, attention_mask, **inputs):
        new, total = attention_mask.shape[2:]
        distance = torch.arange(new)[:, None] + (total - new) - torch.arange(total)[None, :]
        lowest = torch.finfo(attention_mask.dtype).min
        near = torch.where(distance < self.text.config.sliding_window, attention_mask, lowest)
        return self.text(attention_mask={"full_attention": attention_mask, "sliding_attention": near}, **inputs)


class Prefix(nn.Module):
    """PaliGemma's language model: a prompt attends to all of itself, later tokens to all before them."""

    def __init__(self, text: nn.Module):
        super().__init__()
        self.text, self.config = text, text.config

    def forward(self, attention_mask, **inputs):
        new, total = attention_mask.shape[2:]
        first = torch.arange(1) + (total - new)
        # The last row of the mask covers all tokens but padding.
        return self.text(attention_mask=torch.where(first == 0, attention_mask[:, :, -1:], attention_mask), **inputs)


def export_language(text: nn.Module, head: nn.Module, config, folder: Path, masked=None) -> None:
    """`masked`: a module around the text model that changes its mask."""
    batch = Dim("batch_size", min=1, max=1024)
    new, before = Dim("sequence_length", min=1, max=65536), Dim("past_sequence_length", min=0, max=65536)
    owner = SimpleNamespace(model=SimpleNamespace(language_model=masked or text), lm_head=head, get_input_embeddings=text.get_input_embeddings)
    ids = torch.ones(2, 5, dtype=torch.long)
    _export(EmbedTokens(owner), {"input_ids": ids}, folder / "embed_tokens.onnx", ["inputs_embeds"], {"input_ids": {0: batch, 1: new}}, ["input_ids"])
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    past = [torch.randn(2, config.num_key_value_heads, 7, width) for _ in range(2 * config.num_hidden_layers)]
    pairs = [f"{i}.{part}" for i in range(config.num_hidden_layers) for part in ("key", "value")]
    inputs = {
        "inputs_embeds": torch.randn(2, 5, config.hidden_size),
        "attention_mask": torch.ones(2, 12, dtype=torch.long),
        "position_ids": torch.arange(7, 12).expand(2, 5).clone(),
        "past": past,
    }
    dynamic = {
        "inputs_embeds": {0: batch, 1: new},
        "attention_mask": {0: batch, 1: Dim.DYNAMIC},
        "position_ids": {0: batch, 1: new},
        "past": [{0: batch, 2: before} for _ in past],
    }
    names = ["inputs_embeds", "attention_mask", "position_ids", *(f"past_key_values.{pair}" for pair in pairs)]
    _export(Decoder(owner), inputs, folder / "decoder_model_merged.onnx", ["logits", *(f"present.{pair}" for pair in pairs)], dynamic, names)


def export_single(folder: Path, model, vision: nn.Module, side: int, masked=None) -> None:
    batch = Dim("batch_size", min=1, max=1024)
    pixels = {"pixel_values": torch.randn(2, 3, side, side)}
    _export(vision, pixels, folder / "onnx/vision_encoder.onnx", ["image_features"], {"pixel_values": {0: batch}}, ["pixel_values"])
    export_language(model.model.language_model, model.lm_head, model.config.text_config, folder / "onnx", masked)


def export_lines(folder: Path, model, step: int) -> None:
    """Mistral 3's vision encoder, for sides of any multiple of `step` pixels, once it says what the model's own method does."""
    vision, path = Lines(model), folder / "onnx/vision_encoder.onnx"
    pixels = torch.randn(1, 3, 4 * step, 6 * step)
    own = model.model.get_image_features(pixels, image_sizes=[(4 * step, 6 * step)]).pooler_output[0]
    torch.testing.assert_close(vision(pixels), own)
    dynamic = {"pixel_values": {2: step * Dim("rows", min=1, max=64), 3: step * Dim("columns", min=1, max=64)}}
    _export(vision, {"pixel_values": pixels}, path, ["image_features"], dynamic, ["pixel_values"])
    # The exporter's notes list the ranges of a side in an order that differs from run to run.
    graph = onnx.load(str(path))
    del graph.graph.metadata_props[:]
    onnx.save(graph, str(path))
