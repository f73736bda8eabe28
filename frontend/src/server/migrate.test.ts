import { beforeEach, describe, expect, test } from "vitest";

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
    const left = await query<{ count: number }>(
      url,
      `SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database =
                (SELECT oid FROM pg_database WHERE datname = current_database()))::int AS count`,
    );
    expect(left).toEqual([{ count: 0 }]);
    await query(url, `DROP VIEW "user"`);
    expect((await migrate(env)).sort()).toEqual(TABLES);
  });
});
