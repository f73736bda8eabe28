import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";

import { afterEach, beforeEach, expect, test } from "vitest";

import { measureFirstLoad } from "./first-load.mjs";

let project: string;

beforeEach(async () => {
  project = await mkdtemp(path.join(tmpdir(), "first-load-"));
});

afterEach(() => rm(project, { recursive: true }));

const CODE = "console.log('a chunk');\n".repeat(100);

/** Writes what `next build` does. */
async function build(entries: Record<string, string[]>): Promise<void> {
  const named = Object.fromEntries(
    Object.entries(entries).map(([name, files]) => [`[project]/src/app/${name}`, files]),
  );
  const tree = {
    "build-manifest.json": JSON.stringify({ rootMainFiles: ["chunks/main.js"], polyfillFiles: ["old.js"] }),
    "server/app/page_client-reference-manifest.js": `globalThis.__RSC_MANIFEST = globalThis.__RSC_MANIFEST || {};
      globalThis.__RSC_MANIFEST["/page"] = ${JSON.stringify({ entryJSFiles: named })};`,
    "chunks/main.js": CODE,
    "chunks/shared.js": CODE,
    "chunks/page.js": CODE,
    "chunks/later.js": CODE,
  };
  for (const [name, content] of Object.entries(tree)) {
    const file = path.join(project, ".next", name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

test("the first load is what every page needs and what this one does, once each, as it is sent", async () => {
  await build({ layout: ["chunks/shared.js"], error: ["chunks/shared.js"], page: ["chunks/page.js"] });
  expect(await measureFirstLoad(project)).toEqual({
    bytes: 3 * gzipSync(CODE).byteLength,
    files: ["chunks/main.js", "chunks/shared.js", "chunks/page.js"],
  });
});

test("a build that says it in another way is no small one", async () => {
  await build({ layout: ["chunks/shared.js"] });
  await expect(measureFirstLoad(project)).rejects.toThrow(/in another way/);
});
