"""A LLaVA checkpoint with a CLIP tower as folders that recoup and transformers.js load.

    python -m recoup_train.export_checkpoint --llava llava-hf/llava-1.5-7b-hf --clip openai/clip-vit-large-patch14-336 --dtype q4 --out DIR

Writes DIR/llava (vision_encoder, embed_tokens, decoder_model_merged) and DIR/clip (vision_model, text_model), with tokenizers, processors
and configs. The vision side stays float32; `--dtype` is the decoder's: fp32, fp16, q8 (MatMulInteger) or q4 (MatMulNBits, blocks of 32).

LLaVA-1.5-7B needs 27 GB of memory for the model in float32 and as much again for a moment when it is written, 30 GB of disk, 60 GB
with q8 or q4, which are made of the float32 file and leave 7 or 4 GB. Shorter checkpoints need less in proportion.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from transformers import AutoProcessor, AutoTokenizer, CLIPModel, LlavaForConditionalGeneration

from .export import write_json
from .onnx_parts import export_clip, export_llava

#: Ends of file names in transformers.js.
SUFFIXES = {"fp32": "", "fp16": "_fp16", "q8": "_quantized", "q4": "_q4"}


def write_config(model, folder: Path, sessions: dict[str, str]) -> None:
    """config.json with the precision of each session, and which files lie apart from their weights."""
    config = json.loads(json.dumps(model.config.to_dict(), default=str)) | {"architectures": [type(model).__name__]}
    apart = {path.name.removesuffix("_data"): 1 for path in (folder / "onnx").glob("*.onnx_data")}
    config["transformers.js_config"] = {"dtype": sessions, **({"use_external_data_format": apart} if apart else {})}
    write_json(folder / "config.json", config)


def write_processor(source: str, folder: Path) -> None:
    """Tokenizer, chat template and preprocessing in the files that transformers.js reads, which are older than transformers 5's."""
    processor = AutoProcessor.from_pretrained(source)
    processor.save_pretrained(folder)
    processor.image_processor.save_pretrained(folder)
    update(folder / "preprocessor_config.json", {"processor_class": "LlavaProcessor"})
    template = processor.chat_template or processor.tokenizer.chat_template
    if template is None:
        raise SystemExit(f"export_checkpoint: expected a chat template in {source}, got none")
    update(folder / "tokenizer_config.json", {"chat_template": template})


def update(path: Path, more: dict) -> None:
    write_json(path, json.loads(path.read_text()) | more)


def quantize(folder: Path, dtype: str) -> None:
    """The decoder in 8 or 4 bits, in place of the float32 one."""
    source, target = folder / "decoder_model_merged.onnx", folder / f"decoder_model_merged{SUFFIXES[dtype]}.onnx"
    apart = (folder / f"{source.name}_data").exists()
    if dtype == "q8":
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(source, target, weight_type=QuantType.QInt8, per_channel=True, op_types_to_quantize=["MatMul"], use_external_data_format=apart)
        data = folder / f"{target.name}.data"
        if data.exists():
            from .onnx_parts import rename_data

            rename_data(target)
    else:
        import onnx
        from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

        quantizer = MatMulNBitsQuantizer(onnx.load(str(source)), block_size=32, is_symmetric=True)
        quantizer.process()
        quantizer.model.save_model_to_file(str(target), use_external_data_format=False)
    for path in folder.glob(f"{source.name}*"):
        path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llava", required=True, help="folder or id of a LlavaForConditionalGeneration with a CLIP tower")
    parser.add_argument("--clip", required=True, help="folder or id of the CLIPModel that its tower comes from")
    parser.add_argument("--dtype", choices=SUFFIXES, default="fp32")
    parser.add_argument("--polarity", type=int, choices=(1, -1), help="sign of the text similarity, if it has been measured")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    if arguments.out.exists() and any(arguments.out.iterdir()):
        raise SystemExit(f"export_checkpoint: expected an empty folder, got {arguments.out}")
    folder = arguments.out / "llava"
    model = LlavaForConditionalGeneration.from_pretrained(arguments.llava, dtype=torch.float32, attn_implementation="eager").eval()
    if model.config.vision_config.model_type != "clip_vision_model":
        raise SystemExit(f"export_checkpoint: expected a CLIP tower, got {model.config.vision_config.model_type}")
    write_processor(arguments.llava, folder)
    model.generation_config.save_pretrained(folder)
    export_llava(model, folder / "onnx", half=arguments.dtype == "fp16")
    if arguments.dtype in ("q8", "q4"):
        quantize(folder / "onnx", arguments.dtype)
    write_config(model, folder, {"vision_encoder": "fp32", "embed_tokens": "fp32", "decoder_model_merged": arguments.dtype})
    manifest = {"format": "recoup-model", "version": 1, "clip": "../clip", **({"textPolarity": arguments.polarity} if arguments.polarity else {})}
    write_json(folder / "manifest.json", manifest)
    del model
    clip = CLIPModel.from_pretrained(arguments.clip, dtype=torch.float32, attn_implementation="eager").eval()
    AutoTokenizer.from_pretrained(arguments.clip).save_pretrained(arguments.out / "clip")
    export_clip(clip, arguments.out / "clip" / "onnx")
    write_config(clip, arguments.out / "clip", {"vision_model": "fp32", "text_model": "fp32"})
    print(f"wrote {folder} and {arguments.out / 'clip'}")


if __name__ == "__main__":
    main()
