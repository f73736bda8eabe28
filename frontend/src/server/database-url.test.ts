import { describe, expect, test } from "vitest";

import { DatabaseUrlError, parseDatabaseUrl } from "./database-url";

const plain = { host: "db", port: 5432, user: "todo", password: "pw", database: "todo", ssl: false };

describe("a database URL becomes settings for pg", () => {
  test.each([
    ["the backend's scheme", "postgresql+asyncpg://todo:pw@db:5432/todo", plain],
    ["libpq's scheme", "postgresql://todo:pw@db:5432/todo", plain],
    ["libpq's short scheme", "postgres://todo:pw@db:5432/todo", plain],
    ["the usual port", "postgresql+asyncpg://todo:pw@db/todo", plain],
    ["another port", "postgresql+asyncpg://todo:pw@db:6543/todo", { ...plain, port: 6543 }],
    ["no password", "postgresql+asyncpg://todo@db/todo", { ...plain, password: undefined }],
    [
      "an encoded password",
      "postgresql+asyncpg://todo:p%40s%2Fs%25@db/todo",
      { ...plain, password: "p@s/s%" },
    ],
    ["an IPv6 host", "postgresql+asyncpg://todo:pw@[::1]/todo", { ...plain, host: "::1" }],
    ["asyncpg's own settings", "postgresql+asyncpg://todo:pw@db/todo?prepared_statement_cache_size=0", plain],
    ["ssl=disable", "postgresql+asyncpg://todo:pw@db/todo?ssl=disable", plain],
    [
      "ssl=require: encrypted, not verified",
      "postgresql+asyncpg://todo:pw@db/todo?ssl=require",
      { ...plain, ssl: { rejectUnauthorized: false } },
    ],
    [
      "ssl=verify-full",
      "postgresql+asyncpg://todo:pw@db/todo?ssl=verify-full",
      { ...plain, ssl: { rejectUnauthorized: true } },
    ],
    [
      "ssl=verify-ca: any name on a good certificate",
      "postgresql+asyncpg://todo:pw@db/todo?ssl=verify-ca",
      { ...plain, ssl: { rejectUnauthorized: true, checkServerIdentity: expect.any(Function) } },
    ],
    [
      "libpq's spelling of ssl",
      "postgresql://todo:pw@db/todo?sslmode=verify-full",
      { ...plain, ssl: { rejectUnauthorized: true } },
    ],
  ])("%s", (_, url, settings) => {
    expect(parseDatabaseUrl(url)).toEqual(settings);
  });
});

describe("what cannot be a database is refused, and the password stays out of the message", () => {
  test.each([
    ["no URL", "s3cret", "not a URL"],
    ["another database", "mysql://todo:s3cret@db/todo", "scheme mysql://"],
    ["another driver", "postgresql+psycopg://todo:s3cret@db/todo", "scheme postgresql+psycopg://"],
    ["several hosts", "postgresql+asyncpg://todo:s3cret@a:1,b:2/todo", "not a URL"],
    ["no host", "postgresql+asyncpg:///todo?password=s3cret", "names no host"],
    ["no user", "postgresql+asyncpg://db/todo?password=s3cret", "names no user"],
    ["no database", "postgresql+asyncpg://todo:s3cret@db", "names no database"],
    ["a bare %", "postgresql+asyncpg://todo:s3cret%@db/todo", "literal % as %25"],
    ["TLS that may not happen", "postgresql+asyncpg://todo:s3cret@db/todo?ssl=prefer", "ssl=prefer"],
    ["an unknown TLS mode", "postgresql+asyncpg://todo:s3cret@db/todo?ssl=s3cret", "unknown ssl mode"],
    [
      "an inherited name as TLS mode",
      "postgresql+asyncpg://todo:s3cret@db/todo?ssl=toString",
      "unknown ssl mode",
    ],
  ])("%s", (_, url, message) => {
    const refusal = () => parseDatabaseUrl(url);
    expect(refusal).toThrow(DatabaseUrlError);
    expect(refusal).toThrow(message);
    expect(refusal).not.toThrow("s3cret");
  });
});
