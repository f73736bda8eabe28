import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { chromium } from "@playwright/test";

/** Where distributions and vendors put one. */
const INSTALLED = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/snap/bin/chromium",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The browser that the tests drive: CHROMIUM, the one that Playwright brought, or this machine's own. */
export function findChromium(): string | undefined {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  return [chromium.executablePath(), ...INSTALLED].find((file) => existsSync(file));
}

// `node e2e/chromium.ts` says which, and fails where there is none.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = findChromium();
  if (found) console.log(found);
  else {
    console.error(
      "no Chromium: install one, or run npx playwright install chromium, or name one in CHROMIUM",
    );
    process.exitCode = 1;
  }
}
