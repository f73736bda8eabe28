import type { PoolConfig } from "pg";

import { DatabaseUrlError, parseDatabaseUrl } from "./database-url";
import { parseProxies, type Proxies } from "./proxies";

/** The validated configuration of the running server. */
export interface Env {
  /** Where Better Auth keeps its tables: the same database as the backend's. */
  database: PoolConfig;
  /** Signs cookies and encrypts the private keys behind the JWKS. */
  authSecret: string;
  /** The public origin of this front end, and the issuer of its tokens. */
  authUrl: string;
  /** The audience of its tokens. */
  audience: string;
  /** The origin of the backend, as seen from this server. */
  backendUrl: string;
  /** Every origin whose pages may change something, `authUrl` included. */
  trustedOrigins: string[];
  /** Whose word about where a request came from is believed. */
  trustedProxies: Proxies;
}

/** Everything wrong with the environment, one line per variable. No line repeats a value that may be secret. */
export class EnvError extends Error {
  override name = "EnvError";
  constructor(readonly problems: string[]) {
    super(problems.join("\n"));
  }
}

const SECRET_LENGTH = 32;

/**
 * Reads the configuration.
 *
 * @throws {EnvError} naming every problem at once, so that one restart is enough to mend them all
 */
export function readEnv(source: Record<string, string | undefined>): Env {
  const problems: string[] = [];

  function check<T>(name: string, parse: (value: string) => T, fallback?: string): T | undefined {
    // An empty variable is what an unset one becomes in a chart or a compose file.
    const value = source[name]?.trim() || fallback;
    if (value === undefined) {
      problems.push(`${name} is missing`);
      return undefined;
    }
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof DatabaseUrlError || error instanceof ProblemError)) throw error;
      problems.push(`${name} ${error.message}`);
      return undefined;
    }
  }

  const database = check("DATABASE_URL", parseDatabaseUrl);
  const authSecret = check("BETTER_AUTH_SECRET", secret);
  const authUrl = check("BETTER_AUTH_URL", origin);
  const backendUrl = check("BACKEND_URL", origin);
  const audience = check("AUTH_AUDIENCE", String, "todo-chatbot");
  const furtherOrigins = source.TRUSTED_ORIGINS?.trim() ? check("TRUSTED_ORIGINS", origins) : [];
  const trustedProxies = check("TRUSTED_PROXIES", proxies, ",");

  if (
    !database ||
    !authSecret ||
    !authUrl ||
    !backendUrl ||
    !audience ||
    !furtherOrigins ||
    !trustedProxies
  ) {
    throw new EnvError(problems);
  }
  return {
    database,
    authSecret,
    authUrl,
    audience,
    backendUrl,
    trustedOrigins: [...new Set([authUrl, ...furtherOrigins])],
    trustedProxies,
  };
}

class ProblemError extends Error {}

function secret(value: string): string {
  if (value.length >= SECRET_LENGTH) return value;
  throw new ProblemError(
    `is ${value.length} characters long and needs ${SECRET_LENGTH}; make one with: openssl rand -base64 32`,
  );
}

function origin(value: string): string {
  let url: URL | undefined;
  try {
    url = new URL(value);
  } catch {
    // Told below, together with what else an origin is not.
  }
  // The string is compared as it stands, by browsers' Origin headers and by the backend's issuer check.
  if (url && /^https?:$/.test(url.protocol) && url.origin === value) return value;
  throw new ProblemError(
    "is not an origin; write it like https://todo.example.com, without path or final slash",
  );
}

function origins(value: string): string[] {
  return parts(value).map(origin);
}

function proxies(value: string): Proxies {
  const read = parseProxies(parts(value));
  if (read) return read;
  throw new ProblemError("is not a list of addresses and ranges; write it like 10.0.0.0/8,192.0.2.7");
}

function parts(value: string): string[] {
  return value
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}

let current: Env | undefined;

/**
 * The configuration of this process, read once and on first use: a build needs none.
 *
 * @throws {EnvError} as {@link readEnv} does
 */
export function env(): Env {
  return (current ??= readEnv(process.env));
}
