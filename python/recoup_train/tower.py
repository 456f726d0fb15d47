"""Stage 1: the CLIP tower, by contrast (A, D, E) and a direct dense loss (F).

A  class token against caption, InfoNCE both ways.
D  grounded: each phrase or question chooses, of all patches of the batch, those of what it names; patches elsewhere that it
   fits too are left out.
E  the same products the other way: each patch of an object chooses the texts that name it.
F  linear heads on the penultimate features (what LLaVA takes): of each patch the shape and color of its object, where the
   middle of that object lies, whether it is this patch, and how many patches the object has (as a logarithm: with it, attention
   can give each object the same weight, and count); of each object's mean also its letter and whether it is large; of the
   background's mean its pattern. Of each patch also the letter on it and where that stands on its sign, and the colors of the
   things just beside its object. They carry shape, which contrast alone learns slowly, and make places and numbers easy to read off.

    python -m recoup_train.tower --data DATA --out RUN --minutes 30
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .models import Tower, new_clip, ramp_positions
from .pool import PATCH, SLOTS, Pool
from .recolor import recolor
from .run import Run, set_rates
from .weights import widened
from .words import BACKGROUNDS, BOS, COLORS, EOS, LETTERS, NOUNS, attributes, grown, load_vocabulary, named, save_vocabulary, vocabulary, words


class Texts:
    """Texts as rows of token ids."""

    def __init__(self, vocab: dict[str, int], device: str = "cpu"):
        self.vocab, self.device = vocab, device

    def ids(self, text: str) -> list[int]:
        return [self.vocab.get(word, self.vocab["<unk>"]) for word in words(text)]

    def batch(self, texts: list[str]) -> torch.Tensor:
        rows = [[self.vocab[BOS], *self.ids(text), self.vocab[EOS]] for text in texts]
        out = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
        for i, row in enumerate(rows):
            out[i, : len(row)] = torch.tensor(row)
        return out.to(self.device)


class Heads(nn.Module):
    """Linear heads of loss F."""

    def __init__(self, width: int):
        super().__init__()
        self.patch_noun = nn.Linear(width, len(NOUNS) + 1)
        self.patch_color = nn.Linear(width, len(COLORS) + 1)
        self.noun = nn.Linear(width, len(NOUNS))
        self.color = nn.Linear(width, len(COLORS))
        self.letter = nn.Linear(width, len(LETTERS))
        self.large = nn.Linear(width, 2)
        self.ground = nn.Linear(width, len(BACKGROUNDS))
        self.middle = nn.Linear(width, 2)
        self.place = nn.Linear(width, 2)
        self.area = nn.Linear(width, 1)
        self.patch_letter = nn.Linear(width, len(LETTERS) + 1)
        self.slot = nn.Linear(width, len(SLOTS))
        self.beside = nn.Linear(width, 4 * (len(COLORS) + 1))


class Scales(nn.Module):
    """Log temperatures. They start at 20 and learn ten times as fast: from 10 they hardly moved, and the softmax over
    thousands of patches stayed too soft."""

    def __init__(self):
        super().__init__()
        self.caption = nn.Parameter(torch.tensor(3.0))
        self.patch = nn.Parameter(torch.tensor(3.0))


def text_vectors(clip, ids: torch.Tensor) -> torch.Tensor:
    pooled = clip.text_model(input_ids=ids).pooler_output
    return functional.normalize(clip.text_projection(pooled), dim=-1)


#: Number of a recolored object's color.
UNNAMED = -7


def objects_of(pool: Pool, rows: np.ndarray, most: int, recolored: np.ndarray | None = None) -> torch.Tensor:
    """Attributes [B, T, 5]: color, noun, letter, large, slot; -9 where there is no object. Letters come after the objects and have
    a letter and a slot only."""
    out = torch.full((len(rows), most, 5), -9, dtype=torch.long)
    for i, row in enumerate(rows):
        scene = pool.scenes[row]
        for j, item in enumerate(scene["things"]):
            out[i, j] = torch.tensor([*attributes(item), int(item["large"]), 0])
            if recolored is not None and recolored[i]:
                out[i, j, 0] = UNNAMED
        for j, glyph in enumerate(scene["glyphs"], len(scene["things"])):
            out[i, j, 2], out[i, j, 4] = LETTERS.index(glyph["letter"]), glyph["slot"]
    return out


def besides_of(pool: Pool, rows: np.ndarray, objects: torch.Tensor) -> torch.Tensor:
    """Number from 1 of the color just left of, right of, above and below each object, 0 where nothing is, [B, T, 4]; -100 where the
    scene does not say, or the color has no name."""
    out = torch.full((*objects.shape[:2], 4), -100, dtype=torch.long)
    for i, row in enumerate(rows):
        for j, places in enumerate(pool.scenes[row].get("beside", [])):
            for side, other in enumerate(places):
                color = -1 if other < 0 else int(objects[i, other, 0])
                out[i, j, side] = -100 if color == UNNAMED else color + 1
    return out


def colors_of(pool: Pool, rows: np.ndarray, recolored: np.ndarray) -> list[list[int] | None]:
    """Numbers of the colors of each recolored image's objects; None for the others."""
    return [
        [COLORS.index(item["color"]) for item in pool.scenes[row]["things"]] if shown else None
        for row, shown in zip(rows, recolored)
    ]


