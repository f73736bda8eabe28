import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect, test } from "vitest";

const FRONTEND = fileURLToPath(new URL("../..", import.meta.url));

// Where this folder stands alone, there is nothing to compare with.
test.skipIf(!existsSync(`${FRONTEND}../backend/openapi.json`))(
  "the API's types are what backend/openapi.json says",
  async () => {
    const checked = promisify(execFile)("npm", ["run", "generate", "--", "--check"], { cwd: FRONTEND });
    await expect(checked, "run: hack/dagger generate, or: npm run generate").resolves.toBeDefined();
  },
);
