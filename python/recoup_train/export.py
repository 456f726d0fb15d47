"""Stage 3: the model folders. `python -m recoup_train.export --tower RUN --decoder RUN --out models`

Writes models/tiny (LLaVA) and models/tiny-clip (CLIP) in the layout that transformers.js loads, and compares the ONNX files
with PyTorch. `--checkpoint FOLDER` takes a saved LlavaForConditionalGeneration instead, for example LLaVA-1.5-7B.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import CLIPModel, LlavaForConditionalGeneration

from .models import new_clip, new_llava
from .onnx_parts import Decoder, export_clip, export_llava
from .words import BOS, EOS, IMAGE, LETTERS, PAD, UNK, load_vocabulary

CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ message['role'].upper() }}: "
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>\n{% endif %}{% endfor %}"
    "{% for part in message['content'] %}{% if part['type'] == 'text' %}{{ part['text'] }}{% endif %}{% endfor %}"
    "{% endif %}"
    "{% if message['role'] == 'assistant' %}</s>{% else %} {% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)


def published_tokenizer(vocab: dict[str, int], end: bool) -> Tokenizer:
    """Whole words only, in the form of WordPiece: transformers.js has no word-level model. Letters come out as capitals, as
    benchmarks want the letter of an option. `end` closes each text, as CLIP's tokenizer does."""
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token=UNK, continuing_subword_prefix="##", max_input_chars_per_word=100))
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in (PAD, BOS, UNK, IMAGE, EOS)])
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    capitals = sorted({*LETTERS, *"ABCDE"})
    from tokenizers import Regex

    tokenizer.decoder = decoders.Sequence(
        [*(decoders.Replace(Regex(f"^{letter.lower()}$"), letter) for letter in capitals), decoders.WordPiece(prefix="##", cleanup=False)]
    )
    specials = [(BOS, vocab[BOS]), (EOS, vocab[EOS])]
    single = f"{BOS} $A {EOS}" if end else f"{BOS} $A"
    tokenizer.post_processor = processors.TemplateProcessing(single=single, special_tokens=specials)
    return tokenizer


def write_json(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_tokenizer(folder: Path, vocab: dict[str, int], end: bool, length: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    published_tokenizer(vocab, end).save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": length,
        "bos_token": BOS,
        "eos_token": EOS,
        "unk_token": UNK,
        "pad_token": PAD,
        "padding_side": "right" if end else "left",
        "clean_up_tokenization_spaces": False,
        "model_input_names": ["input_ids", "attention_mask"],
    }
    if not end:
        config |= {"chat_template": CHAT_TEMPLATE, "processor_class": "LlavaProcessor"}
    write_json(folder / "tokenizer_config.json", config)


def write_preprocessor(folder: Path, **more) -> None:
    write_json(
        folder / "preprocessor_config.json",
        {
            "image_processor_type": "CLIPImageProcessor",
            "do_convert_rgb": True,
            "do_resize": True,
            "size": {"shortest_edge": 336},
            "resample": 3,
            "do_center_crop": True,
            "crop_size": {"height": 336, "width": 336},
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": [0.5, 0.5, 0.5],
            "image_std": [0.25, 0.25, 0.25],
            **more,
        },
    )


def write_llava(model: LlavaForConditionalGeneration, vocab: dict[str, int], folder: Path) -> None:
    write_tokenizer(folder, vocab, end=False, length=2048)
    write_preprocessor(folder, processor_class="LlavaProcessor")
    # "full" and 0: the number of placeholders is 24 x 24 in both Python, which subtracts one for "default", and JavaScript,
    # which does not. What the model itself drops is in config.json.
    write_json(
        folder / "processor_config.json",
        {
            "processor_class": "LlavaProcessor",
            "image_token": IMAGE,
            "patch_size": 14,
            "vision_feature_select_strategy": "full",
            "num_additional_image_tokens": 0,
        },
    )
    save_config(model, folder)
    write_json(
        folder / "generation_config.json",
        {"bos_token_id": vocab[BOS], "eos_token_id": vocab[EOS], "pad_token_id": vocab[PAD], "max_new_tokens": 8, "do_sample": False},
    )
    export_llava(model, folder / "onnx")


def save_config(model, folder: Path) -> None:
    config = model.config.to_diff_dict() | {"architectures": [type(model).__name__], "torch_dtype": "float32"}
    config = json.loads(json.dumps(config, default=str))
    for name in ("vision_config", "text_config"):
        config[name] = json.loads(json.dumps(getattr(model.config, name).to_dict(), default=str))
    # float32 files only: without this, browsers would ask for quantized ones.
    config["transformers.js_config"] = {"dtype": "fp32"}
    write_json(folder / "config.json", config)


def write_clip(clip: CLIPModel, vocab: dict[str, int], folder: Path) -> None:
    write_tokenizer(folder, vocab, end=True, length=77)
    write_preprocessor(folder)
    save_config(clip, folder)
    export_clip(clip, folder / "onnx")


@torch.no_grad()
def compare(model: LlavaForConditionalGeneration, clip: CLIPModel, out: Path) -> dict[str, float]:
    """Largest difference of each ONNX output from PyTorch's, relative to its largest value."""
    torch.manual_seed(0)
    run = lambda path, inputs: onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, inputs)
    pixels = torch.randn(2, 3, 336, 336)
    ids = torch.randint(4, 40, (2, 11))
    ids[:, -1] = clip.config.text_config.eos_token_id
    differences = {}

    def note(name, got, want):
        differences[name] = float(np.abs(got - want.numpy()).max() / np.abs(want.numpy()).max())

    features = model.get_image_features(pixels)
    features = features.pooler_output if hasattr(features, "pooler_output") else features
    features = torch.stack(list(features)) if isinstance(features, (list, tuple)) else features
    note("vision_encoder", run(out / "tiny/onnx/vision_encoder.onnx", {"pixel_values": pixels.numpy()})[0], features)
    embeds = model.get_input_embeddings()(ids)
    note("embed_tokens", run(out / "tiny/onnx/embed_tokens.onnx", {"input_ids": ids.numpy()})[0], embeds)
    text = model.config.text_config
    width = text.hidden_size // text.num_attention_heads
    past = [torch.randn(2, text.num_key_value_heads, 6, width) for _ in range(2 * text.num_hidden_layers)]
    for name, before in (("decoder, prefill", [p[:, :, :0] for p in past]), ("decoder, with past", past)):
        length = before[0].shape[2] + 11
        inputs = {
            "inputs_embeds": embeds,
            "attention_mask": torch.ones(2, length, dtype=torch.long),
            "position_ids": torch.arange(length - 11, length).expand(2, 11),
        }
        want = Decoder(model)(**inputs, past=before)[0]
        pairs = [f"past_key_values.{i}.{part}" for i in range(text.num_hidden_layers) for part in ("key", "value")]
        feeds = {k: v.numpy() for k, v in inputs.items()} | {k: v.numpy() for k, v in zip(pairs, before)}
        note(name, run(out / "tiny/onnx/decoder_model_merged.onnx", feeds)[0], want)
    vision = clip.vision_model(pixels)
    got = run(out / "tiny-clip/onnx/vision_model.onnx", {"pixel_values": pixels.numpy()})
    note("clip image_embeds", got[0], clip.visual_projection(vision.pooler_output))
    note("clip vision last_hidden_state", got[1], vision.last_hidden_state)
    words = clip.text_model(input_ids=ids)
    got = run(out / "tiny-clip/onnx/text_model.onnx", {"input_ids": ids.numpy(), "attention_mask": np.ones_like(ids)})
    note("clip text_embeds", got[0], clip.text_projection(words.pooler_output))
    return differences


