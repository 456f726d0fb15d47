"""Stage 2: projector and decoder, the tower frozen, full tokens only.

Short windows first: look-ups (find the patch the question names, read it) set in within some hundred steps on short
sequences, and hardly at all on 576 tokens. Then 168 pixels, then whole images.

Beside the answers, the state at the last word of an object's name is asked where that object lies (a linear head that is thrown
away): "left of" needs both places before it can be answered, and from yes and no alone they are learned late or never.

    python -m recoup_train.decoder --data DATA --tower RUN --out RUN --minutes 40
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .curriculum import KINDS, Curriculum, images_by_kind, kind_of
from .models import Tower, new_clip, new_llava
from .pool import PATCH, Pool
from .prompts import SINGLE_WORD, Prompts, block_mask, name_ends
from .run import Run, set_rates
from .weights import widened
from .words import load_vocabulary, save_vocabulary

#: Questions per image, and images per step, for each side of an image.
PACK = {112: (8, 24), 168: (12, 16), 336: (20, 8)}


def features(tower: Tower, pool: Pool, rows: np.ndarray, corner: tuple[int, int]) -> torch.Tensor:
    """The features that LLaVA takes: the penultimate layer's output without the class token, [B, P, C]."""
    device = tower.model.device
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
        return tower.hidden_states(pool.pixels(rows, device), corner, last=False)[-1][:, 1:].float()


#: Layers after which the places of named objects are asked for.
PLACE_LAYERS = (2, 3)


def answer_logits(model, prompts: Prompts, vision: torch.Tensor, pairs):
    """Logits at each place of an answer [A, V], the tokens that belong there [A], and for each its (image, question)."""
    hidden, packed = decode(model, prompts, vision, pairs)
    places = packed["answers"] >= 0
    return model.lm_head(hidden[-1][places]), packed["answers"][places], packed["segments"][places], places.nonzero()[:, 0]


def decode(model, prompts: Prompts, vision: torch.Tensor, pairs):
    """States after each layer (the last one normed) and the packed rows."""
    projected = model.model.multi_modal_projector(vision)
    packed = {name: value.to(projected.device) for name, value in prompts.pack(pairs, projected.shape[1]).items()}
    embeds = model.model.language_model.embed_tokens(packed["ids"])
    start = len(prompts.before)
    embeds = torch.cat([embeds[:, :start], projected.to(embeds.dtype), embeds[:, start + projected.shape[1] :]], 1)
    output = model.model.language_model(
        inputs_embeds=embeds,
        attention_mask=block_mask(packed["segments"], embeds.dtype),
        position_ids=packed["positions"],
        use_cache=False,
        output_hidden_states=True,
    )
    return [*output.hidden_states[:-1], output.last_hidden_state], packed


def named_places(prompts: Prompts, scenes: list[dict], asked: list[list[dict]], segments: torch.Tensor, corner):
    """Where in the packed rows a name ends [M, 2] (row, column), and where its object lies in the position table, -1 to 1 [M, 2].
    Only of questions whose names fit one object each."""
    where, places = [], []
    for row, (scene, questions) in enumerate(zip(scenes, asked)):
        for number, question in enumerate(questions, 1):
            if question["type"] not in ("color", "shape", "letter", "position", "relation", "spelling", "shared", "beside"):
                continue
            count = len(question["about"]) if question["type"] == "relation" else 1
            names = [prompts.ids(name) for name in question["blanks"][:count]]
            ends = name_ends(prompts.ids(question["text"]), names)
            if ends is None:
                continue
            begin = int((segments[row] == number).nonzero()[0])
            for end, item in zip(ends, question["about"]):
                box = scene["things"][item]["box"]
                middle = [(box["x"] + box["width"] / 2) / PATCH + corner[1], (box["y"] + box["height"] / 2) / PATCH + corner[0]]
                where.append((row, begin + end))
                places.append([value / 12 - 1 for value in middle])
    return torch.tensor(where), torch.tensor(places)


def asked_as(question: dict, long: bool) -> tuple[str, str]:
    """Text and answer; `long` with what benchmarks append: TextVQA's empty list of words found, and the line that options
    have already."""
    if not long or question["type"] == "choice":
        return question["text"], question["answer"]
    found = "\nReference OCR token: " if question["type"] in ("letter", "spelling") else ""
    return f"{question['text']}{found}\n{SINGLE_WORD}", question["answer"]


OPPOSITE = {"left": "right", "top": "bottom", "left of": "right of", "above": "below"}
OPPOSITE |= {after: before for before, after in OPPOSITE.items()}


def opened(question: dict) -> dict:
    """A yes/no question about places as a choice of two: "Is the star left of the ring?" as "Is the star left or right of the
    ring?". Yes and no are the parity of where the object lies and which word was asked, which is learned late or never; the
    word itself is learned at once, and then the parity."""
    if question["type"] not in ("position", "relation"):
        return question
    *names, word = question["blanks"]
    answer = word if question["answer"] == "yes" else OPPOSITE[word]
    first, second = sorted((word, OPPOSITE[word]), key=list(OPPOSITE).index)
    if question["type"] == "position":
        text = f"Is the {names[0]} on the {first} or the {second} of the image?"
    else:
        text = f"Is the {names[0]} {first.removesuffix(' of')} or {second} the {names[1]}?"
    return question | {"text": text, "answer": answer.removesuffix(" of"), "form": f"{question['type']}_opened"}


