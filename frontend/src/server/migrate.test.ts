import { Client } from "pg";
import { beforeEach, describe, expect, test, vi } from "vitest";

import { createDatabase, query } from "../../test/database";
import { readEnv, type Env } from "./env";
import { migrate } from "./migrate";

const TABLES = ["account", "jwks", "passkey", "rateLimit", "session", "user", "verification"];

let url: string;
let env: Env;

beforeEach(async () => {
  url = await createDatabase();
  env = readEnv({
    DATABASE_URL: url,
    BETTER_AUTH_SECRET: "x".repeat(32),
    BETTER_AUTH_URL: "http://localhost:3000",
    BACKEND_URL: "http://localhost:8000",
  });
});

async function tables(): Promise<string[]> {
  const rows = await query<{ name: string }>(
    url,
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

/** How many advisory locks there are. */
async function locks(): Promise<number> {
  const rows = await query<{ count: number }>(
    url,
    `SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND database =
       (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows[0]!.count;
}

/** A connection that has run `statements`, and keeps the locks that they took to its end. */
async function connectionThat(statements: string): Promise<Client> {
  const client = new Client({ connectionString: url.replace("+asyncpg", "") });
  await client.connect();
  await client.query(statements);
  return client;
}

function passed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

describe("migrating at start", () => {
  test("creates the tables in an empty database, and finds nothing to do the next time", async () => {
    expect((await migrate(env)).sort()).toEqual(TABLES);
    expect(await tables()).toEqual(TABLES);
    expect(await migrate(env)).toEqual([]);
  });

  test("is done by one of four replicas that start at once; the others wait and succeed", async () => {
    const outcomes = await Promise.all([migrate(env), migrate(env), migrate(env), migrate(env)]);
    expect(outcomes.filter((created) => created.length > 0)).toHaveLength(1);
    expect(await tables()).toEqual(TABLES);
  });

  test("waits while another process has the lock, and says so once", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const other = await connectionThat("SELECT pg_advisory_lock(7310590021)");
    const migrated = migrate(env);
    await vi.waitFor(() => expect(log).toHaveBeenCalled(), { timeout: 60_000 });
    // Longer than from one look to the next.
    await passed(2_500);
    expect(await tables()).toEqual([]);
    await other.end();
    expect((await migrated).sort()).toEqual(TABLES);
    expect(log.mock.calls).toEqual([
      ["database: waiting for another process that migrates it (pg_locks: advisory, 7310590021)"],
    ]);
    log.mockRestore();
  });

  test("keeps the lock however long it takes", async () => {
    await migrate(env);
    await query(url, `ALTER TABLE "user" DROP COLUMN image; ALTER TABLE session DROP COLUMN "userAgent"`);
    const users = await connectionThat(`BEGIN; LOCK TABLE "user"`);
    const sessions = await connectionThat("BEGIN; LOCK TABLE session");
    const migrated = migrate(env);
    // Two statements wait, neither for as long as the server lets one.
    await passed(3_000);
    await users.end();
    await passed(3_000);
    expect(await locks()).toBe(1);
    await sessions.end();
    expect((await migrated).sort()).toEqual(["session", "user"]);
  });

  test("adds a column that is missing and leaves the rows alone", async () => {
    await migrate(env);
    await query(
      url,
      `INSERT INTO "user" (id, name, email, "emailVerified") VALUES ('1', 'Ada', 'ada@example.com', true)`,
    );
    await query(url, `ALTER TABLE "user" DROP COLUMN image`);
    expect(await migrate(env)).toEqual(["user"]);
    expect(await query(url, `SELECT name, image FROM "user"`)).toEqual([{ name: "Ada", image: null }]);
  });

  test("adds the table of passkeys to a database from before them, and leaves who is signed in", async () => {
    await migrate(env);
    await query(
      url,
      `INSERT INTO "user" (id, name, email, "emailVerified") VALUES ('1', 'Ada', 'ada@example.com', true);
       INSERT INTO session (id, "userId", token, "expiresAt", "updatedAt") VALUES ('1', '1', 'token', now(), now());
       DROP TABLE passkey`,
    );
    expect(await migrate(env)).toEqual(["passkey"]);
    expect(await query(url, `SELECT token FROM session`)).toEqual([{ token: "token" }]);
    expect(await migrate(env)).toEqual([]);
  });

  test("leaves no lock and no connection behind, also when it fails", async () => {
    await query(url, `CREATE VIEW "user" AS SELECT 1 AS id`);
    await expect(migrate(env)).rejects.toThrow();
    expect(await locks()).toBe(0);
    await query(url, `DROP VIEW "user"`);
    expect((await migrate(env)).sort()).toEqual(TABLES);
  });
});
