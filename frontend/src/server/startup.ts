import "server-only";

import { EnvError, env, type Env } from "./env";
import { closeAtTheEnd, completeForwardedFor, demandHttps } from "./http-server";
import { migrate } from "./migrate";

/** Milliseconds in which a database that is not there yet is tried again: with the last try well inside a probe's patience. */
const PATIENCE = 15_000;
const PAUSE = 1_000;

/** Errors of a database that is starting, that says nothing, or whose name is not known yet; every other one is final. */
const PASSING = new Set(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "57P03"]);

/** Makes this process ready to serve, or says why it cannot be and ends it. */
export async function startOrExit(): Promise<void> {
  const problems = await start();
  if (!problems) return;
  for (const problem of problems) console.error(problem);
  // Half a server is worse than none: whatever runs this restarts it, and shows these lines.
  process.exit(1);
}

/**
 * Makes this process ready to serve: checks its configuration and brings its tables up to date.
 *
 * @returns nothing when it is ready, otherwise the lines that say why it cannot be
 */
export async function start(patience = PATIENCE): Promise<string[] | undefined> {
  let settings: Env;
  try {
    settings = env();
  } catch (error) {
    if (!(error instanceof EnvError)) throw error;
    return error.problems.map((problem) => `configuration: ${problem}`);
  }
  completeForwardedFor(settings.trustedProxies);
  closeAtTheEnd();
  if (settings.authUrl.startsWith("https:")) demandHttps();
  try {
    const tables = await retryPassingErrors(() => migrate(settings), patience);
    console.log(tables.length ? `database: migrated ${tables.join(", ")}` : "database: up to date");
    return undefined;
  } catch (error) {
    const { host, port, database } = settings.database;
    return [`database: cannot migrate ${database} on ${host}:${port}: ${oneLine(error)}`];
  }
}

async function retryPassingErrors<T>(attempt: () => Promise<T>, patience: number): Promise<T> {
  for (const deadline = Date.now() + patience; ;) {
    try {
      return await attempt();
    } catch (error) {
      if (!PASSING.has(code(error)) || Date.now() + PAUSE > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

function code(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function oneLine(error: unknown): string {
  // A host with several addresses fails with all of them at once, and with no message of its own.
  if (error instanceof AggregateError && !error.message) return error.errors.map(oneLine).join("; ");
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0]!.trim() || code(error) || "unknown error";
}