def build(size: str, vocab: dict[str, int], clip_state: dict, trained: dict) -> tuple[LlavaForConditionalGeneration, CLIPModel]:
    """The models with these weights, and with the attention that exporters know. `trained` holds all of LLaVA but its tower."""
    clip = new_clip(size, vocab)
    clip.load_state_dict(clip_state)
    model = new_llava(size, vocab, clip)
    parts = {"projector": model.model.multi_modal_projector, "language_model": model.model.language_model, "lm_head": model.lm_head}
    torch.nn.ModuleDict(parts).load_state_dict(trained)
    for one in (model, clip):
        one.set_attn_implementation("eager")
        one.eval()
    return model, clip


def load_runs(size: str, tower: Path, decoder: Path) -> tuple[LlavaForConditionalGeneration, CLIPModel, dict[str, int]]:
    """The trained models of two runs, and their vocabulary."""
    vocab = load_vocabulary(tower / "vocabulary.json")
    clip_state = torch.load(tower / "checkpoint.pt", map_location="cpu", weights_only=True)["clip"]
    trained = torch.load(decoder / "checkpoint.pt", map_location="cpu", weights_only=True)["trained"]
    return *build(size, vocab, clip_state, trained), vocab


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tower", type=Path)
    parser.add_argument("--decoder", type=Path)
    parser.add_argument("--checkpoint", type=Path, help="a saved LLaVA model; its ONNX files go to OUT/onnx")
    parser.add_argument("--size", default="cpu")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.checkpoint:
        model = LlavaForConditionalGeneration.from_pretrained(arguments.checkpoint, attn_implementation="eager").eval()
        export_llava(model, arguments.out / "onnx")
        return
    model, clip, vocab = load_runs(arguments.size, arguments.tower, arguments.decoder)
    write_llava(model, vocab, arguments.out / "tiny")
    write_clip(clip, vocab, arguments.out / "tiny-clip")
    differences = compare(model, clip, arguments.out)
    write_json(arguments.out / "tiny" / "onnx-differences.json", differences)
    for name, value in differences.items():
        print(f"{name:32s}{value:.1e}")


if __name__ == "__main__":
    main()
