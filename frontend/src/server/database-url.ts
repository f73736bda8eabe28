import type { PoolConfig } from "pg";

/** What is wrong with a database URL. The message never holds any part of the URL itself: it carries a password. */
export class DatabaseUrlError extends Error {
  override name = "DatabaseUrlError";
}

const SCHEMES = new Set(["postgresql+asyncpg:", "postgresql:", "postgres:"]);

/** TLS settings of `pg` for the words that libpq, asyncpg and SQLAlchemy share. */
const TLS: Record<string, PoolConfig["ssl"]> = {
  disable: false,
  // Encrypted, and nothing verified: libpq's meaning of the word, which `pg` itself does not share.
  require: { rejectUnauthorized: false },
  "verify-ca": { rejectUnauthorized: true, checkServerIdentity: () => undefined },
  "verify-full": { rejectUnauthorized: true },
};

/**
 * Turns the database URL that the whole product shares into settings for `pg`.
 *
 * The backend speaks through SQLAlchemy and asyncpg, so the URL has their scheme and their spelling of TLS (`ssl=…`);
 * libpq's spelling (`sslmode=…`) means the same here. Other parameters steer asyncpg alone and are left aside.
 *
 * @throws {DatabaseUrlError} when the URL cannot mean a Postgres database
 */
export function parseDatabaseUrl(value: string): PoolConfig {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new DatabaseUrlError("is not a URL; write postgresql+asyncpg://user:password@host:5432/database");
  }
  if (!SCHEMES.has(url.protocol)) {
    throw new DatabaseUrlError(`has the scheme ${url.protocol}// ; use postgresql+asyncpg://`);
  }
  const database = decode(url.pathname.slice(1), "database name");
  if (!url.hostname) throw new DatabaseUrlError("names no host");
  if (!url.username) throw new DatabaseUrlError("names no user");
  if (!database) throw new DatabaseUrlError("names no database");
  return {
    // WHATWG URLs keep the brackets of an IPv6 address, and a socket does not want them.
    host: decode(url.hostname, "host").replace(/^\[(.*)\]$/, "$1"),
    port: url.port ? Number(url.port) : 5432,
    user: decode(url.username, "user"),
    password: url.password ? decode(url.password, "password") : undefined,
    database,
    ssl: tls(url.searchParams.get("ssl") ?? url.searchParams.get("sslmode")),
  };
}

function tls(mode: string | null): PoolConfig["ssl"] {
  if (mode === null) return false;
  if (Object.hasOwn(TLS, mode)) return TLS[mode];
  if (mode === "prefer" || mode === "allow") {
    throw new DatabaseUrlError(
      `asks for ssl=${mode}, which may go unencrypted unnoticed; use require or disable`,
    );
  }
  throw new DatabaseUrlError(`has an unknown ssl mode; use one of ${Object.keys(TLS).join(", ")}`);
}

function decode(part: string, name: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new DatabaseUrlError(`has a ${name} that is not percent-encoded; write a literal % as %25`);
  }
}
