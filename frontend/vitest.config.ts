import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const alias = {
  "@": fileURLToPath(new URL("./src", import.meta.url)),
  // Outside Next's bundler nothing marks a module as server-side: this is the empty half of the same package.
  "server-only": fileURLToPath(new URL("./node_modules/server-only/empty.js", import.meta.url)),
};

/** Milliseconds: longer than anything takes on a busy machine. It ends what hangs, and measures nothing. */
const PATIENCE = 600_000;

export default defineConfig({
  test: {
    // Two cores are enough for everyone: the time goes into Postgres and scrypt, not into the tests.
    maxWorkers: 2,
    teardownTimeout: PATIENCE,
    projects: [
      {
        resolve: { alias },
        test: {
          name: "server",
          environment: "node",
          include: ["src/**/*.test.ts", "scripts/**/*.test.ts"],
          globalSetup: ["./test/postgres.ts"],
          testTimeout: PATIENCE,
          hookTimeout: PATIENCE,
        },
      },
      {
        resolve: { alias },
        test: {
          name: "components",
          environment: "jsdom",
          include: ["src/**/*.test.tsx"],
          setupFiles: ["./test/dom.ts"],
          testTimeout: PATIENCE,
          hookTimeout: PATIENCE,
        },
      },
    ],
  },
});
