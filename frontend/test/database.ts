import { randomBytes } from "node:crypto";

import { Client } from "pg";
import { inject } from "vitest";

/** An empty database of its own for one test file, as the URL that the product would be given. */
export async function createDatabase(): Promise<string> {
  const name = `test_${randomBytes(6).toString("hex")}`;
  await query(inject("postgresUrl"), `CREATE DATABASE ${name}`);
  const url = new URL(inject("postgresUrl"));
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
