import { readFileSync } from "node:fs";

import type { PoolConfig } from "pg";

/** What is wrong with a database URL. The message never holds any part of the URL itself: it carries a password. */
export class DatabaseUrlError extends Error {
  override name = "DatabaseUrlError";
}

const SCHEME = "postgresql+asyncpg";
const EXAMPLE = `${SCHEME}://user:password@host:5432/todo`;
const SPECIAL =
  "cannot be read; percent-encode what is special in the user and the password " +
  `(/ is %2F, @ is %40, # is %23, ? is %3F, % is %25), as in ${EXAMPLE}`;
const DATABASE = `has to end in one database name after the host; write it like ${EXAMPLE}`;
const QUERY = "cannot be read in what follows its ?; write it like ?ssl=require";

const OTHER_DRIVERS = new Set([
  "postgres",
  "postgresql",
  "postgresql+psycopg",
  "postgresql+psycopg2",
  "postgresql+pg8000",
  SCHEME,
]);
const OTHER_DATABASES = new Set(["mysql", "sqlite", "sqlite+aiosqlite", "mongodb", "mysql+aiomysql"]);
const HOST = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])$/;
const MODES = ["disable", "require", "verify-ca", "verify-full"];
const TAKEN = ["ssl", "sslrootcert", "prepared_statement_cache_size"];

/** libpq's parameters and other clients': these are told by name, and anything else may be a secret. */
const OTHERS = new Set(
  (
    "application_name channel_binding client_encoding command_timeout connect_timeout connection_limit dbname " +
    "direct_url fallback_application_name gssencmode host hostaddr keepalives keepalives_idle krbsrvname " +
    "load_balance_hosts options passfile password pgbouncer pool_timeout port require_auth schema search_path " +
    "server_settings service sslcert sslcrl sslkey sslnegotiation sslpassword sslsni statement_cache_size " +
    "statement_timeout supa target_session_attrs tcp_user_timeout timeout user uselibpqcompat workaround"
  ).split(" "),
);

/** What a database URL says. The backend and a deployment judge by the same table, test/database-urls.json. */
export interface DatabaseUrl {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** libpq's word: disable, require, verify-ca or verify-full. */
  ssl: string;
  /** What holds the authority of the server's certificate: a file, or `system`, "" for none. */
  root: string;
}

/**
 * Turns the database URL that the whole product shares into settings for `pg`.
 *
 * @throws {DatabaseUrlError} when the URL cannot mean a Postgres database, or names a file that cannot be read
 */
export function parseDatabaseUrl(value: string): PoolConfig {
  const { ssl, root, ...where } = readDatabaseUrl(value);
  return { ...where, ssl: tls(ssl, root, where.host) };
}

/**
 * Reads a database URL part by part: the platform's own parser takes what the backend's does not.
 *
 * @throws {DatabaseUrlError} in one line, with no part of the password
 */
export function readDatabaseUrl(value: string): DatabaseUrl {
  if (/\s/.test(value)) fail("has white space in it; give it as one word, and its file no line break");
  const [scheme, rest] = cut(value, "://");
  if (rest === undefined) fail(`is not a URL: it is no URL of a database; write it like ${EXAMPLE}`);
  if (scheme !== SCHEME) fail(schemeProblem(scheme));
  const [main, query] = cut(rest, "?");
  const [authority, path = ""] = cut(main, "/");
  let [userinfo, place] = cut(authority, "@") as [string, string | undefined];
  const hasUser = place !== undefined;
  if (place === undefined) [userinfo, place] = ["", authority];
  if (rest.includes("#") || path.includes("@") || place.includes("@") || (!hasUser && rest.includes("@"))) {
    fail(SPECIAL);
  }
  const [user, password = ""] = cut(userinfo, ":").map((part) => decode(part ?? "", SPECIAL));
  const { host, port } = readPlace(place, user ?? "", password);
  if (!path || path.includes("/")) fail(DATABASE);
  const database = decode(path, DATABASE);
  return { host, port, user: user ?? "", password, database, ...verified(parameters(query)) };
}

function fail(problem: string): never {
  throw new DatabaseUrlError(problem);
}

function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Only a known scheme is repeated: an unknown one may be anything pasted. */
function schemeProblem(scheme: string): string {
  if (OTHER_DRIVERS.has(scheme.toLowerCase()))
    return `has the scheme of another driver; change ${scheme}:// to ${SCHEME}://`;
  if (OTHER_DATABASES.has(scheme))
    return `has the scheme ${scheme}:// of another database; the application needs Postgres`;
  return `cannot be used: its scheme has to be ${SCHEME}, as in ${EXAMPLE}`;
}

