"""A LLaVA with the bundled model's tower and a decoder of random weights, for measuring times: never committed.

    python -m recoup_train.weights unpack --out runs
    python -m recoup_train.random_llava --tower runs/tower --out DIR

The decoder has the sizes of SmolVLM-500M's language model (SmolLM2-360M: 32 layers, width 960, 15 heads, 5 for keys and values), and
the vocabulary of the bundled model. What it says means nothing.

`--clip-l` takes, instead of the bundled tower, one of random weights with the true sizes of CLIP ViT-L/14-336, as LLaVA-1.5 has it
(2.9 GB on disk with its CLIP folder): with `--layers 2` a test of everything but the decoder at full size.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from transformers import CLIPConfig, CLIPModel, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

from .export import write_clip, write_llava
from .models import new_clip
from .words import BOS, EOS, IMAGE, PAD, load_vocabulary

MODELS = Path(__file__).parents[2] / "models"


def config_of(vocab: dict[str, int], vision: dict, arguments: argparse.Namespace) -> LlavaConfig:
    text = LlamaConfig(
        vocab_size=len(vocab),
        hidden_size=arguments.width,
        intermediate_size=arguments.inner,
        num_hidden_layers=arguments.layers,
        num_attention_heads=arguments.width // 64,
        num_key_value_heads=arguments.key_heads,
        max_position_embeddings=8192,
        bos_token_id=vocab[BOS],
        eos_token_id=vocab[EOS],
        pad_token_id=vocab[PAD],
        tie_word_embeddings=False,
    )
    return LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=vocab[IMAGE],
        image_seq_length=576,
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
    )


def clip_l(vocab: dict[str, int]) -> CLIPModel:
    """CLIP ViT-L/14-336 with the bundled model's words."""
    vision = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "num_attention_heads": 16, "image_size": 336, "patch_size": 14}
    text = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12, "vocab_size": len(vocab)}
    ends = {"bos_token_id": vocab[BOS], "eos_token_id": vocab[EOS], "pad_token_id": vocab[PAD]}
    config = CLIPConfig(projection_dim=768, vision_config=vision | {"projection_dim": 768}, text_config=text | ends | {"projection_dim": 768})
    return CLIPModel._from_config(config, attn_implementation="eager").eval()


def bundled_clip(arguments: argparse.Namespace, vocab: dict[str, int]) -> CLIPModel:
    clip = new_clip(arguments.size, vocab)
    clip.load_state_dict(torch.load(arguments.tower / "checkpoint.pt", map_location="cpu", weights_only=True)["clip"])
    return clip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tower", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", default="cpu", help="of the tower")
    parser.add_argument("--layers", type=int, default=32)
    parser.add_argument("--width", type=int, default=960)
    parser.add_argument("--inner", type=int, default=2560)
    parser.add_argument("--key-heads", type=int, default=5)
    parser.add_argument("--clip-l", action="store_true", help="a random tower of the size of CLIP ViT-L/14-336")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    vocab = load_vocabulary(arguments.tower / "vocabulary.json")
    clip = clip_l(vocab) if arguments.clip_l else bundled_clip(arguments, vocab)
    config = config_of(vocab, clip.config.vision_config.to_dict(), arguments)
    model = LlavaForConditionalGeneration._from_config(config, attn_implementation="eager").eval()
    tower = model.model.vision_tower
    getattr(tower, "vision_model", tower).load_state_dict(clip.vision_model.state_dict())
    folder = arguments.out / "random"
    write_llava(model, vocab, folder)
    shutil.copyfile(MODELS / "tiny" / "manifest.json", folder / "manifest.json")
    if arguments.clip_l:
        write_clip(clip, vocab, arguments.out / "tiny-clip")
    else:
        shutil.copytree(MODELS / "tiny-clip", arguments.out / "tiny-clip", dirs_exist_ok=True)
    parameters = sum(p.numel() for p in model.model.language_model.parameters())
    print(f"decoder of {parameters / 1e6:.0f} million parameters in {folder}")


if __name__ == "__main__":
    main()
