/**
 * Takes out of a standalone build what must not ship and what would make two builds of one commit differ.
 *
 * `next build` draws four random keys and writes them into its output. Whoever has the image has them, so they protect
 * nothing there; and they are the only bytes that change from build to build. This application uses neither feature
 * behind them, so the features are closed instead:
 *
 * - Draft mode and on-demand revalidation compare a cookie or a header with `previewModeId`. It becomes a lone
 *   surrogate, a string that no request can carry: header values are Latin-1, and a cookie's percent-decoding yields
 *   well-formed Unicode only. The two keys beside it are read after that comparison has succeeded.
 * - The server-action key becomes empty, with which Next.js refuses to decrypt. A build that has a server action fails.
 *
 * The server listens on every address where HOSTNAME is empty: `next build` falls back to those of IPv4, and `::` fails where a kernel has
 * no IPv6.
 *
 * Source maps go, and so do the lists of what was traced, which only a build reads, and the path of the directory that the build ran in. Files and directories get one mode each: the
 * bundler makes some of its own writable for a group, and copies carry whatever the checkout had.
 */
import { chmod, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Equal to no cookie and no header that a client could send. */
export const UNMATCHABLE = "\ud800";

/** What stands in for the directory of the build: where an image keeps the application. */
export const APP_DIRECTORY = "/app";

const IPV4_ALONE = "process.env.HOSTNAME || '0.0.0.0'";
const EVERY_ADDRESS = "process.env.HOSTNAME || undefined";

const PREVIEW_KEYS = ["previewModeEncryptionKey", "previewModeId", "previewModeSigningKey"];

/**
 * Seals the build in `project`'s `.next/standalone`, in place. Sealing it again changes nothing.
 *
 * @param {string} project directory that `next build` ran in
 * @returns {Promise<string[]>} what was changed, relative to the standalone directory, sorted
 * @throws {Error} when the build is not shaped as this script knows it, rather than let a key through
 */
export async function sealStandalone(project) {
  const root = path.join(project, ".next", "standalone");
  const changed = new Set();
  /** @type {string[]} */
  const secrets = [];

  const previewFile = path.join(".next", "server", "preview-props.json");
  await rewrite(previewFile, JSON.stringify(unmatchable(await readJson(root, previewFile), previewFile)));
  const prerenderFile = path.join(".next", "prerender-manifest.json");
  const prerender = await readJson(root, prerenderFile);
  const preview = unmatchable(prerender.preview, prerenderFile);
  await rewrite(prerenderFile, JSON.stringify({ ...prerender, preview }));

  const actionsFile = path.join(".next", "server", "server-reference-manifest.json");
  const actions = await readJson(root, actionsFile);
  if (typeof actions.encryptionKey !== "string") throw new Error(`seal: ${actionsFile} has no encryptionKey`);
  if (Object.keys({ ...actions.node, ...actions.edge }).length > 0) {
    throw new Error(
      "seal: the application has server actions; their key would have to come from a secret at start",
    );
  }
  secrets.push(actions.encryptionKey);
  const sealedActions = JSON.stringify({ ...actions, encryptionKey: "" });
  await rewrite(actionsFile, sealedActions);
  // The same manifest once more, as a script; escaped the way next build does.
  await rewrite(
    actionsFile.replace(/json$/, "js"),
    `self.__RSC_SERVER_MANIFEST=${JSON.stringify(sealedActions)}`,
  );

  for (const file of [path.join(".next", "required-server-files.json"), "server.js"]) {
    const text = await readFile(path.join(root, file), "utf8");
    const moved = text.replaceAll(JSON.stringify(project).slice(1, -1), APP_DIRECTORY);
    // Next.js looks upwards for a lock file; what lies above the project is no part of the build either.
    await rewrite(file, moved.replace(/("repoRoot":\s*)"(?:[^"\\]|\\.)*"/g, `$1"${APP_DIRECTORY}"`));
  }

  const server = await readFile(path.join(root, "server.js"), "utf8");
  if (!server.includes(IPV4_ALONE) && !server.includes(EVERY_ADDRESS)) {
    throw new Error(`seal: server.js does not say ${IPV4_ALONE}, so what it listens on is not known`);
  }
  await rewrite("server.js", server.replace(IPV4_ALONE, EVERY_ADDRESS));

  for (const file of await files(root)) {
    if (file.startsWith(".next") && /\.map$|\.nft\.json$/.test(file)) {
      await rm(path.join(root, file));
      changed.add(file);
    }
  }
  await refuseLeaks(
    root,
    secrets.filter((secret) => secret !== UNMATCHABLE && secret !== ""),
  );
  for (const directory of [root, path.join(project, ".next", "static")]) await settleModes(directory);
  return [...changed].sort();

  /**
   * The preview keys with nothing left of them.
   *
   * @param {Record<string, unknown> | undefined} keys
   * @param {string} file
   */
  function unmatchable(keys, file) {
    const entries = Object.entries(keys ?? {});
    if (
      entries
        .map(([name]) => name)
        .sort()
        .join() !== PREVIEW_KEYS.join()
    ) {
      throw new Error(`seal: ${file} does not hold exactly ${PREVIEW_KEYS.join(", ")}`);
    }
    secrets.push(...entries.map(([, key]) => String(key)));
    return Object.fromEntries(PREVIEW_KEYS.map((name) => [name, UNMATCHABLE]));
  }

  /** @param {string} file @param {string} text */
  async function rewrite(file, text) {
    const target = path.join(root, file);
    if ((await readFile(target, "utf8")) === text) return;
    await writeFile(target, text);
    changed.add(file);
  }
}

/**
 * Everyone may read what is below `root`, and only its owner may write.
 *
 * @param {string} root
 */
async function settleModes(root) {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    await chmod(path.join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
  }
}

/**
 * @param {string} root
 * @param {string[]} secrets
 */
async function refuseLeaks(root, secrets) {
  for (const file of await files(root)) {
    const content = await readFile(path.join(root, file));
    // The message must not repeat the key.
    if (secrets.some((secret) => content.includes(secret)))
      throw new Error(`seal: ${file} still holds a build key`);
  }
}

/**
 * @param {string} root
 * @param {string} file
 */
async function readJson(root, file) {
  try {
    return JSON.parse(await readFile(path.join(root, file), "utf8"));
  } catch (error) {
    throw new Error(`seal: cannot read ${file}; run next build with output: "standalone" first`, {
      cause: error,
    });
  }
}

/**
 * Every regular file below `root`, links not followed.
 *
 * @param {string} root
 */
async function files(root) {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const changed = await sealStandalone(process.cwd());
  console.log(`sealed .next/standalone: ${changed.length} files`);
}
