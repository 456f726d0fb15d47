"""The ONNX files of a LLaVA and a CLIP model in the layout that transformers.js loads.

Works on any LlavaForConditionalGeneration with a CLIP tower and a Llama-like decoder, and on any CLIPModel: the bundled model
and LLaVA-1.5-7B go through the same functions.
"""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from torch import nn
from torch.export import Dim
from transformers import CLIPModel, DynamicCache, LlavaForConditionalGeneration

#: 17 is what published files for transformers.js have; newer ones are not needed here.
OPSET = 18


class VisionEncoder(nn.Module):
    """pixel_values [B, 3, S, S] -> image_features [B, P, D]: layer -2 of the tower without the class token, projected. The
    tower's last layer feeds nothing, so it is not in the file, as in published ones."""

    def __init__(self, model: LlavaForConditionalGeneration):
        super().__init__()
        self.tower, self.projector = model.model.vision_tower, model.model.multi_modal_projector
        self.layer = model.config.vision_feature_layer

    def forward(self, pixel_values):
        states = self.tower(pixel_values, output_hidden_states=True).hidden_states[self.layer]
        return self.projector(states[:, 1:])


class EmbedTokens(nn.Module):
    """input_ids [B, S] -> inputs_embeds [B, S, D]."""

    def __init__(self, model: LlavaForConditionalGeneration):
        super().__init__()
        self.embed = model.get_input_embeddings()

    def forward(self, input_ids):
        return self.embed(input_ids)


class Decoder(nn.Module):
    """One step with a cache: embeddings, mask over past and new tokens, positions and past keys and values -> logits and all
    keys and values. An empty past is the prefill."""

    def __init__(self, model: LlavaForConditionalGeneration):
        super().__init__()
        self.model, self.head = model.model.language_model, model.lm_head
        self.layers = self.model.config.num_hidden_layers

    def forward(self, inputs_embeds, attention_mask, position_ids, past):
        cache = DynamicCache(config=self.model.config)
        for layer in range(self.layers):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        before, new = past[0].shape[2], inputs_embeds.shape[1]
        # Written out, so that the graph has one small mask and no branch on its length.
        query = torch.arange(new, device=inputs_embeds.device)[:, None] + before
        key = torch.arange(attention_mask.shape[1], device=inputs_embeds.device)[None, :]
        allowed = (key <= query)[None, None] & (attention_mask[:, None, None, :] > 0)
        lowest = torch.finfo(inputs_embeds.dtype).min
        mask = torch.where(allowed, 0.0, lowest).to(inputs_embeds.dtype)
        output = self.model(
            inputs_embeds=inputs_embeds, attention_mask=mask, position_ids=position_ids, past_key_values=cache, use_cache=True
        )
        logits = self.head(output.last_hidden_state)
        present = [tensor for layer in cache.layers for tensor in (layer.keys, layer.values)]
        return (logits, *present)


class HalfDecoder(Decoder):
    """The same in half precision, embeddings and logits as float32: what published fp16 files take and give. Keys and values are
    halves too, so a cache takes half the memory."""

    def forward(self, inputs_embeds, attention_mask, position_ids, past):
        logits, *present = super().forward(inputs_embeds.half(), attention_mask, position_ids, past)
        return (logits.float(), *present)


class ClipVision(nn.Module):
    """pixel_values -> image_embeds [B, D], last_hidden_state [B, 1 + P, C]: the outputs of published CLIP vision files."""

    def __init__(self, clip: CLIPModel):
        super().__init__()
        self.model, self.projection = clip.vision_model, clip.visual_projection

    def forward(self, pixel_values):
        output = self.model(pixel_values)
        return self.projection(output.pooler_output), output.last_hidden_state


class ClipText(nn.Module):
    """input_ids, attention_mask -> text_embeds [B, D], last_hidden_state [B, S, C]: those of published CLIP text files."""

    def __init__(self, clip: CLIPModel):
        super().__init__()
        self.model, self.projection = clip.text_model, clip.text_projection

    def forward(self, input_ids, attention_mask):
        output = self.model(input_ids=input_ids, attention_mask=attention_mask)
        return self.projection(output.pooler_output), output.last_hidden_state


#: Files above this lie apart from their weights: protobuf ends at 2 GiB.
LONGEST = 1.9e9


