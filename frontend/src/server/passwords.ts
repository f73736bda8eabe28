import "server-only";

import { APIError } from "better-auth/api";
import { hashPassword, verifyPassword } from "better-auth/crypto";

/** How many may wait for their turn. */
const WAITING = 100;

/** Milliseconds. Who has waited longer has gone away, or is better told to come back. */
const PATIENCE = 15_000;

let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/**
 * Better Auth's own hashing, one password after the other. A hash takes 32 MiB and all of a processor; several at once
 * take the memory limit of a pod, and every other answer, the probes' among them, would wait for all of them.
 */
export const passwords = {
  hash: (password: string): Promise<string> => inTurn(() => hashPassword(password)),
  verify: (data: { hash: string; password: string }): Promise<boolean> => inTurn(() => verifyPassword(data)),
};

/**
 * Runs `work` when all that came before has ended.
 *
 * @throws {APIError} 503 when too many wait already, or when its turn came too late
 */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting >= WAITING) throw busy();
  const late = performance.now() + PATIENCE;
  waiting++;
  const turn = last.then(() => {
    if (performance.now() > late) throw busy();
    return work();
  });
  last = turn.catch(() => undefined);
  try {
    return await turn;
  } finally {
    waiting--;
  }
}

function busy(): APIError {
  const message = "Too many people are signing in right now. Try again in a moment.";
  return new APIError("SERVICE_UNAVAILABLE", { message, code: "BUSY" }, { "Retry-After": "10" });
}