def middles_of(pool: Pool, rows: np.ndarray, most: int) -> torch.Tensor:
    """Middles of the objects in patches, [B, T, 2] as x and y."""
    out = torch.zeros(len(rows), most, 2)
    for i, row in enumerate(rows):
        for j, item in enumerate(pool.scenes[row]["things"]):
            box = item["box"]
            out[i, j] = torch.tensor([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]) / PATCH
    return out


def backgrounds_of(pool: Pool, rows: np.ndarray) -> torch.Tensor:
    """Number of each image's background pattern, [B]; -100 where it has no name."""
    return torch.tensor([BACKGROUNDS.index(g) if (g := pool.scenes[row].get("ground")) else -100 for row in rows])


def fits(texts: torch.Tensor, objects: torch.Tensor) -> torch.Tensor:
    """Which objects each text names, [Q, B, T]; texts [Q, 2, 3] with -1 for any and -5 for no second name."""
    wanted = texts[:, :, None, None, :]
    same = (wanted == -1) | (wanted == objects[None, None, :, :, :3])
    there = (objects[..., 1] >= 0) | (objects[..., 4] > 0)
    return (same.all(-1) & there[None, None]).any(1)


def may_fit(texts: torch.Tensor, objects: torch.Tensor) -> torch.Tensor:
    """Which objects each text would name if their color were right, [Q, B, T], of those whose color has no name."""
    any_color = torch.cat([texts[..., :1].clamp(max=-1), texts[..., 1:]], -1)
    return fits(any_color, objects) & (objects[..., 0] == UNNAMED)


def choose_texts(pool: Pool, rows: np.ndarray, per_scene: int, rng: np.random.Generator) -> tuple[list[str], torch.Tensor]:
    """Phrases and questions of these scenes that name objects, and what they name [Q, 2, 3]."""
    texts, names = [], []
    for row in rows:
        scene = pool.scenes[row]
        questions = [q for q in scene["questions"] if q["about"]]
        for _ in range(per_scene):
            source = questions if rng.random() < 0.6 and questions else scene["phrases"]
            text = source[rng.integers(len(source))]["text"]
            found = named(text)[:2]
            if found:
                texts.append(text)
                names.append([*found, *[(-5, -5, -5)] * (2 - len(found))])
    return texts, torch.tensor(names)


def grounded(patches, texts, scale, covered, touched) -> tuple[torch.Tensor, torch.Tensor]:
    """Losses D and E. patches [B, P, D], texts [Q, D], covered and touched [Q, B, P]."""
    logits = scale.exp() * torch.einsum("qd,bpd->qbp", texts.float(), patches.float()).flatten(1)
    positive, neutral = covered.flatten(1), (touched & ~covered).flatten(1)
    negative = logits.masked_fill(positive | neutral, -1e4).logsumexp(1, keepdim=True)
    per_patch = functional.softplus(negative - logits)
    loss_d = (per_patch * positive).sum(1) / positive.sum(1).clamp(min=1)
    loss_d = loss_d[positive.any(1)].mean()
    columns = logits.t()[positive.any(0)]
    chosen = positive.t()[positive.any(0)]
    vague = neutral.t()[positive.any(0)]
    columns = columns.masked_fill(vague, -1e4)
    loss_e = (columns.logsumexp(1) - columns.masked_fill(~chosen, -1e4).logsumexp(1)).mean()
    return loss_d, loss_e