function decode(part: string, problem: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(part)) fail(problem);
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    text = "\0";
  }
  if (/\p{Cc}/u.test(text)) fail("has a character that is none of UTF-8's, or a control character");
  return text;
}

function readPlace(place: string, user: string, password: string): { host: string; port: number } {
  const colon = place.lastIndexOf(":");
  const hasPort = colon > place.lastIndexOf("]");
  const host = hasPort ? place.slice(0, colon) : place;
  const port = hasPort ? place.slice(colon + 1) : "5432";
  if (!host) fail(`names no host; write it like ${EXAMPLE}`);
  if (!user) fail(`names no user; write it like ${EXAMPLE}`);
  if (!password) fail(`has no password; write it like ${EXAMPLE}`);
  if (place.includes(",")) fail("names several hosts; name one, which leads to whichever serves");
  if (!HOST.test(host)) fail(`is wrong: its host is no name or address; write it like ${EXAMPLE}`);
  if (!port) fail(`has a colon without a port; write it like ${EXAMPLE}`);
  const number = Number(port);
  if (!/^[0-9]{1,9}$/.test(port) || number < 1 || number > 65_535)
    fail("cannot be read: its port is not one from 1 to 65535");
  // Pools that give each transaction another connection do not keep a migration's lock.
  const low = host.toLowerCase();
  if (low.endsWith(".neon.tech") && low.includes("-pooler."))
    fail("leads to Neon's pool, which keeps no lock; take -pooler out of the host");
  if (low.endsWith(".pooler.supabase.com") && number === 6543)
    fail("leads to Supabase's pool, which keeps no lock; use its port 5432");
  // A socket wants no brackets around an IPv6 address.
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: number };
}

function parameters(query: string | undefined): Map<string, string> {
  const given = new Map<string, string>();
  if (query === undefined) return given;
  for (const pair of query.split("&")) {
    const [name, raw] = cut(pair, "=");
    if (!name || !raw || given.has(name)) fail(QUERY);
    const value = decode(raw, QUERY);
    if (name === "sslmode") fail("has sslmode, which asyncpg does not know; write ssl= with the same value");
    if (OTHERS.has(name)) fail(`has too much: leave ${name} out; it takes ${TAKEN.join(", ")}`);
    if (!TAKEN.includes(name)) fail(`has a parameter that is not known; it takes ${TAKEN.join(", ")}`);
    if (name === "prepared_statement_cache_size" && !/^[0-9]{1,5}$/.test(value))
      fail("has a prepared_statement_cache_size that is no number");
    given.set(name, value);
  }
  return given;
}

function verified(given: Map<string, string>): { ssl: string; root: string } {
  const ssl = given.get("ssl") ?? "disable";
  const root = given.get("sslrootcert") ?? "";
  const asks = ssl === "verify-ca" || ssl === "verify-full";
  if (ssl === "prefer" || ssl === "allow")
    fail(`has ssl=${ssl}, which may go unencrypted unnoticed; use require or disable`);
  if (!MODES.includes(ssl)) fail("has an ssl that is none of disable, require, verify-ca and verify-full");
  if (asks && !root)
    fail(
      `has ssl=${ssl} without an authority; add &sslrootcert=/path/of/the/file, ` +
        "as docs/managed-postgres.md says, or use ssl=require",
    );
  if (root && !asks) fail("has an sslrootcert, which goes with ssl=verify-full or verify-ca");
  if (root === "system" && ssl !== "verify-full")
    fail("has sslrootcert=system, which goes with ssl=verify-full");
  if (root && root !== "system" && !root.startsWith("/"))
    fail("has an sslrootcert that is neither system nor a path that begins with /");
  return { ssl, root };
}

function tls(ssl: string, root: string, host: string): PoolConfig["ssl"] {
  if (ssl === "disable") return false;
  // Encrypted, and nothing verified: libpq's meaning of the word, which `pg` itself does not share.
  if (ssl === "require") return { rejectUnauthorized: false };
  // `pg` gives Node no name to check for a host that is an address, and Node would then check localhost's.
  const checked = ssl === "verify-full" ? { host } : { checkServerIdentity: () => undefined };
  if (root === "system") return { rejectUnauthorized: true, ...checked };
  return { rejectUnauthorized: true, ca: authority(root), ...checked };
}

function authority(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    text = "";
  }
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  return fail(
    `names ${path} as sslrootcert, which cannot be read or has no certificate; ` +
      "bring it into the pod as docs/managed-postgres.md says",
  );
}
