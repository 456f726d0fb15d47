import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where browsers of the Chromium family are found; CHROME_PATH names another. */
const BROWSERS = [
  process.env.CHROME_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The browser for tests; undefined where there is none. */
export const chromium = BROWSERS.find((path) => path !== undefined && existsSync(path));

/** WebGPU on any machine: a software adapter. */
export const SOFTWARE_GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

/** Has a page open while `work` runs; then the browser and its helpers end, and their profile goes. */
export async function withPage<T>(address: string, flags: readonly string[], work: Promise<T>): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), "recoup-page-"));
  const usual = ["--headless=new", "--no-sandbox", "--no-first-run", "--disable-background-networking"];
  const words = [...usual, ...flags, `--user-data-dir=${profile}`, address];
  // A group of its own, so that helpers end with it.
  const page = spawn(chromium as string, words, { stdio: "ignore", detached: true });
  const gone = new Promise((resolve) => page.once("exit", resolve));
  try {
    return await work;
  } finally {
    if (page.pid !== undefined) process.kill(-page.pid, "SIGKILL");
    await gone;
    try {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    } catch {
      // What is left in the folder for temporary files is no failure of what was tested.
    }
  }
}