def choose_questions(scene: dict, side: int, count: int, curriculum: Curriculum, rng: np.random.Generator) -> list[dict]:
    """Questions to ask about an image or a window of `side` pixels."""
    # Claims and options come once the look-ups that they need are there.
    asked = scene["questions"] if side == 112 else scene["questions"] + scene["extra"]
    if side < 336:
        # Windows lie anywhere in the position table, so they have no left and right of their own.
        asked = [question for question in asked if question["type"] != "position"]
    asked = asked + [opened(question) for question in asked if question["type"] in ("position", "relation")]
    return [asked[i] for i in curriculum.choose([kind_of(question) for question in asked], count, rng)]


def outcomes(packs: list[list[dict]], answers, segments, hits) -> tuple[list[str], list[bool]]:
    """Kind of each question, and whether all of its answer was right. answers and segments [B, S], hits [A]."""
    missed = {(int(p), int(s)) for p, s, hit in zip(answers.nonzero()[:, 0], segments[answers], hits) if not hit}
    told = [(kind_of(question), (p, s) not in missed) for p, pack in enumerate(packs) for s, question in enumerate(pack, 1)]
    return [kind for kind, _ in told], [right for _, right in told]


def corner_for(tower: Tower, pool: Pool, rng: np.random.Generator) -> tuple[int, int]:
    free = tower.side - pool.grid
    return (int(rng.integers(0, free + 1)), int(rng.integers(0, free + 1))) if free else (0, 0)


