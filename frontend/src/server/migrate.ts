import "server-only";

import { getMigrations } from "better-auth/db/migration";
import { Client } from "pg";

import { createAuth, createPool } from "./auth";
import type { Env } from "./env";
import { impatientSocket } from "./impatient-socket";

/** Names the lock among all advisory locks of the database; any fixed number does. */
const LOCK = 7_310_590_021;

/** Milliseconds in which a database that is there says something. */
const SILENCE = 5_000;

/** Milliseconds between two looks at the lock. */
const PAUSE = 1_000;

/**
 * Creates or completes Better Auth's tables.
 *
 * Better Auth compares the schema with what it needs and then alters it, so two replicas that start together would
 * both find a table missing and both create it. A session-level advisory lock lets one go first; the other then finds
 * nothing to do. Postgres lifts the lock by itself when the holder's connection ends, however that happens.
 *
 * @returns the names of the tables that were created or extended
 */
export async function migrate(env: Env): Promise<string[]> {
  const socket = impatientSocket(SILENCE);
  const lock = new Client({
    ...env.database,
    application_name: "todo-frontend migration",
    stream: () => socket,
  });
  // A connection lost while migrating makes the next query fail; the event on its own must not end the process.
  lock.on("error", () => undefined);
  await lock.connect();
  const pool = createPool(env);
  try {
    await take(lock);
    // Nobody speaks on it while the others migrate.
    socket.setTimeout(0);
    const { toBeCreated, toBeAdded, runMigrations } = await getMigrations(createAuth(env, pool).options);
    await runMigrations();
    return [...toBeCreated, ...toBeAdded].map(({ table }) => table);
  } finally {
    await pool.end();
    // It waits for the server to close it.
    socket.setTimeout(SILENCE);
    await lock.end();
  }
}

/** Waits for the lock for as long as another has it, and says so: whoever waits too long is ended from outside. */
async function take(lock: Client): Promise<void> {
  for (let told = false; ; told = true) {
    const { rows } = await lock.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1) AS taken", [LOCK]);
    if (rows[0]!.taken) return;
    if (!told)
      console.log(`database: waiting for another process that migrates it (pg_locks: advisory, ${LOCK})`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
