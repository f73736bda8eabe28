import "server-only";

import { Readable } from "node:stream";

import { auth, dropToken, tokenFor } from "./auth";
import { env } from "./env";
import { refuse } from "./guard";
import { readPasskeys } from "./passkey-list";
import { readAccount, readSessions } from "./sessions";

/** Milliseconds for all of it. */
const PATIENCE = 300_000;

/**
 * Everything that is kept about the user who asks, as one JSON file: their account and sessions from here, without what signs
 * anybody in, and the rest from the backend, passed on as it comes and never held as a whole.
 */
export async function download(request: Request): Promise<Response> {
  const account = await readAccount(request.headers);
  if (account instanceof Response) return account;
  const { id, name, email, emailVerified, image, createdAt, updatedAt } = account.user;
  const { internalAdapter } = await auth().$context;
  const own = {
    account: {
      id,
      name,
      email,
      email_verified: emailVerified,
      image,
      created_at: createdAt,
      updated_at: updatedAt,
    },
    sign_in_methods: (await internalAdapter.findAccounts(id)).map((each) => ({
      provider: each.providerId,
      created_at: each.createdAt,
      updated_at: each.updatedAt,
    })),
    passkeys: await readPasskeys(id),
    sessions: readSessions(account),
  };

  const answer = await ask(id, request.signal);
  if (answer instanceof Error || !answer.ok || !answer.body) {
    const cause = answer instanceof Error ? answer.message : `status ${answer.status}`;
    console.error(`backend: GET /api/me: ${cause}`);
    return refuse(502, "Your data cannot be read right now. Try again in a moment.");
  }
  const { body } = answer;
  async function* parts() {
    const encoder = new TextEncoder();
    yield encoder.encode(`${JSON.stringify(own).slice(0, -1)},"data":`);
    yield* body;
    yield encoder.encode("}\n");
  }
  return new Response(Readable.toWeb(Readable.from(parts())) as ReadableStream, {
    headers: {
      "content-type": "application/json",
      "content-disposition": `attachment; filename="todos-${new Date().toISOString().slice(0, 10)}.json"`,
      "cache-control": "no-store",
    },
  });
}

/** Asks the backend for its part: `fetch`, since its answer is a stream that says when it was cut off. */
async function ask(userId: string, left: AbortSignal): Promise<Response | Error> {
  try {
    const answer = await fetch(new URL("/api/me", env().backendUrl), {
      headers: { accept: "application/json", authorization: `Bearer ${await tokenFor(userId)}` },
      signal: AbortSignal.any([left, AbortSignal.timeout(PATIENCE)]),
      redirect: "manual",
      cache: "no-store",
    });
    if (answer.status === 401) dropToken(userId);
    return answer;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
