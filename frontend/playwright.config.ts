import { defineConfig, devices } from "@playwright/test";

import { findChromium } from "./e2e/chromium";

/** Milliseconds: longer than anything takes on a busy machine. It ends what hangs, and measures nothing. */
const PATIENCE = 600_000;

export default defineConfig({
  testDir: "e2e",
  globalSetup: "./e2e/build.ts",
  outputDir: "e2e/results",
  // Each has the whole application for itself, with a Postgres.
  workers: 2,
  fullyParallel: true,
  timeout: PATIENCE,
  expect: { timeout: 60_000 },
  forbidOnly: true,
  reporter: [["list"]],
  grepInvert: process.env.E2E_PICTURES ? [] : /@pictures/,
  use: {
    ...devices["Desktop Chrome"],
    deviceScaleFactor: 1,
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    contextOptions: { reducedMotion: "reduce" },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: findChromium(),
      // Root has no sandbox to give.
      chromiumSandbox: process.getuid?.() !== 0,
    },
  },
});
