"""The models, all of genuine transformers classes."""

from __future__ import annotations

import torch
from transformers import CLIPConfig, CLIPModel, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, eager_mask
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from .words import BOS, EOS, IMAGE, PAD


def plain_attention(module, query, key, value, attention_mask, scaling, dropout=0.0, **_):
    """softmax(q k) v in the tensors' own precision: on CPUs twice as fast backwards as the fused kernel."""
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    scores = (query * scaling) @ key.transpose(2, 3)
    if attention_mask is not None:
        scores = scores + attention_mask.to(scores.dtype)
    weights = torch.softmax(scores, -1)
    return (weights @ value).transpose(1, 2).contiguous(), weights


ALL_ATTENTION_FUNCTIONS.register("plain", plain_attention)
# Without a mask function of its own an attention gets no mask at all, also no causal one.
ALL_MASK_ATTENTION_FUNCTIONS.register("plain", eager_mask)

SIZES = {
    # Heads are 64 wide, as CLIP's and LLaMA's small ones.
    "cpu": {"vision": 128, "layers": 6, "text": 128, "text_layers": 3, "project": 128, "llm": 128, "llm_layers": 4, "ff": 384},
    "gpu": {"vision": 192, "layers": 6, "text": 128, "text_layers": 3, "project": 128, "llm": 192, "llm_layers": 4, "ff": 512},
}


def clip_config(size: str, vocab: dict[str, int]) -> CLIPConfig:
    s = SIZES[size]
    return CLIPConfig(
        projection_dim=s["project"],
        text_config={
            "vocab_size": len(vocab),
            "hidden_size": s["text"],
            "intermediate_size": 4 * s["text"],
            "num_hidden_layers": s["text_layers"],
            "num_attention_heads": s["text"] // 64,
            "max_position_embeddings": 77,
            "projection_dim": s["project"],
            "bos_token_id": vocab[BOS],
            "eos_token_id": vocab[EOS],
            "pad_token_id": vocab[PAD],
        },
        vision_config={
            "hidden_size": s["vision"],
            "intermediate_size": 4 * s["vision"],
            "num_hidden_layers": s["layers"],
            "num_attention_heads": s["vision"] // 64,
            "image_size": 336,
            "patch_size": 14,
            "projection_dim": s["project"],
            "hidden_act": "quick_gelu",
        },
    )


def llava_config(size: str, vocab: dict[str, int], clip: CLIPConfig) -> LlavaConfig:
    s = SIZES[size]
    text = LlamaConfig(
        vocab_size=len(vocab),
        hidden_size=s["llm"],
        intermediate_size=s["ff"],
        num_hidden_layers=s["llm_layers"],
        num_attention_heads=s["llm"] // 64,
        num_key_value_heads=s["llm"] // 64,
        max_position_embeddings=2048,
        rms_norm_eps=1e-5,
        bos_token_id=vocab[BOS],
        eos_token_id=vocab[EOS],
        pad_token_id=vocab[PAD],
        tie_word_embeddings=False,
    )
    return LlavaConfig(
        vision_config=clip.vision_config,
        text_config=text,
        image_token_index=vocab[IMAGE],
        image_seq_length=576,
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
        projector_hidden_act="gelu",
        multimodal_projector_bias=True,
    )


def new_clip(size: str, vocab: dict[str, int]) -> CLIPModel:
    clip = CLIPModel._from_config(clip_config(size, vocab), attn_implementation="plain")
    ramp_positions(clip)
    return clip


@torch.no_grad()
def ramp_positions(clip: CLIPModel, strength: float = 0.5) -> None:
    """Adds to the position table a ramp along x and one along y, each in a direction of its own, so that places can be read
    off linearly from the first step. From CLIP's random table the tower learns that slowly: after three minutes of loss F it
    was still five patches off."""
    embeddings = clip.vision_model.embeddings
    side = embeddings.image_size // embeddings.patch_size
    table = embeddings.position_embedding.weight
    scale = strength * (table[1:].std() ** 2 + embeddings.patch_embedding.weight.std() ** 2 * 588).sqrt()
    generator = torch.Generator().manual_seed(0)
    directions = torch.linalg.qr(torch.randn(table.shape[1], 2, generator=generator)).Q.T * table.shape[1] ** 0.5
    line = torch.linspace(-1, 1, side)
    table[1:] += scale * (line.repeat(side)[:, None] * directions[0] + line.repeat_interleave(side)[:, None] * directions[1])


def new_llava(size: str, vocab: dict[str, int], clip: CLIPModel) -> LlavaForConditionalGeneration:
    """A LLaVA whose vision tower has the weights of the CLIP model's."""
    model = LlavaForConditionalGeneration._from_config(llava_config(size, vocab, clip.config), attn_implementation="plain")
    tower = model.model.vision_tower
    getattr(tower, "vision_model", tower).load_state_dict(clip.vision_model.state_dict())
    return model


class Tower:
    """The vision transformer layer by layer, for images smaller than its position table too."""

    def __init__(self, vision_model):
        self.model = vision_model
        self.side = vision_model.embeddings.image_size // vision_model.embeddings.patch_size

    def position_ids(self, grid: int, corner: tuple[int, int]) -> torch.Tensor:
        """Class position, then those of a `grid x grid` window of the position table."""
        rows = torch.arange(grid) + corner[0]
        columns = torch.arange(grid) + corner[1]
        return torch.cat([torch.zeros(1, dtype=torch.long), 1 + (rows[:, None] * self.side + columns).flatten()])

    def hidden_states(self, pixels: torch.Tensor, corner: tuple[int, int] = (0, 0), last: bool = True) -> list[torch.Tensor]:
        """Input of each layer and the output of the last, [B, 1 + P, C] each; without the last layer if `last` is False."""
        embeddings = self.model.embeddings
        patches = embeddings.patch_embedding(pixels)
        grid = patches.shape[-1]
        patches = patches.flatten(2).transpose(1, 2)
        cls = embeddings.class_embedding.expand(len(pixels), 1, -1)
        positions = embeddings.position_embedding(self.position_ids(grid, corner).to(pixels.device))
        states = [self.model.pre_layrnorm(torch.cat([cls.to(patches.dtype), patches], 1) + positions)]
        for layer in self.model.encoder.layers if last else self.model.encoder.layers[:-1]:
            states.append(layer(states[-1], attention_mask=None))
        return states