def dense(heads: Heads, features, pool: Pool, rows: np.ndarray, cover, objects, corner) -> tuple[torch.Tensor, dict]:
    """Loss F and what it got right. features [B, P, C], cover [B, T, P], objects [B, T, 5]."""
    features, device = features.float(), features.device
    # Letters lie on their signs: the owner of a patch is an object.
    best, owner = (cover * (objects[..., 1:2] >= 0)).max(1)
    inside = best >= 0.25
    clear = inside | (best < 0.05)
    label = objects.gather(1, owner[:, :, None].expand(-1, -1, 5))
    unnamed = label[..., 0] == UNNAMED
    # Most patches are background: objects weigh as much as it does.
    weight = clear.float() * torch.where(inside, (~inside & clear).sum() / inside.sum().clamp(min=1), 1.0)

    def patch_loss(head, target, weights=weight):
        losses = functional.cross_entropy(head(features).flatten(0, 1), target.flatten(), reduction="none")
        return (losses * weights.flatten()).sum() / weights.sum()

    middle = middles_of(pool, rows, objects.shape[1]).to(device).gather(1, owner[:, :, None].expand(-1, -1, 2))
    index = torch.arange(pool.grid, device=device)
    here = torch.stack([index.repeat(pool.grid), index.repeat_interleave(pool.grid)], -1)
    is_middle = inside & (middle.floor() == here).all(-1)
    rare = torch.where(is_middle, (inside & ~is_middle).sum() / is_middle.sum().clamp(min=1), 1.0)
    # Places are counted in the whole position table, -1 to 1, wherever the window lies in it.
    place = (middle + torch.tensor([corner[1], corner[0]], dtype=torch.float32, device=device)) / 12 - 1
    area = cover.sum(2).clamp(min=1).log().gather(1, owner)
    size_off = functional.smooth_l1_loss(heads.area(features)[..., 0][inside], area[inside], beta=0.2)
    off = functional.smooth_l1_loss(heads.place(features)[inside], place[inside], beta=0.05)
    loss = (
        patch_loss(heads.patch_noun, torch.where(inside, label[..., 1] + 1, 0))
        + patch_loss(heads.patch_color, torch.where(inside, label[..., 0] + 1, 0).clamp(min=0), weight * ~(inside & unnamed))
        + patch_loss(heads.middle, is_middle.long(), inside * rare)
        + 4 * off
        + size_off
    )
    glyph, letter_of = (cover * (objects[..., 4:5] > 0)).max(1)
    on_letter = glyph >= 0.25
    shown = objects.gather(1, letter_of[:, :, None].expand(-1, -1, 5))
    lettered = torch.where(on_letter, (inside & ~on_letter).sum() / on_letter.sum().clamp(min=1), 1.0) * inside
    letter_target, slot_target = torch.where(on_letter, shown[..., 2] + 1, 0), torch.where(on_letter, shown[..., 4], 0)
    loss = loss + patch_loss(heads.patch_letter, letter_target, lettered) + patch_loss(heads.slot, slot_target, lettered)
    near = besides_of(pool, rows, objects.cpu()).to(device).gather(1, owner[:, :, None].expand(-1, -1, 4))[inside]
    said = near >= 0
    colors_near = heads.beside(features[inside]).view(-1, 4, len(COLORS) + 1)
    if said.any():
        # Nothing is beside most objects; that weighs as much as all colors together.
        some = near[said] > 0
        even = torch.where(some, (~some).sum() / some.sum().clamp(min=1), 1.0)
        losses = functional.cross_entropy(colors_near[said], near[said], reduction="none")
        loss = loss + 2 * (losses * even).sum() / even.sum()
    mean = torch.einsum("btp,bpc->btc", cover, features) / cover.sum(-1, keepdim=True).clamp(min=1e-3)
    bare = (best < 0.05).float()
    background = torch.einsum("bp,bpc->bc", bare, features) / bare.sum(-1, keepdim=True).clamp(min=1)
    there = objects[..., 1] >= 0
    colored = objects[..., 0] >= 0
    lettering = objects[..., 2] >= 0
    backgrounds = backgrounds_of(pool, rows).to(device)
    outputs = {
        "noun": (heads.noun(mean[there]), objects[..., 1][there]),
        "color": (heads.color(mean[colored]), objects[..., 0][colored]),
        "large": (heads.large(mean[there]), objects[..., 3][there]),
        "letter": (heads.letter(mean[lettering]), objects[..., 2][lettering]),
        "ground": (heads.ground(background[backgrounds >= 0]), backgrounds[backgrounds >= 0]),
    }
    for logits, target in outputs.values():
        if len(target):
            loss = loss + functional.cross_entropy(logits, target)
    hits = {name: logits.argmax(-1) == target for name, (logits, target) in outputs.items()}
    hits["middle"] = (heads.middle(features).argmax(-1) == is_middle)[inside]
    hits["place_off"] = (heads.place(features)[inside] - place[inside]).abs().mean(-1) * 12
    hits["patch_letter"] = (heads.patch_letter(features).argmax(-1) == letter_target)[on_letter]
    hits["slot"] = (heads.slot(features).argmax(-1) == slot_target)[on_letter]
    hits["beside"] = (colors_near.argmax(-1) == near)[near > 0]
    hits["area_off"] = (heads.area(features)[..., 0][inside] - area[inside]).abs()
    return loss, hits


