/**
 * Measures the JavaScript that a browser loads before the page works, as it is sent: gzipped. Run it after `next build`;
 * it fails when that is more than LIMIT.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** Bytes. */
export const LIMIT = 170_000;

/**
 * @param {string} project the directory with package.json
 * @returns {Promise<{ bytes: number, files: string[] }>} the size of all, and which they are
 * @throws {Error} when the build does not say what its page needs
 */
export async function measureFirstLoad(project) {
  const build = path.join(project, ".next");
  const { rootMainFiles } = JSON.parse(await readFile(path.join(build, "build-manifest.json"), "utf8"));
  const manifest = path.join(build, "server", "app", "page_client-reference-manifest.js");
  // A script, which sets a global.
  await import(`${pathToFileURL(manifest).href}?${Date.now()}`);
  /** @type {Record<string, string[]>} */
  const entries = /** @type {any} */ (globalThis).__RSC_MANIFEST["/page"].entryJSFiles;
  if (!rootMainFiles?.length || !entries["[project]/src/app/page"]) {
    throw new Error(`first load: ${build} says in another way than this script knows what the page needs`);
  }
  // Those of the page itself, and of what may take its place: its layout, its error, what is not found.
  /** @type {string[]} */
  const files = [...new Set([...rootMainFiles, ...Object.values(entries).flat()])];
  const sizes = files.map(
    async (file) => (await promisify(gzip)(await readFile(path.join(build, file)))).byteLength,
  );
  return { bytes: (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0), files };
}

/** @param {number} bytes */
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { bytes, files } = await measureFirstLoad(process.cwd());
  console.log(
    `the first load is ${kilobytes(bytes)} of JavaScript, gzipped, in ${files.length} files; the most is ${kilobytes(LIMIT)}`,
  );
  if (bytes > LIMIT) {
    console.error("Load what the first page does not need when it is needed, with next/dynamic or import().");
    process.exitCode = 1;
  }
}
