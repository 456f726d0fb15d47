"""Towers as whole model classes of transformers use them, tiny and of random weights: LLaVA, LLaVA-OneVision, SmolVLM (Idefics3 has
the same), Qwen2-VL, and CLIP's text model."""

from __future__ import annotations

import torch
from torch import nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
)
from transformers.models.qwen2_vl.configuration_qwen2_vl import Qwen2VLVisionConfig
from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VisionTransformerPretrainedModel

from .towers import HEADS, LLM, PATCH, PROJECTED, SIDE, WIDTH, Fixture, coarse, encoder_of
from .vlm_parts import Projected

#: One layer fewer than the other fixtures: the files of all are to stay small.
LAYERS = 2
TOWER = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "image_size": SIDE, "patch_size": PATCH}
TEXT = {"model_type": "llama", "vocab_size": 8, "hidden_size": LLM, "intermediate_size": LLM, "num_hidden_layers": 1, "num_attention_heads": 2}


class Selected(nn.Module):
    """pixel_values [B, 3, S, S] -> image_features [B, P, D]: the states before CLIP's last layer, without the class token, projected.
    LLaVA's own method gives them as a list, one for each image, which would fix their number in a graph."""

    def __init__(self, model):
        super().__init__()
        self.tower, self.projector, self.layer = model.model.vision_tower, model.model.multi_modal_projector, model.config.vision_feature_layer

    def forward(self, pixel_values):
        return self.projector(self.tower(pixel_values, output_hidden_states=True).hidden_states[self.layer][:, 1:])


def llava(attention: str, seed: int) -> Fixture:
    """LlavaForConditionalGeneration's tower and projector."""
    config = LlavaConfig(vision_config={"model_type": "clip_vision_model", **TOWER}, text_config=TEXT, image_token_index=7, vision_feature_layer=-2)
    model = made(LlavaForConditionalGeneration, config, attention, seed)
    return Fixture(Selected(model), ["image_features"], encoder_of(model.model.vision_tower).layers[-2], "clip")


def onevision(attention: str, seed: int) -> Fixture:
    """LLaVA-OneVision's SigLIP tower and projector."""
    config = LlavaOnevisionConfig(vision_config={"model_type": "siglip_vision_model", "vision_use_head": False, **TOWER}, text_config=TEXT | {"model_type": "qwen2"}, image_token_index=7)
    model = made(LlavaOnevisionForConditionalGeneration, config, attention, seed)
    return Fixture(Projected(model), ["image_features"], encoder_of(model.model.vision_tower).layers[-1], "siglip")


class Connected(nn.Module):
    """pixel_values [B, 3, S, S] -> image_features: SmolVLM's tower with its mask of patches, and pixel shuffle."""

    def __init__(self, model):
        super().__init__()
        self.tower, self.connector = model.model.vision_model, model.model.connector

    def forward(self, pixel_values):
        patches = torch.ones(pixel_values.shape[0], 4, 4, dtype=torch.bool)
        return self.connector(self.tower(pixel_values=pixel_values, patch_attention_mask=patches).last_hidden_state)


def smolvlm(attention: str, seed: int) -> Fixture:
    """Of 4 x 4 patches: places of patches are fractions, and thirds are rounded otherwise by ONNX Runtime's Range."""
    tower = TOWER | {"image_size": 4 * PATCH}
    config = SmolVLMConfig(vision_config=tower, text_config=TEXT, image_token_id=7, scale_factor=2, pad_token_id=0)
    model = made(SmolVLMForConditionalGeneration, config, attention, seed)
    example = torch.randn(2, 3, 4 * PATCH, 4 * PATCH, generator=torch.Generator().manual_seed(seed))
    return Fixture(Connected(model), ["image_features"], model.model.vision_model.encoder.layers[-1], "siglip", example=example)


class OnePicture(nn.Module):
    """pixel_values [P, 3 * 2 * S * S] (patches of an image, as the processor makes them) -> image_features [P / 4, D]."""

    def __init__(self, tower: nn.Module, rows: int, columns: int):
        super().__init__()
        self.tower = tower
        self.register_buffer("grid", torch.tensor([[1, rows, columns]]), persistent=False)

    def forward(self, pixel_values):
        return self.tower(pixel_values, grid_thw=self.grid).pooler_output


def qwen2vl(attention: str, seed: int) -> Fixture:
    """Qwen2-VL's tower on one image of 4 x 6 patches: packed weights, rotary positions, rows without a batch."""
    config = Qwen2VLVisionConfig(depth=LAYERS, embed_dim=WIDTH, hidden_size=LLM, mlp_ratio=2, num_heads=HEADS, patch_size=4)
    config._attn_implementation = attention
    tower = coarse(Qwen2VisionTransformerPretrainedModel._from_config(config, attn_implementation=attention), seed)
    example = torch.randn(24, 3 * 2 * 4 * 4, generator=torch.Generator().manual_seed(seed))
    return Fixture(OnePicture(tower, 4, 6), ["image_features"], tower.blocks[-1], "packed", example=example, batched=False)


class Words(nn.Module):
    """input_ids [B, L] -> text_embeds [B, D], last_hidden_state [B, L, C], as published CLIP text models."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        output = self.model(input_ids)
        return output.text_embeds, output.last_hidden_state


def clip_text(attention: str, seed: int) -> Fixture:
    """CLIP's text tower, whose attention is causal."""
    config = CLIPTextConfig(
        vocab_size=64, hidden_size=WIDTH, intermediate_size=2 * WIDTH, projection_dim=PROJECTED, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, max_position_embeddings=12, bos_token_id=62, eos_token_id=63, pad_token_id=63,
    )  # fmt: skip
    model = coarse(CLIPTextModelWithProjection._from_config(config, attn_implementation=attention), seed)
    example = torch.tensor([[62, 3, 14, 15, 9, 26, 5, 63], [62, 35, 8, 9, 7, 63, 63, 63]])
    layers = getattr(model, "text_model", model).encoder.layers
    return Fixture(Words(model), ["text_embeds", "last_hidden_state"], layers[-1], "text", input="input_ids", example=example)


def made(kind, config, attention: str, seed: int):
    return coarse(kind._from_config(config, attn_implementation=attention), seed)