@torch.no_grad()
def validate(clip, heads, texts: Texts, pool: Pool, count: int = 96) -> dict:
    """Probe accuracies of the heads, and recall at 10 % of the tokens of question to patch, on the first images."""
    tower, device = Tower(clip.vision_model), clip.device
    right: dict[str, list] = {}
    small_right, recalls, recalls_cls = [], [], []
    budget = round(pool.grid**2 * 58 / 576)
    for start in range(0, count, 16):
        rows = np.arange(start, min(start + 16, count))
        corner = (tower.side - pool.grid) // 2
        states = tower.hidden_states(pool.pixels(rows, device), (corner, corner))
        cover, objects = pool.cover(rows).to(device), objects_of(pool, rows, pool.patches.shape[1]).to(device)
        _, hits = dense(heads, states[-2][:, 1:], pool, rows, cover, objects, (corner, corner))
        there = objects[..., 0] >= 0
        for name, hit in hits.items():
            right.setdefault(name, []).append(hit.float())
        small = objects[..., 3][there] == 0
        shapes = objects[..., 1][there] != NOUNS.index("sign")
        small_right.append(hits["noun"][small & shapes].float())
        patches = functional.normalize(clip.visual_projection(clip.vision_model.post_layernorm(states[-1][:, 1:])), dim=-1)
        attention = cls_attention(clip.vision_model, states[-2])
        for i, row in enumerate(rows):
            for question in pool.scenes[row]["questions"]:
                if question["slice"] != "needle" or not question["about"]:
                    continue
                target = (cover[i, question["about"]] >= 0.25).any(0)
                if not target.any():
                    continue
                similarity = patches[i] @ text_vectors(clip, texts.batch([question["text"]]))[0]
                recalls.append(target[similarity.topk(budget).indices].sum() / target.sum())
                recalls_cls.append(target[attention[i].topk(budget).indices].sum() / target.sum())
    row = {f"probe_{name}": torch.cat(hit).mean().item() for name, hit in right.items() if sum(map(len, hit))}
    row["probe_small_shape"] = torch.cat(small_right).mean().item()
    return row | {"recall_text": torch.stack(recalls).mean().item(), "recall_cls": torch.stack(recalls_cls).mean().item()}


