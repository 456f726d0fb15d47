"""Tiny towers with random weights, and what PyTorch computes in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import torch
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, SiglipVisionConfig, SiglipVisionModel

WIDTH, HEADS, LAYERS, SIDE, PATCH, PROJECTED, LLM = 32, 2, 3, 42, 14, 16, 48


@dataclass
class Fixture:
    """A module to export: one input to named outputs, and the layer whose attention is the last one that feeds them."""

    module: nn.Module
    outputs: list[str]
    layer: nn.Module
    kind: str
    input: str = "pixel_values"
    #: An input, if it is none of the images that the other fixtures take.
    example: torch.Tensor | None = None
    #: Whether the length of the input's first axis is left open.
    batched: bool = True


def coarse(module: nn.Module, seed: int) -> nn.Module:
    """Random weights on a grid of 1/32, so that the files compress; large enough that attention is no plain mean."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            scale = 1.2 / parameter.shape[-1] ** 0.5 if parameter.dim() > 1 else 0.2
            values = torch.randn(parameter.shape, generator=generator) * scale
            if "norm" in name and name.endswith("weight"):
                values = 1 + values
            parameter.copy_((values * 32).round() / 32)
    return module.eval()


def old_eager(attention):
    """Attention as CLIP in transformers had it up to 4.4x: the query scaled before heads are split, then batched products."""

    def forward(hidden_states, attention_mask=None, **_):
        batch, length, width = hidden_states.shape
        heads, size = attention.num_heads, attention.head_dim

        def split(x):
            return x.view(batch, length, heads, size).transpose(1, 2).contiguous().view(batch * heads, length, size)

        query = split(attention.q_proj(hidden_states) * attention.scale)
        key, value = split(attention.k_proj(hidden_states)), split(attention.v_proj(hidden_states))
        weights = torch.softmax(torch.bmm(query, key.transpose(1, 2)), -1)
        out = torch.bmm(weights, value).view(batch, heads, length, size).transpose(1, 2).reshape(batch, length, width)
        return attention.out_proj(out), None

    return forward


def clip(attention: str, seed: int) -> CLIPVisionModelWithProjection:
    config = CLIPVisionConfig(
        hidden_size=WIDTH, intermediate_size=2 * WIDTH, projection_dim=PROJECTED, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, image_size=SIDE, patch_size=PATCH, hidden_act="quick_gelu",
    )  # fmt: skip
    implementation = "eager" if attention == "old-eager" else attention
    model = coarse(CLIPVisionModelWithProjection._from_config(config, attn_implementation=implementation), seed)
    if attention == "old-eager":
        for layer in model.vision_model.encoder.layers:
            layer.self_attn.forward = old_eager(layer.self_attn)
    return model


class VisionEncoder(nn.Module):
    """LLaVA's: hidden_states[layer], without the class token if there is one, through the projector."""

    def __init__(self, tower: nn.Module, layer: int, drop: int):
        super().__init__()
        self.vision_tower, self.layer, self.drop = tower, layer, drop
        self.multi_modal_projector = nn.Sequential(nn.Linear(WIDTH, LLM), nn.GELU(), nn.Linear(LLM, LLM))

    def forward(self, pixel_values):
        states = self.vision_tower(pixel_values, output_hidden_states=True).hidden_states[self.layer]
        return self.multi_modal_projector(states[:, self.drop :])


class Published(nn.Module):
    """A published vision model's outputs."""

    def __init__(self, model: nn.Module, names: list[str]):
        super().__init__()
        self.model, self.names = model, names

    def forward(self, pixel_values):
        output = self.model(pixel_values)
        return tuple(output[name] for name in self.names)


def llava_clip(attention: str, seed: int) -> Fixture:
    tower = clip(attention, seed)
    module = coarse_projector(VisionEncoder(tower.vision_model, -2, 1), seed)
    return Fixture(module, ["image_features"], tower.vision_model.encoder.layers[-2], "clip")


def full_clip(attention: str, seed: int) -> Fixture:
    tower = clip(attention, seed)
    return Fixture(Published(tower, ["image_embeds", "last_hidden_state"]), ["image_embeds", "last_hidden_state"], tower.vision_model.encoder.layers[-1], "clip")


def siglip(attention: str, seed: int, head: bool) -> SiglipVisionModel:
    config = SiglipVisionConfig(
        hidden_size=WIDTH, intermediate_size=2 * WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        image_size=SIDE, patch_size=PATCH, vision_use_head=head,
    )  # fmt: skip
    return coarse(SiglipVisionModel._from_config(config, attn_implementation=attention), seed)


def encoder_of(model: nn.Module) -> nn.Module:
    return getattr(model, "vision_model", model).encoder


