// A question about an image, answered from a tenth of the visual tokens; then a conversation that recovers more.
import { loadVlm } from "recoup/transformers";

const vlm = await loadVlm("tiny");
const answer = vlm.ask({ image: "examples/scene.png", question: "What color is the star?" });
for await (const piece of answer) process.stdout.write(piece);
const { tokens, kvBytes } = await answer;
console.log("", tokens, kvBytes);

const chat = vlm.chat({ image: "examples/scene.png", compression: { budget: 40 } });
await chat.ask({ question: "What color is the star?" });
const { recovered } = await chat.ask({ question: "Is there a yellow cross?" });
console.log(`recovered ${recovered[0].length} tokens for the second question`);

await vlm.dispose();