def cls_attention(vision_model, states: torch.Tensor) -> torch.Tensor:
    """Attention of the class token in the last layer as the method takes it, one head over the full width, [B, P]."""
    layer = vision_model.encoder.layers[-1]
    normed = layer.layer_norm1(states)
    query, keys = layer.self_attn.q_proj(normed[:, :1]), layer.self_attn.k_proj(normed)
    return torch.softmax((query @ keys.transpose(1, 2))[:, 0] * states.shape[-1] ** -0.5, -1)[:, 1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--full-share", type=float, default=0.25, help="share of the time on whole images, at the end")
    parser.add_argument("--size", default="cpu", help="cpu, or gpu for the wider models")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--recolor", type=float, default=0.6, help="share of images shown in colors without a name")
    parser.add_argument("--start", type=Path, help="run whose weights to begin with")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)

    windows, full = Pool(arguments.data / "pool-w168"), Pool(arguments.data / "pool-w336")
    checks = {folder.name.removeprefix("pool-val"): Pool(folder) for folder in sorted(arguments.data.glob("pool-val*"))}
    arguments.out.mkdir(parents=True, exist_ok=True)
    all_texts = (
        text
        for pool in (windows, full)
        for scene in pool.scenes
        for text in (scene["caption"], *(x["text"] for x in scene["phrases"]), *(f"{q['text']} {q['answer']}" for q in scene["questions"]))
    )
    before = load_vocabulary(arguments.start / "vocabulary.json") if arguments.start else None
    vocab = grown(before, all_texts) if before else vocabulary(all_texts)
    save_vocabulary(vocab, arguments.out / "vocabulary.json")
    device = arguments.device
    texts = Texts(vocab, device)
    clip = new_clip(arguments.size, vocab).to(device)
    heads, scales = Heads(clip.config.vision_config.hidden_size).to(device), Scales().to(device)
    tower = Tower(clip.vision_model)
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in [*clip.parameters(), *heads.parameters()]], "base_lr": arguments.rate},
            {"params": list(scales.parameters()), "base_lr": 10 * arguments.rate, "weight_decay": 0.0},
        ],
        lr=arguments.rate,
        betas=(0.9, 0.98),
        weight_decay=0.02,
    )
    if arguments.start and not (arguments.out / "checkpoint.pt").exists():
        state = torch.load(arguments.start / "checkpoint.pt", map_location="cpu", weights_only=True)
        clip.load_state_dict(widened(state["clip"], before, vocab))
        heads.load_state_dict(state["heads"], strict=False)
        scales.load_state_dict(state["scales"])
        if "place.weight" not in state["heads"]:
            ramp_positions(clip)
    run = Run(arguments.out, arguments.minutes, {"clip": clip, "heads": heads, "scales": scales}, optimizer)
    run.resume()
    sums: dict[str, float] = {}
    next_check = run.spent + 180
    for share in run.steps():
        whole = share > 1 - arguments.full_share
        # Once whole images come, windows stay in between, so that what was learned on them is kept.
        pool = full if whole and run.step % 3 else windows
        size = max(4, arguments.batch // 4) if pool is full else arguments.batch
        rows = np.sort(rng.choice(len(pool), size, replace=False))
        corner = tuple(rng.integers(0, tower.side - pool.grid + 1, 2)) if pool.grid < tower.side else (0, 0)
        set_rates(optimizer, run.cosine(share))
        recolored = rng.random(size) < arguments.recolor
        cover, objects = pool.cover(rows).to(device), objects_of(pool, rows, pool.patches.shape[1], recolored).to(device)
        chosen, names = choose_texts(pool, rows, 3 if pool is windows else 8, rng)
        match = fits(names.to(device), objects)
        covered = torch.einsum("qbt,btp->qbp", match.float(), (cover >= 0.25).float()) > 0
        vague = match | may_fit(names.to(device), objects)
        touched = torch.einsum("qbt,btp->qbp", vague.float(), (cover >= 0.05).float()) > 0
        with torch.autocast(torch.device(device).type, torch.bfloat16):
            states = tower.hidden_states(recolor(pool.pixels(rows, device), colors_of(pool, rows, recolored), rng), corner)
            projected = clip.visual_projection(clip.vision_model.post_layernorm(states[-1]))
            vectors = text_vectors(clip, texts.batch([pool.scenes[row]["caption"] for row in rows] + chosen))
        projected = functional.normalize(projected.float(), dim=-1)
        captions, queries = vectors[: len(rows)].float(), vectors[len(rows) :]
        own = torch.from_numpy(~recolored).to(device)
        logits = scales.caption.exp() * projected[own, 0] @ captions[own].t()
        target = torch.arange(len(logits), device=device)
        loss_a = (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.t(), target)) / 2
        loss_d, loss_e = grounded(projected[:, 1:], queries, scales.patch, covered, touched)
        loss_f, hits = dense(heads, states[-2][:, 1:], pool, rows, cover, objects, corner)
        loss = 0.3 * loss_a + loss_d + loss_e + loss_f
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(clip.parameters(), 1.0)
        optimizer.step()
        values = {"a": loss_a, "d": loss_d, "e": loss_e, "f": loss_f} | {k: v.float().mean() for k, v in hits.items() if len(v)}
        for name, value in values.items():
            sums[name] = sums.get(name, 0.0) + value.item()
        sums["count"] = sums.get("count", 0) + 1
        if run.step % 50 == 49:
            count = sums.pop("count")
            run.log(**{name: value / count for name, value in sums.items()}, scale=scales.patch.exp().item())
            sums = {}
        if run.spent > next_check:
            next_check = run.spent + 180
            for name, check in checks.items():
                run.log(check=name, **validate(clip, heads, texts, check))
    for name, check in checks.items():
        run.log(check=name, **validate(clip, heads, texts, check, 192))


if __name__ == "__main__":
    main()
