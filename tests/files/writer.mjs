/** @file A process that writes folders: opens each one it is told of, says how that went, and releases it when told to. */
import { openOutputFolder } from "../../dist/files/index.js";

const held = new Map();

process.on("message", async ({ open, release }) => {
  if (release !== undefined) {
    await held.get(release)?.release();
    held.delete(release);
    process.send({ released: release });
    return;
  }
  try {
    const request = { operation: "test", path: open, stateFile: "state.json", state: { a: 1 }, outputs: () => [] };
    held.set(open, await openOutputFolder({ ...request, shape: { mismatch: () => undefined } }));
    process.send({ path: open, won: true });
  } catch (error) {
    process.send({ path: open, won: false, message: error.message });
  }
});
process.send({ ready: true });
