"""Tiny vision-language models of random weights, in the layout that transformers.js loads: `tests/models/families.test.ts` runs them.

    python -m recoup_fixtures.make_vlms tests/golden/families

Genuine transformers classes: LLaVA with a SigLIP tower, LLaVA-OneVision (Qwen2), SmolVLM (tiles, pixel shuffle). The words are those of
the bundled model. What they say means nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import torch
from torch import nn
from torch.export import Dim
from transformers import (
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
)

from recoup_train.export import CHAT_TEMPLATE, published_tokenizer, write_json
from recoup_train.onnx_parts import Decoder, EmbedTokens, _export
from recoup_train.words import BOS, EOS, IMAGE, PAD, load_vocabulary

SIDE, PATCH, WIDTH = 28, 7, 32
#: Marks of SmolVLM's prompts, for pictures of up to 2 x 2 tiles.
MARKS = ["<fake_token_around_image>", "<global-img>", *(f"<row_{r}_col_{c}>" for r in (1, 2) for c in (1, 2))]
VISION = {"hidden_size": WIDTH, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": SIDE, "patch_size": PATCH}


def text_config(vocab: dict[str, int], model_type: str) -> dict:
    return {
        "model_type": model_type,
        "vocab_size": len(vocab),
        "hidden_size": WIDTH,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 2048,
        "bos_token_id": vocab[BOS],
        "eos_token_id": vocab[EOS],
        "pad_token_id": vocab[PAD],
        "tie_word_embeddings": False,
    }


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

    def forward(self, pixel_values, pixel_attention_mask):
        seen = pixel_values * pixel_attention_mask[:, :, None].to(pixel_values.dtype)
        tiles = seen.flatten(0, 1)
        patches = torch.ones(tiles.shape[0], SIDE // PATCH, SIDE // PATCH, dtype=torch.bool)
        return self.connector(self.tower(pixel_values=tiles, patch_attention_mask=patches).last_hidden_state)


def export_language(text: nn.Module, head: nn.Module, config, folder: Path) -> None:
    batch = Dim("batch_size", min=1, max=1024)
    new, before = Dim("sequence_length", min=1, max=65536), Dim("past_sequence_length", min=0, max=65536)
    owner = SimpleNamespace(model=SimpleNamespace(language_model=text), lm_head=head, get_input_embeddings=text.get_input_embeddings)
    ids = torch.ones(2, 5, dtype=torch.long)
    _export(EmbedTokens(owner), {"input_ids": ids}, folder / "embed_tokens.onnx", ["inputs_embeds"], {"input_ids": {0: batch, 1: new}}, ["input_ids"])
    width = config.hidden_size // config.num_attention_heads
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


def write_folder(folder: Path, model, vocab: dict[str, int], preprocessor: dict, processor: dict, marks: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = published_tokenizer(vocab, end=False)
    if marks:
        from tokenizers import AddedToken

        tokenizer.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in marks])
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": 2048,
            "bos_token": BOS,
            "eos_token": EOS,
            "unk_token": "<unk>",
            "pad_token": PAD,
            "padding_side": "left",
            "clean_up_tokenization_spaces": False,
            "chat_template": CHAT_TEMPLATE.replace("<image>\\n", "<image>"),
            "processor_class": processor["processor_class"],
        },
    )
    config = json.loads(json.dumps(model.config.to_dict(), default=str)) | {"architectures": [type(model).__name__]}
    write_json(folder / "config.json", config | {"image_token_index": vocab[IMAGE], "transformers.js_config": {"dtype": "fp32"}})
    write_json(folder / "generation_config.json", {"bos_token_id": vocab[BOS], "eos_token_id": vocab[EOS], "pad_token_id": vocab[PAD]})
    common = {"do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "do_convert_rgb": True}
    write_json(folder / "preprocessor_config.json", common | preprocessor)
    write_json(folder / "processor_config.json", processor)


def single(folder: Path, model, vocab: dict[str, int], image_processor: str) -> None:
    """A family with one picture tensor and one run of placeholders."""
    size = {"height": SIDE, "width": SIDE}
    processor = {"processor_class": "LlavaProcessor", "image_token": IMAGE, "patch_size": PATCH, "num_additional_image_tokens": 0}
    write_folder(folder, model, vocab, {"image_processor_type": image_processor, "do_resize": True, "size": size, "resample": 3}, processor, [])
    batch = Dim("batch_size", min=1, max=1024)
    pixels = {"pixel_values": torch.randn(2, 3, SIDE, SIDE)}
    _export(Projected(model), pixels, folder / "onnx/vision_encoder.onnx", ["image_features"], {"pixel_values": {0: batch}}, ["pixel_values"])
    export_language(model.model.language_model, model.lm_head, model.config.text_config, folder / "onnx")


def tiled(folder: Path, model, vocab: dict[str, int]) -> None:
    preprocessor = {
        "processor_class": "SmolVLMProcessor",
        "image_processor_type": "SmolVLMImageProcessor",
        "do_resize": True,
        "size": {"longest_edge": 2 * SIDE},
        "max_image_size": {"longest_edge": SIDE},
        "do_image_splitting": True,
        "do_pad": True,
        "resample": 1,
    }
    write_folder(folder, model, vocab, preprocessor, {"processor_class": "SmolVLMProcessor", "image_seq_len": 4}, MARKS)
    batch, tiles = Dim("batch_size", min=1, max=64), Dim("num_images", min=1, max=64)
    inputs = {"pixel_values": torch.randn(2, 3, 3, SIDE, SIDE), "pixel_attention_mask": torch.ones(2, 3, SIDE, SIDE, dtype=torch.bool)}
    dynamic = {name: {0: batch, 1: tiles} for name in inputs}
    _export(Tiles(model), inputs, folder / "onnx/vision_encoder.onnx", ["image_features"], dynamic, list(inputs))
    export_language(model.model.text_model, model.lm_head, model.config.text_config, folder / "onnx")


def main(out: Path) -> None:
    torch.manual_seed(0)
    vocab = load_vocabulary(Path(__file__).parents[1] / "weights" / "vocabulary.json")
    seven = vocab | {mark: len(vocab) + i for i, mark in enumerate(MARKS)}
    siglip = {"model_type": "siglip_vision_model", "vision_use_head": False, **VISION}
    llava = LlavaConfig(vision_config=siglip, text_config=text_config(vocab, "llama"), image_token_index=vocab[IMAGE], vision_feature_layer=-1, vision_feature_select_strategy="full")
    single(out / "llava-siglip", build(LlavaForConditionalGeneration, llava), vocab, "SiglipImageProcessor")
    onevision = LlavaOnevisionConfig(vision_config=siglip, text_config=text_config(vocab, "qwen2"), image_token_index=vocab[IMAGE])
    single(out / "llava-onevision", build(LlavaOnevisionForConditionalGeneration, onevision), vocab, "LlavaOnevisionImageProcessor")
    smol = SmolVLMConfig(vision_config=VISION, text_config=text_config(seven, "llama"), image_token_id=vocab[IMAGE], scale_factor=2, pad_token_id=vocab[PAD])
    tiled(out / "smolvlm", build(SmolVLMForConditionalGeneration, smol), vocab)


def build(kind, config):
    model = kind._from_config(config, attn_implementation="eager").eval()
    # Random weights of the usual size answer the same whatever they see: larger ones listen to the picture.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4)
    return model


if __name__ == "__main__":
    main(Path(sys.argv[1]))
