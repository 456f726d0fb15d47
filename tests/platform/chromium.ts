import { existsSync } from "node:fs";

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
