// A question about a picture, answered from a tenth of the visual tokens; then a conversation that recovers more.
import { loadVlm } from "recoup/transformers";

const vlm = await loadVlm("tiny");
const asked = vlm.ask({ image: "examples/scene.png", question: "What color is the star?" });
for await (const piece of asked) process.stdout.write(piece);
const { tokens, kvBytes } = await asked.result;
console.log("", tokens, kvBytes);

const chat = vlm.chat({ image: "examples/scene.png", compression: { budget: { retain: 40 } } });
await chat.ask({ question: "What color is the star?" }).result;
const { recovered } = await chat.ask({ question: "Is there a yellow cross?" }).result;
console.log(`recovered ${recovered.length} tokens for the second question`);

await vlm.dispose();