def llava_siglip(attention: str, seed: int) -> Fixture:
    """As SigLIP-based VLMs have it: the last layer's output, no class token."""
    tower = siglip(attention, seed, head=False)
    module = coarse_projector(VisionEncoder(tower, -1, 0), seed)
    return Fixture(module, ["image_features"], encoder_of(tower).layers[-1], "siglip")


def pooled_siglip(attention: str, seed: int) -> Fixture:
    tower = siglip(attention, seed, head=True)
    names = ["pooler_output", "last_hidden_state"]
    return Fixture(Published(tower, names), names, encoder_of(tower).layers[-1], "siglip")


def coarse_projector(module: VisionEncoder, seed: int) -> VisionEncoder:
    coarse(module.multi_modal_projector, seed + 100)
    return module.eval()


class PackedLayer(nn.Module):
    """A layer as Qwen2-VL's vision tower has it: one linear for query, key and value, rotary positions."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.fc1, self.fc2 = nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)
        angle = torch.outer(torch.arange((SIDE // PATCH) ** 2), 100 ** -(torch.arange(0, WIDTH // HEADS, 2) / (WIDTH // HEADS)))
        angle = torch.cat([angle, angle], -1)[None, None]
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def rotate(self, x):
        half = x.shape[-1] // 2
        turned = torch.cat([-x[..., half:], x[..., :half]], -1)
        return x * self.cos + turned * self.sin

    def forward(self, x):
        batch, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(batch, length, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        query, key, value = self.rotate(qkv[0]), self.rotate(qkv[1]), qkv[2]
        weights = torch.softmax(query @ key.transpose(2, 3) * (width // HEADS) ** -0.5, -1)
        x = x + self.proj((weights @ value).transpose(1, 2).reshape(batch, length, width))
        return x + self.fc2(nn.functional.gelu(self.fc1(self.norm2(x))))


class PackedTower(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.blocks = nn.ModuleList(PackedLayer() for _ in range(LAYERS))
        self.merger = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, LLM))

    def forward(self, pixel_values):
        x = self.patch(pixel_values).flatten(2).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return self.merger(x)


def packed(seed: int) -> Fixture:
    module = coarse(PackedTower(), seed)
    return Fixture(module, ["image_features"], module.blocks[-1], "packed")


def truth(fixture: Fixture, example: torch.Tensor) -> dict[str, torch.Tensor]:
    """Stock outputs, and of the fixture's layer: hs_in and hs_out [B, L, C], q and k [B, L, C] (bias in, not scaled; packed:
    left out), probabilities [B, H, L, L]. Qwen2-VL has no B."""
    found: dict[str, torch.Tensor] = {}

    def keep(name):
        def hook(_, inputs, output):
            found[name] = output[0] if isinstance(output, tuple) else output

        return hook

    def keep_input(module, args, kwargs):
        found["hs_in"] = args[0] if args else kwargs["hidden_states"]
        found["angles"] = kwargs.get("position_embeddings")

    layer = fixture.layer
    handles = [layer.register_forward_hook(keep("hs_out")), layer.register_forward_pre_hook(keep_input, with_kwargs=True)]
    attention = getattr(layer, "attn", layer)
    if fixture.kind == "packed":
        handles.append(attention.qkv.register_forward_hook(keep("qkv")))
    else:
        handles += [layer.self_attn.q_proj.register_forward_hook(keep("q")), layer.self_attn.k_proj.register_forward_hook(keep("k"))]
    with torch.no_grad():
        output = fixture.module(example)
    for handle in handles:
        handle.remove()
    angles = found.pop("angles")
    length, width = found["hs_in"].shape[-2:]
    if fixture.kind == "packed":
        qkv = found.pop("qkv").reshape(-1, length, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        turn = layer.rotate if angles is None else rotation(*angles)
        query, key = turn(qkv[0]), turn(qkv[1])
    else:
        query, key = (found[n].view(-1, length, HEADS, width // HEADS).transpose(1, 2) for n in ("q", "k"))
    logits = query @ key.transpose(2, 3) * (width // HEADS) ** -0.5
    if fixture.kind == "text":
        logits = logits.masked_fill(torch.ones(length, length, dtype=torch.bool).triu(1), float("-inf"))
    found["probabilities"] = torch.softmax(logits, -1)
    stock = output if isinstance(output, tuple) else (output,)
    return {fixture.input: example, **found, **dict(zip(fixture.outputs, stock))}


def rotation(cos: torch.Tensor, sin: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """Rotary positions as Qwen2-VL's tower has them: the halves of [.., L, D] turned by angles [L, D]."""

    def turn(x):
        half = x.shape[-1] // 2
        return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin

    return turn
