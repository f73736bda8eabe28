import "server-only";

import { getMigrations } from "better-auth/db/migration";
import { Client } from "pg";

import { createAuth, createPool } from "./auth";
import type { Env } from "./env";

/** Names the lock among all advisory locks of the database; any fixed number does. */
const LOCK = 7_310_590_021;

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
  const lock = new Client({ ...env.database, application_name: "todo-frontend migration" });
  // A connection lost while migrating makes the next query fail; the event on its own must not end the process.
  lock.on("error", () => undefined);
  await lock.connect();
  const pool = createPool(env);
  try {
    await lock.query("SELECT pg_advisory_lock($1)", [LOCK]);
    const { toBeCreated, toBeAdded, runMigrations } = await getMigrations(createAuth(env, pool).options);
    await runMigrations();
    return [...toBeCreated, ...toBeAdded].map(({ table }) => table);
  } finally {
    await pool.end();
    await lock.end();
  }
}
