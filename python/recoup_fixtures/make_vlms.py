"""Tiny vision-language models of random weights, in the layout that transformers.js loads: `tests/models/families.test.ts` runs them.

    python -m recoup_fixtures.make_vlms tests/golden/families

Genuine transformers classes: LLaVA with a SigLIP tower, LLaVA-OneVision (Qwen2), SmolVLM (tiles, pixel shuffle), Gemma 3 (pooled tokens,
sliding window), FastVLM, PaliGemma (prompts read in both directions), Mistral 3 (images of any proportions). Only FastVLM's tower is
not its own: FastViTHD is in timm alone, so a ConvNeXt, which gives maps of features as well, stands in. The words are those of the
bundled model. What they say means nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from torch.export import Dim
from transformers import (
    FastVlmConfig,
    FastVlmForConditionalGeneration,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaOnevisionConfig,
    LlavaOnevisionForConditionalGeneration,
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
)

from recoup_fixtures.vlm_parts import Features, Prefix, Projected, Tiles, Windowed, export_language, export_lines, export_single
from recoup_train.export import CHAT_TEMPLATE, published_tokenizer, write_json
from recoup_train.onnx_parts import _export
from recoup_train.words import BOS, EOS, IMAGE, PAD, load_vocabulary

SIDE, PATCH, WIDTH = 28, 7, 32
#: Marks of SmolVLM's prompts, for images of up to 2 x 2 tiles.
MARKS = ["<fake_token_around_image>", "<global-img>", *(f"<row_{r}_col_{c}>" for r in (1, 2) for c in (1, 2))]
#: Marks of Gemma 3's prompts. Its vocabulary has two line ends as one token, which tells whether they are written.
GEMMA_MARKS = ["<start_of_image>", "<end_of_image>", "<start_of_turn>", "<end_of_turn>", "\n\n"]
GEMMA_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n' }}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<start_of_image>{% else %}{{ part['text'] | trim }}{% endif %}"
    "{% endfor %}{{ '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
#: Of FastVLM, whose template takes texts only.
QWEN_MARKS = ["<|im_start|>", "<|im_end|>"]
QWEN_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
#: Of Mistral 3: ends of an image's lines, end of an image, turns.
MISTRAL_MARKS = ["[IMG_BREAK]", "[IMG_END]", "[INST]", "[/INST]"]
MISTRAL_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}[INST]{% endif %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}"
    "{% if message['role'] == 'user' %}[/INST]{% else %}{{ eos_token }}{% endif %}{% endfor %}"
)
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


def with_marks(vocab: dict[str, int], marks: list[str]) -> dict[str, int]:
    return vocab | {mark: len(vocab) + i for i, mark in enumerate(marks)}


def write_folder(
    folder: Path,
    model,
    vocab: dict[str, int],
    preprocessor: dict,
    processor: dict,
    marks: list[str],
    template: str | None = CHAT_TEMPLATE.replace("<image>\\n", "<image>"),
    begins: bool = True,
    **more,
) -> None:
    """`begins`: whether the tokenizer puts its begin token before a text. `more`: of tokenizer_config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = published_tokenizer(vocab, end=False)
    if marks:
        from tokenizers import AddedToken

        tokenizer.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in marks])
    if not begins:
        from tokenizers import processors

        tokenizer.post_processor = processors.TemplateProcessing(single="$A", special_tokens=[])
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
            **({} if template is None else {"chat_template": template}),
            "processor_class": processor["processor_class"],
            **more,
        },
    )
    config = json.loads(json.dumps(model.config.to_dict(), default=str)) | {"architectures": [type(model).__name__]}
    write_json(folder / "config.json", config | {"image_token_index": vocab[IMAGE], "transformers.js_config": {"dtype": "fp32"}})
    write_json(folder / "generation_config.json", {"bos_token_id": vocab[BOS], "eos_token_id": vocab[EOS], "pad_token_id": vocab[PAD]})
    common = {"do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "do_convert_rgb": True}
    write_json(folder / "preprocessor_config.json", common | preprocessor)
    write_json(folder / "processor_config.json", processor)


def single(folder: Path, model, vocab: dict[str, int], image_processor: str) -> None:
    """A family with one image tensor and one run of placeholders."""
    size = {"height": SIDE, "width": SIDE}
    processor = {"processor_class": "LlavaProcessor", "image_token": IMAGE, "patch_size": PATCH, "num_additional_image_tokens": 0}
    write_folder(folder, model, vocab, {"image_processor_type": image_processor, "do_resize": True, "size": size, "resample": 3}, processor, [])
    export_single(folder, model, Projected(model), SIDE)


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


def gemma3(folder: Path, vocab: dict[str, int]) -> None:
    """8 x 8 patches, pooled to 4 x 4 tokens; one layer of two attends to the last 8 tokens only."""
    whole, side = with_marks(vocab, GEMMA_MARKS), 2 * SIDE
    vision = {"model_type": "siglip_vision_model", "vision_use_head": False, **VISION, "image_size": side}
    text = text_config(whole, "gemma3_text") | {"head_dim": 8, "sliding_window": 8, "layer_types": ["sliding_attention", "full_attention"]}
    config = Gemma3Config(
        vision_config=vision,
        text_config=text,
        mm_tokens_per_image=16,
        boi_token_index=whole["<start_of_image>"],
        eoi_token_index=whole["<end_of_image>"],
        image_token_index=vocab[IMAGE],
    )
    model = build(Gemma3ForConditionalGeneration, config)
    with torch.no_grad():
        model.model.multi_modal_projector.mm_input_projection_weight.normal_(0, 0.3)
    named = {"processor_class": "Gemma3Processor"}
    size = {"height": side, "width": side}
    preprocessor = named | {"image_processor_type": "Gemma3ImageProcessor", "do_resize": True, "size": size, "resample": 2}
    tokens = {"boi_token": "<start_of_image>", "image_token": IMAGE, "eoi_token": "<end_of_image>"}
    write_folder(folder, model, vocab, preprocessor, named | {"image_seq_length": 16}, GEMMA_MARKS, GEMMA_TEMPLATE, **tokens)
    (folder / "chat_template.jinja").write_text(GEMMA_TEMPLATE)
    export_single(folder, model, Projected(model), side, Windowed(model.model.language_model))


def fastvlm(folder: Path, vocab: dict[str, int]) -> None:
    """32 x 32 pixels, of which each of 4 x 4 tokens covers 8 x 8. The language model's sizes are at the top of config.json."""
    side, text = 32, text_config(with_marks(vocab, QWEN_MARKS), "qwen2")
    vision = {"model_type": "convnext", "hidden_size": WIDTH, "hidden_sizes": [16, WIDTH], "depths": [1, 1], "num_stages": 2, "image_size": side}
    model = build(FastVlmForConditionalGeneration, FastVlmConfig(vision_config=vision, text_config=text, image_token_index=vocab[IMAGE]))
    named = {"processor_class": "LlavaProcessor"}
    size = {"height": side, "width": side}
    preprocessor = named | {"image_processor_type": "CLIPImageProcessor", "do_resize": True, "size": size, "resample": 3}
    processor = named | {"image_token": IMAGE, "patch_size": 8, "num_additional_image_tokens": 0}
    write_folder(folder, model, vocab, preprocessor, processor, QWEN_MARKS, QWEN_TEMPLATE, begins=False)
    config = text | {"model_type": "llava_qwen2", "architectures": ["LlavaQwen2ForCausalLM"], "image_token_index": vocab[IMAGE]}
    write_json(folder / "config.json", config | {"transformers.js_config": {"dtype": "fp32"}})
    export_single(folder, model, Features(model), side)


def paligemma(folder: Path, vocab: dict[str, int]) -> None:
    vision = {"model_type": "siglip_vision_model", "vision_use_head": False, "projection_dim": WIDTH, **VISION}
    text = text_config(vocab, "gemma") | {"head_dim": 8}
    config = PaliGemmaConfig(vision_config=vision, text_config=text, image_token_index=vocab[IMAGE], projection_dim=WIDTH)
    model = build(PaliGemmaForConditionalGeneration, config)
    named = {"processor_class": "PaliGemmaProcessor"}
    size = {"height": SIDE, "width": SIDE}
    preprocessor = named | {"image_processor_type": "SiglipImageProcessor", "do_resize": True, "size": size, "resample": 3, "image_seq_length": 16}
    write_folder(folder, model, vocab, preprocessor, named, [], None, begins=False)
    export_single(folder, model, Projected(model), SIDE, Prefix(model.model.language_model))


def mistral3(folder: Path, vocab: dict[str, int]) -> None:
    """Patches of 7 x 7 pixels, 2 x 2 of them a token."""
    marked = with_marks(vocab, MISTRAL_MARKS)
    vision = {"model_type": "pixtral", **VISION, "image_size": 12 * PATCH}
    config = Mistral3Config(vision_config=vision, text_config=text_config(marked, "mistral"), image_token_index=vocab[IMAGE], spatial_merge_size=2)
    model = build(Mistral3ForConditionalGeneration, config)
    named = {"processor_class": "PixtralProcessor"}
    sizes = {"patch_size": PATCH, "spatial_merge_size": 2}
    preprocessor = named | sizes | {"image_processor_type": "PixtralImageProcessor", "do_resize": True, "size": {"longest_edge": 12 * PATCH}, "resample": 3}
    tokens = {"image_token": IMAGE, "image_break_token": "[IMG_BREAK]", "image_end_token": "[IMG_END]"}
    write_folder(folder, model, vocab, preprocessor, named | sizes | tokens, MISTRAL_MARKS, MISTRAL_TEMPLATE)
    export_lines(folder, model, 2 * PATCH)
    export_language(model.model.language_model, model.lm_head, model.config.text_config, folder / "onnx")


def main(out: Path) -> None:
    torch.manual_seed(0)
    vocab = load_vocabulary(Path(__file__).parents[1] / "weights" / "vocabulary.json")
    siglip = {"model_type": "siglip_vision_model", "vision_use_head": False, **VISION}
    llava = LlavaConfig(vision_config=siglip, text_config=text_config(vocab, "llama"), image_token_index=vocab[IMAGE], vision_feature_layer=-1, vision_feature_select_strategy="full")
    single(out / "llava-siglip", build(LlavaForConditionalGeneration, llava), vocab, "SiglipImageProcessor")
    onevision = LlavaOnevisionConfig(vision_config=siglip, text_config=text_config(vocab, "qwen2"), image_token_index=vocab[IMAGE])
    single(out / "llava-onevision", build(LlavaOnevisionForConditionalGeneration, onevision), vocab, "LlavaOnevisionImageProcessor")
    smol = SmolVLMConfig(vision_config=VISION, text_config=text_config(with_marks(vocab, MARKS), "llama"), image_token_id=vocab[IMAGE], scale_factor=2, pad_token_id=vocab[PAD])
    tiled(out / "smolvlm", build(SmolVLMForConditionalGeneration, smol), vocab)
    for name, make in {"gemma3": gemma3, "fastvlm": fastvlm, "paligemma": paligemma, "mistral3": mistral3}.items():
        torch.manual_seed(0)
        make(out / name, vocab)


def build(kind, config):
    model = kind._from_config(config, attn_implementation="eager").eval()
    # Random weights of the usual size give the same answer to any image: larger ones depend on it.
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4)
    return model


if __name__ == "__main__":
    main(Path(sys.argv[1]))
