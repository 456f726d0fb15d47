#!/usr/bin/env node
/**
 * Conversations of the bundled model as sequences of ids and visual rows, one JSON line each, for python's `recoup_train.chat_golden`,
 * which computes in PyTorch what the answers must be. Usage: node scripts/chat-prompts.mjs > PROMPTS.jsonl
 */
import { loadVlm } from "../dist/vlm/transformers/node/load.js";
import { drawScene, rasterize, sampleScene } from "../dist/world/index.js";

const SOURCE = { split: "test", seed: 9 };
const TURNS = ["What letter is on the sign?", "What color is the star?", "Is there a red ring?"];

const vlm = await loadVlm("tiny");
for (let index = 0; index < 8; index++) {
  const scene = sampleScene({ ...SOURCE, index });
  const draw = drawScene(scene);
  const image = { data: rasterize(draw), width: scene.size, height: scene.size };
  // As PyTorch recomputes it: positions that count up, rows without mass.
  const told = { positions: "compact", mass: 0 };
  const chat = vlm.chat({ image, compression: { method: "recoverable", budget: 32 }, recovery: "append", ...told });
  const turns = [];
  for (const question of TURNS) {
    const { promptIds, tokenIds, plans, recovered, turn } = await chat.ask({ question, maxNewTokens: 6 }).result;
    const { offsets, sources, weights } = plans[0];
    const planned = Array.from(offsets.subarray(1), (end, row) => ({
      sources: [...sources.subarray(offsets[row], end)],
      weights: [...weights.subarray(offsets[row], end)],
    }));
    const rows = turn === 1 ? planned : recovered[0].map((id) => ({ sources: [id], weights: [1] }));
    turns.push({ question, promptIds, rows, tokenIds });
  }
  await chat.dispose();
  console.log(JSON.stringify({ source: { ...SOURCE, index }, draw, turns }));
}
await vlm.dispose();
