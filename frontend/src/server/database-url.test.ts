import { readFile, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { describe, expect, test } from "vitest";

import { DatabaseUrlError, parseDatabaseUrl, readDatabaseUrl } from "./database-url";

interface Row {
  name: string;
  url: string;
  refused?: string;
  becomes?: Record<string, unknown>;
}

const rows = JSON.parse(await readFile("test/database-urls.json", "utf8")) as Row[];

describe("a database URL is judged by the table that the backend and a deployment judge by", () => {
  test.each(rows.map((row) => [row.name, row] as const))("%s", (_, { url, refused, becomes }) => {
    const read = () => readDatabaseUrl(url);
    if (refused === undefined) {
      expect(read()).toEqual(becomes);
      return;
    }
    expect(read).toThrow(DatabaseUrlError);
    expect(read).toThrow(refused);
    expect(read).not.toThrow("Pl4nted");
    expect(read).not.toThrow("\n");
  });
});

describe("a database URL becomes settings for pg", () => {
  const url = "postgresql+asyncpg://todo:pw@db:5432/todo";
  const plain = { host: "db", port: 5432, user: "todo", password: "pw", database: "todo" };

  test.each([
    ["no word of TLS", "", false],
    ["ssl=disable", "?ssl=disable", false],
    ["ssl=require: encrypted, not verified", "?ssl=require", { rejectUnauthorized: false }],
    ["a public authority", "?ssl=verify-full&sslrootcert=system", { rejectUnauthorized: true, host: "db" }],
  ])("%s", (_, query, ssl) => {
    expect(parseDatabaseUrl(url + query)).toEqual({ ...plain, ssl });
  });

  test("an authority of its own is read from its file", async () => {
    const file = path.join(await mkdtemp(path.join(tmpdir(), "authority-")), "ca.crt");
    const ca = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
    await writeFile(file, ca);
    expect(parseDatabaseUrl(`${url}?ssl=verify-full&sslrootcert=${file}`).ssl).toEqual({
      rejectUnauthorized: true,
      ca,
      host: "db",
    });
    expect(parseDatabaseUrl(`${url}?ssl=verify-ca&sslrootcert=${file}`).ssl).toEqual({
      rejectUnauthorized: true,
      ca,
      checkServerIdentity: expect.any(Function) as unknown,
    });
  });

  test("a file that is not there is told", () => {
    expect(() => parseDatabaseUrl(`${url}?ssl=verify-full&sslrootcert=/nowhere`)).toThrow(
      "names /nowhere as sslrootcert, which cannot be read",
    );
  });
});
