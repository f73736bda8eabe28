import { isIP } from "node:net";

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
  /** Where mail goes out. Without it nobody can reset a password, and no address is verified. */
  mail: MailSettings | undefined;
}

/** An SMTP server, and how mail is given to it. */
export interface MailSettings {
  host: string;
  port: number;
  /** STARTTLS, TLS from the first byte, or none at all. */
  tls: MailTls;
  user: string | undefined;
  password: string | undefined;
  /** Who the mail is from: an address, or `Name <address>`. */
  from: string;
}

type MailTls = (typeof MAIL_TLS)[number];

const MAIL_TLS = ["starttls", "implicit", "none"] as const;

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
  const mail = source.SMTP_HOST?.trim() ? checkMail() : undefined;

  if (
    !database ||
    !authSecret ||
    !authUrl ||
    !backendUrl ||
    !audience ||
    !furtherOrigins ||
    !trustedProxies ||
    problems.length
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
    mail,
  };

  function checkMail(): MailSettings | undefined {
    const host = check("SMTP_HOST", hostname);
    const port = check("SMTP_PORT", portNumber, "587");
    const tls = check("SMTP_TLS", mailTls, "starttls");
    const from = check("SMTP_FROM", sender);
    const user = source.SMTP_USER?.trim() || undefined;
    const password = source.SMTP_PASSWORD?.trim() || undefined;
    if (!user !== !password) problems.push("SMTP_USER and SMTP_PASSWORD go together; set both, or neither");
    if (password && tls === "none")
      problems.push("SMTP_TLS is none, which would show SMTP_PASSWORD to the network");
    return host && port && tls && from ? { host, port, tls, user, password, from } : undefined;
  }
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

function hostname(value: string): string {
  if (isIP(value) || /^[a-z0-9._-]+$/i.test(value)) return value;
  throw new ProblemError("is not the name or the address of a host; the port goes into SMTP_PORT");
}

function portNumber(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new ProblemError("is not a port from 1 to 65535");
}

function mailTls(value: string): MailTls {
  const tls = MAIL_TLS.find((each) => each === value);
  if (tls) return tls;
  throw new ProblemError(`is not one of ${MAIL_TLS.join(", ")}`);
}

function sender(value: string): string {
  const address = /^[^<>]*<([^<>]*)>$/.exec(value)?.[1] ?? value;
  if (/^[^\s@<>,;]+@[^\s@<>,;]+$/.test(address)) return value;
  throw new ProblemError("is not an address; write it like Todos <todos@example.com>");
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
