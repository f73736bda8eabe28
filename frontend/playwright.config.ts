import { defineConfig, devices, type Project } from "@playwright/test";

import { findChromium } from "./e2e/chromium";

/** Milliseconds: longer than anything takes on a busy machine. It ends what hangs, and measures nothing. */
const PATIENCE = 600_000;

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };
const PICTURES = process.env.E2E_PICTURES ? [] : [/@pictures/];

/** The windows that people have, and which tests run in them. */
const LOOKS: Project[] = [
  { name: "wide, light", grepInvert: PICTURES, use: { viewport: WIDE, colorScheme: "light" } },
  { name: "narrow, dark", grepInvert: [/@once/], use: { viewport: NARROW, colorScheme: "dark" } },
  { name: "wide, dark", grep: /@looks/, use: { viewport: WIDE, colorScheme: "dark" } },
  { name: "narrow, light", grep: /@looks/, use: { viewport: NARROW, colorScheme: "light" } },
];

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
  projects: LOOKS,
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
