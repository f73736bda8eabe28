import "server-only";

import { auth, mintToken } from "./auth";
import { BackendError, callBackend, type BackendRequest } from "./backend";
import { readJson, refuse, refuseForeignOrigin } from "./guard";

/** What to ask the backend for; the method is the browser's, and so is the body where `body` says that there is one. */
export interface Target extends Pick<BackendRequest, "method" | "path" | "timeout"> {
  body?: boolean;
}

/**
 * Passes a browser's request on to the backend: checks where it comes from and who sent it, trades the session cookie
 * for a token that the browser never sees, and hands back the backend's status and JSON.
 */
export async function forward(request: Request, target: Target): Promise<Response> {
  const refusal = target.method === "GET" ? undefined : refuseForeignOrigin(request);
  if (refusal) return refusal;

  const session = await readSession(request.headers);
  if (session instanceof Response) return session;

  const body = target.body ? await readJson(request) : undefined;
  if (body instanceof Response) return body;

  const { method, path, timeout } = target;
  const answer = await orRefusal(async () =>
    callBackend(await mintToken(session.userId), { method, path, timeout, body }),
  );
  answer.headers.set("cache-control", "no-store");
  // Reading a session may prolong it, and the cookie has to learn of it.
  for (const cookie of session.setCookie) answer.headers.append("set-cookie", cookie);
  return answer;
}

/** Whose session the cookie is and the cookies that keep it alive, or the refusal. */
async function readSession(headers: Headers): Promise<{ userId: string; setCookie: string[] } | Response> {
  try {
    const session = await auth().api.getSession({ headers, returnHeaders: true });
    if (!session.response) return refuse(401, "Sign in first.");
    return { userId: session.response.user.id, setCookie: session.headers.getSetCookie() };
  } catch (error) {
    // Better Auth has logged the cause. Without the database nobody is signed out: it is only not known.
    console.error(`session: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return refuse(503, "Your session cannot be checked right now. Try again in a moment.");
  }
}

/** Runs `ask`; a backend that gives no answer becomes a JSON error for the browser and a line in the log. */
export async function orRefusal(ask: () => Promise<Response>): Promise<Response> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    console.error(`backend: ${error.message}`);
    return refuse(error.status, error.detail);
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether `id` can be the id of a todo. Anything else must not become part of a path. */
export function isUuid(id: string): boolean {
  return UUID.test(id);
}