@torch.no_grad()
def accuracies(model, prompts: Prompts, tower: Tower, pool: Pool, count: int, shuffled: bool = False) -> dict[str, float]:
    """Exact match per type and per slice over all questions of the first images."""
    right = defaultdict(list)
    corner = ((tower.side - pool.grid) // 2,) * 2
    for begin in range(0, count, 8):
        rows = np.arange(begin, min(begin + 8, count))
        vision = features(tower, pool, rows, corner)
        if shuffled:
            vision = vision.roll(1, 0)
        asked = [pool.scenes[row]["questions"] + pool.scenes[row]["extra"] for row in rows]
        asked = [own + [opened(q) for q in own if q["type"] in ("position", "relation")] for own in asked]
        pairs = [[(q["text"], q["answer"]) for q in questions] for questions in asked]
        with torch.autocast(vision.device.type, torch.bfloat16):
            logits, target, segments, images = answer_logits(model, prompts, vision, pairs)
        hit = logits.argmax(-1) == target
        wrong = {(int(b), int(s)) for b, s, h in zip(images, segments, hit) if not h}
        for b, questions in enumerate(asked):
            for s, question in enumerate(questions, 1):
                correct = (b, s) not in wrong
                right[question.get("form", question["type"])].append(correct)
                if (kind := kind_of(question)) != question.get("form", question["type"]):
                    right[kind].append(correct)
                if "slice" in question:
                    right[f"slice_{question['slice']}"].append(correct)
                if question["type"] == "presence":
                    right[f"presence_{question['answer']}"].append(correct)
                right["all"].append(correct)
    return {name: round(float(np.mean(hits)), 3) for name, hits in sorted(right.items())}


@torch.no_grad()
def show(projector, heads: dict[str, torch.Tensor], names: list[str], sample: torch.Tensor, strength: float = 0.7) -> None:
    """Adds to the projector's first layer, in random directions, linear read-outs that the tower was trained for (place, area,
    middle), as large as what is there. In the features themselves places vary ten times less than shape and color, and a
    decoder does not find them: "left of" stayed at chance for 25 minutes. sample: features of patches [M, C]."""
    weights = {name: heads[f"{name}.weight"] for name in names}
    if "middle" in weights:
        # Of two logits only the difference says something.
        weights["middle"] = weights["middle"].diff(dim=0)
    weight = torch.cat(list(weights.values())).to(sample.device)
    values = sample @ weight.t()
    before = projector.linear_1(sample)
    directions = strength * before.std() * torch.randn(len(before[0]), len(weight), generator=torch.Generator().manual_seed(0))
    mixed = directions.to(sample.device) / values.std(0)
    projector.linear_1.weight += mixed @ weight
    projector.linear_1.bias -= mixed @ values.mean(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--tower", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--shares", type=float, nargs=2, default=(0.2, 0.5), help="when 168 and when 336 pixels begin")
    parser.add_argument("--size", default="cpu", help="cpu, or gpu for the wider models")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rate", type=float, default=7e-4)
    parser.add_argument("--start", type=Path, help="run whose weights to begin with")
    parser.add_argument("--show", nargs="*", default=["place", "area", "middle"], help="read-outs of the tower to show the projector at the start")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)

    vocab = load_vocabulary(arguments.tower / "vocabulary.json")
    clip = new_clip(arguments.size, vocab).to(arguments.device)
    clip.load_state_dict(torch.load(arguments.tower / "checkpoint.pt", map_location="cpu", weights_only=True)["clip"])
    model = new_llava(arguments.size, vocab, clip).to(arguments.device)
    tower, prompts = Tower(clip.vision_model), Prompts(vocab)
    arguments.out.mkdir(parents=True, exist_ok=True)
    save_vocabulary(vocab, arguments.out / "vocabulary.json")
    # Who goes on with trained weights begins with larger images, and needs no small ones.
    pools = {side: Pool(arguments.data / f"pool-w{side}") for side in PACK if side > 112 or arguments.shares[0] > 0}
    by_kind = {side: images_by_kind(pool.scenes) for side, pool in pools.items()}
    checks = {folder.name.removeprefix("pool-val"): Pool(folder) for folder in sorted(arguments.data.glob("pool-val*"))}
    trained = nn.ModuleDict(
        {"projector": model.model.multi_modal_projector, "language_model": model.model.language_model, "lm_head": model.lm_head}
    )
    width = model.config.text_config.hidden_size
    places = nn.ModuleList(nn.Linear(width, 2) for _ in PLACE_LAYERS).to(arguments.device)
    optimizer = torch.optim.AdamW(
        [{"params": [*trained.parameters(), *places.parameters()], "base_lr": arguments.rate}], lr=arguments.rate, betas=(0.9, 0.98), weight_decay=0.02
    )
    if arguments.start and not (arguments.out / "checkpoint.pt").exists():
        state = torch.load(arguments.start / "checkpoint.pt", map_location="cpu", weights_only=True)["trained"]
        trained.load_state_dict(widened(state, load_vocabulary(arguments.start / "vocabulary.json"), vocab))
    if arguments.show and not (arguments.out / "checkpoint.pt").exists():
        heads = torch.load(arguments.tower / "checkpoint.pt", map_location="cpu", weights_only=True)["heads"]
        pool, rows = pools[336], np.arange(32)
        shown = pool.cover(rows).amax(1) >= 0.25
        show(model.model.multi_modal_projector, heads, arguments.show, features(tower, pool, rows, (0, 0))[shown.to(arguments.device)])
    curriculum = Curriculum()
    run = Run(arguments.out, arguments.minutes, {"trained": trained, "places": places, "curriculum": curriculum}, optimizer)
    run.resume()
    losses, next_check = [], run.spent + 120
    for share in run.steps():
        if share < arguments.shares[0]:
            side = 112
        elif share < arguments.shares[1]:
            side = 168 if run.step % 8 or 112 not in pools else 112
        else:
            side = 336 if run.step % 4 else 168
        pool, (questions, size) = pools[side], PACK[side]
        rows = curriculum.draw_images(by_kind[side], len(pool), size, rng)
        corner = corner_for(tower, pool, rng)
        vision = features(tower, pool, rows, corner)
        packs = [choose_questions(pool.scenes[row], side, questions, curriculum, rng) for row in rows]
        pairs = [[asked_as(question, rng.random() < 0.2) for question in pack] for pack in packs]
        # Constant, then a cosine over the last 40 % of the time.
        set_rates(optimizer, run.cosine(max(0.0, (share - 0.6) / 0.4)))
        with torch.autocast(vision.device.type, torch.bfloat16):
            hidden, packed = decode(model, prompts, vision, pairs)
            answers = packed["answers"] >= 0
            logits, target = model.lm_head(hidden[-1][answers]), packed["answers"][answers]
        where, at = named_places(prompts, [pool.scenes[row] for row in rows], packs, packed["segments"].cpu(), corner)
        states = [hidden[layer][where[:, 0], where[:, 1]].float() for layer in PLACE_LAYERS]
        off = sum(functional.smooth_l1_loss(head(state), at.to(state.device), beta=0.05) for head, state in zip(places, states))
        answer_loss = functional.cross_entropy(logits.float(), target)
        loss = answer_loss + off
        curriculum.note(*outcomes(packs, answers, packed["segments"], logits.argmax(-1) == target))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(trained.parameters(), 1.0)
        optimizer.step()
        losses.append((answer_loss.item(), off.item()))
        if run.step % 50 == 49:
            mean, mean_off = np.mean(losses, 0)
            right = dict(zip(KINDS, (round(value, 3) for value in curriculum.right.tolist())))
            run.log(side=side, loss=float(mean), place=float(mean_off), **right)
            losses = []
        if run.spent > next_check:
            next_check = run.spent + 120
            for name, check in checks.items():
                if check.grid == pool.grid:
                    run.log(check=name, **accuracies(model, prompts, tower, check, 96 if side < 336 else 40))
    for name, check in checks.items():
        if check.grid == tower.side:
            run.log(check=name, final=True, **accuracies(model, prompts, tower, check, 200))
            run.log(check=name, final=True, shuffled=True, **accuracies(model, prompts, tower, check, 200, shuffled=True))


if __name__ == "__main__":
    main()