def _export(module: nn.Module, inputs: dict, path: Path, output_names: list[str], dynamic: dict, names: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    program = torch.onnx.export(
        module.eval(),
        kwargs=inputs,
        input_names=names,
        output_names=output_names,
        dynamic_shapes=dynamic,
        opset_version=OPSET,
        dynamo=True,
        external_data=False,
        optimize=True,
        verbose=False,
    )
    forget_origin(program.model)
    size = sum(p.numel() * p.element_size() for p in module.parameters())
    if size < LONGEST:
        program.save(str(path), external_data=False)
        return
    program.save(str(path), external_data=True)
    rename_data(path)


def rename_data(path: Path) -> None:
    """Weights beside FILE.onnx in FILE.onnx_data, where transformers.js looks for them; exporters call it FILE.onnx.data."""
    model = onnx.load(str(path), load_external_data=False)
    name = f"{path.name}_data"
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = name
    path.with_name(f"{path.name}.data").rename(path.with_name(name))
    onnx.save(model, str(path))


def forget_origin(model) -> None:
    """Nothing in a file may depend on where it was made: exporters write paths of source files into nodes."""
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
        node.doc_string = None
    for value in model.graph.initializers.values():
        value.metadata_props.clear()
    model.metadata_props.clear()


def export_llava(model: LlavaForConditionalGeneration, folder: Path, half: bool = False) -> None:
    """vision_encoder.onnx, embed_tokens.onnx and decoder_model_merged.onnx, the last also as `_fp16` where `half`."""
    vision, text = model.config.vision_config, model.config.text_config
    size = vision.image_size
    batch = Dim("batch_size", min=1, max=1024)
    _export(
        VisionEncoder(model),
        {"pixel_values": torch.randn(2, 3, size, size)},
        folder / "vision_encoder.onnx",
        ["image_features"],
        {"pixel_values": {0: batch}},
        ["pixel_values"],
    )
    ids = torch.ones(2, 5, dtype=torch.long)
    new, before = Dim("sequence_length", min=1, max=65536), Dim("past_sequence_length", min=0, max=65536)
    _export(
        EmbedTokens(model),
        {"input_ids": ids},
        folder / "embed_tokens.onnx",
        ["inputs_embeds"],
        {"input_ids": {0: batch, 1: new}},
        ["input_ids"],
    )
    heads, width = text.num_key_value_heads, getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    precision = torch.float16 if half else torch.float32
    past = [torch.randn(2, heads, 7, width, dtype=precision) for _ in range(2 * text.num_hidden_layers)]
    pairs = [f"{i}.{part}" for i in range(text.num_hidden_layers) for part in ("key", "value")]
    _export(
        HalfDecoder(model).half() if half else Decoder(model),
        {
            "inputs_embeds": torch.randn(2, 5, text.hidden_size),
            "attention_mask": torch.ones(2, 12, dtype=torch.long),
            "position_ids": torch.arange(7, 12).expand(2, 5).clone(),
            "past": past,
        },
        folder / f"decoder_model_merged{'_fp16' if half else ''}.onnx",
        ["logits", *(f"present.{pair}" for pair in pairs)],
        {
            "inputs_embeds": {0: batch, 1: new},
            "attention_mask": {0: batch, 1: Dim.DYNAMIC},
            "position_ids": {0: batch, 1: new},
            "past": [{0: batch, 2: before} for _ in past],
        },
        ["inputs_embeds", "attention_mask", "position_ids", *(f"past_key_values.{pair}" for pair in pairs)],
    )


def export_clip(clip: CLIPModel, folder: Path) -> None:
    """vision_model.onnx and text_model.onnx."""
    size = clip.config.vision_config.image_size
    batch, length = Dim("batch_size", min=1, max=1024), Dim("sequence_length", min=1, max=clip.config.text_config.max_position_embeddings)
    _export(
        ClipVision(clip),
        {"pixel_values": torch.randn(2, 3, size, size)},
        folder / "vision_model.onnx",
        ["image_embeds", "last_hidden_state"],
        {"pixel_values": {0: batch}},
        ["pixel_values"],
    )
    ids = torch.randint(3, 20, (2, 9))
    _export(
        ClipText(clip),
        {"input_ids": ids, "attention_mask": torch.ones_like(ids)},
        folder / "text_model.onnx",
        ["text_embeds", "last_hidden_state"],
        {"input_ids": {0: batch, 1: length}, "attention_mask": {0: batch, 1: length}},
        ["input_ids", "attention_mask"],
    )
