import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { RequestCookies } from "next/dist/server/web/spec-extension/cookies";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { APP_DIRECTORY, sealStandalone, UNMATCHABLE } from "./seal-standalone.mjs";

let project: string;

beforeEach(async () => {
  project = await mkdtemp(path.join(tmpdir(), "seal-"));
});

afterEach(() => rm(project, { recursive: true }));

interface Shape {
  actions?: object;
  extra?: Record<string, string>;
  preview?: object;
}

/** Writes what `next build` does, with keys of its own, and returns these. */
async function build({ actions = {}, extra = {}, preview }: Shape = {}): Promise<string[]> {
  const key = () => randomBytes(16).toString("hex");
  const keys = { previewModeId: key(), previewModeSigningKey: key(), previewModeEncryptionKey: key() };
  const encryptionKey = randomBytes(32).toString("base64");
  const manifest = JSON.stringify({ node: actions, edge: {}, encryptionKey }, null, 2);
  const tree: Record<string, string> = {
    ".next/server/preview-props.json": JSON.stringify(preview ?? keys, null, 2),
    ".next/prerender-manifest.json": JSON.stringify(
      { version: 4, routes: {}, preview: preview ?? keys },
      null,
      2,
    ),
    ".next/server/server-reference-manifest.json": manifest,
    ".next/server/server-reference-manifest.js": `self.__RSC_SERVER_MANIFEST=${JSON.stringify(manifest)}`,
    ".next/required-server-files.json": JSON.stringify({ appDir: project }),
    ".next/server/app/page.js": "page",
    ".next/server/app/page.js.map": "{}",
    ".next/server/app/page.js.nft.json": "{}",
    "server.js": `const hostname = process.env.HOSTNAME || '0.0.0.0'; const nextConfig = ${JSON.stringify({ outputFileTracingRoot: project, repoRoot: path.dirname(project) })}`,
    "node_modules/dependency/index.js": "dependency",
    ...extra,
  };
  await rm(path.join(project, ".next"), { recursive: true, force: true });
  for (const [name, content] of Object.entries(tree)) {
    const file = path.join(project, ".next", "standalone", name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content.replaceAll("LEAK", keys.previewModeSigningKey));
  }
  await mkdir(path.join(project, ".next", "static"));
  await writeFile(path.join(project, ".next", "static", "page.js"), "page");
  return [...Object.values(keys), encryptionKey];
}

/** Every file of the sealed tree with its content. */
async function tree(): Promise<Record<string, string>> {
  const root = path.join(project, ".next", "standalone");
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [path.relative(root, file), await readFile(file, "utf8")] as const),
    ),
  );
}

describe("sealing a build", () => {
  test("leaves none of its keys in any file", async () => {
    const keys = await build();
    await sealStandalone(project);
    const text = Object.values(await tree()).join();
    for (const key of keys) expect(text).not.toContain(key);
  });

  test("makes two builds with different keys the same", async () => {
    await build();
    await sealStandalone(project);
    const first = await tree();
    await build();
    await sealStandalone(project);
    expect(await tree()).toEqual(first);
  });

  test("takes out source maps and the directory of the build, and says what it changed", async () => {
    await build();
    expect(await sealStandalone(project)).toEqual([
      ".next/prerender-manifest.json",
      ".next/required-server-files.json",
      ".next/server/app/page.js.map",
      ".next/server/app/page.js.nft.json",
      ".next/server/preview-props.json",
      ".next/server/server-reference-manifest.js",
      ".next/server/server-reference-manifest.json",
      "server.js",
    ]);
    const sealed = await tree();
    expect(JSON.parse(sealed[".next/required-server-files.json"]!)).toEqual({ appDir: APP_DIRECTORY });
    expect(sealed["server.js"]).toContain(
      `"outputFileTracingRoot":"${APP_DIRECTORY}","repoRoot":"${APP_DIRECTORY}"`,
    );
    expect(Object.values(sealed).join()).not.toContain(project);
  });

  test("listens on every address, and knows no other server", async () => {
    await build();
    await sealStandalone(project);
    expect((await tree())["server.js"]).toContain("const hostname = process.env.HOSTNAME || undefined;");
    await writeFile(path.join(project, ".next/standalone/server.js"), "const hostname = '0.0.0.0'");
    await expect(sealStandalone(project)).rejects.toThrow("so what it listens on is not known");
  });

  test("leaves nothing that a group or the world may write", async () => {
    await build();
    const files = ["standalone/server.js", "standalone/.next/server", "static/page.js"];
    const paths = files.map((file) => path.join(project, ".next", file));
    for (const file of paths) await chmod(file, 0o777);
    await sealStandalone(project);
    const modes = await Promise.all(paths.map(async (file) => ((await stat(file)).mode & 0o777).toString(8)));
    expect(modes).toEqual(["644", "755", "644"]);
  });

  test("changes nothing the second time", async () => {
    await build();
    await sealStandalone(project);
    expect(await sealStandalone(project)).toEqual([]);
  });
});

describe("a build with a key that would get through is refused", () => {
  test.each<[string, Shape, RegExp]>([
    [
      "a copy of a key elsewhere",
      { extra: { ".next/server/chunks/1.js": "x = 'LEAK'" } },
      /chunks.1\.js still holds/,
    ],
    ["a server action", { actions: { "00ab": {} } }, /server actions/],
    [
      "a preview key of another name",
      { preview: { previewModeId: "a", secret: "b" } },
      /does not hold exactly/,
    ],
  ])("%s", async (_, shape, message) => {
    await build(shape);
    await expect(sealStandalone(project)).rejects.toThrow(message);
  });

  test("no build at all", async () => {
    await expect(sealStandalone(project)).rejects.toThrow(/run next build/);
  });
});

describe("the value in place of the preview id", () => {
  test("is no cookie's, however it is encoded", () => {
    const encodings = [
      UNMATCHABLE,
      "%ED%A0%80",
      "%ud800",
      "\\ud800",
      '"\\ud800"',
      "\u00ed\u00a0\u0080",
      "%EF%BF%BD",
      "",
    ];
    for (const value of encodings) {
      // A header arrives as Latin-1: the surrogate itself cannot be sent, only its bytes.
      const header = `__prerender_bypass=${Buffer.from(value, "utf8").toString("latin1")}`;
      const cookie = new RequestCookies(new Headers({ cookie: header })).get("__prerender_bypass");
      expect(cookie?.value).not.toBe(UNMATCHABLE);
    }
  });

  test("is no header's", () => {
    expect(() => new Headers({ "x-prerender-revalidate": UNMATCHABLE })).toThrow(TypeError);
  });

  test("survives the JSON that it is kept in", () => {
    expect(JSON.parse(JSON.stringify(UNMATCHABLE))).toBe(UNMATCHABLE);
  });
});
