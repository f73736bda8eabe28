import "server-only";

import { hash } from "node:crypto";

import { APIError } from "better-auth/api";

import { auth, dropToken, hasEnded, KNOWN, tokenFor } from "./auth";
import { BackendError, callBackend, type BackendRequest } from "./backend";
import { readJson, refuse, refuseForeignOrigin, refuseUnread } from "./guard";
import { Recent } from "./recent";

/** What to ask the backend for; the method is the browser's, and so is the body where `body` says that there is one. */
export interface Target extends Pick<BackendRequest, "method" | "path" | "timeout" | "stream"> {
  body?: boolean;
}

/**
 * Passes a browser's request on to the backend: checks where it comes from and who sent it, trades the session cookie
 * for a token that the browser never sees, and hands back the backend's status and JSON, or its stream of events.
 */
export async function forward(request: Request, target: Target): Promise<Response> {
  const refusal = target.method === "GET" ? undefined : refuseForeignOrigin(request);
  if (refusal) return refusal;

  const session = await readSession(request.headers);
  if (session instanceof Response) return session;

  const body = target.body ? await readJson(request) : undefined;
  if (body instanceof Response) return body;

  const idempotencyKey = request.headers.get("idempotency-key") ?? undefined;
  if (idempotencyKey !== undefined && !isKey(idempotencyKey)) {
    return refuse(400, "Idempotency-Key is 16 to 64 letters, digits and hyphens.");
  }

  const { method, path, timeout, stream } = target;
  const answer = await call(session.userId, { method, path, timeout, stream, body, idempotencyKey });
  // A stream says more: what is on the way must not hold it back.
  if (!answer.headers.has("cache-control")) answer.headers.set("cache-control", "no-store");
  // Reading a session may prolong it, and the cookie has to learn of it.
  for (const cookie of session.setCookie) answer.headers.append("set-cookie", cookie);
  return answer;
}

const KEY = /^[\w-]{16,64}$/;

/** Whether `key` can be an Idempotency-Key of ours. Anything else must not become part of a path. */
export function isKey(key: string): boolean {
  return KEY.test(key);
}

/** Calls the backend for `userId`; one that gives no answer becomes a JSON error for the browser and a line in the log. */
async function call(userId: string, request: BackendRequest): Promise<Response> {
  let token: string;
  try {
    token = await tokenFor(userId);
  } catch (error) {
    return error instanceof APIError && error.statusCode === 401
      ? refuse(401, "Sign in first.")
      : refuseUnread(error);
  }
  try {
    return await callBackend(token, request);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    console.error(`backend: ${error.message}`);
    if (error.unauthorized) dropToken(userId);
    return refuse(error.status, error.detail);
  }
}

/** Sessions that were read a moment ago, by a digest of the cookies, which may be long, that they were read from. */
const known = new Recent<{ userId: string; token: string }>(KNOWN, 10_000);

/** Whose session the cookies are and the ones that keep it alive, or the refusal. */
async function readSession(headers: Headers): Promise<{ userId: string; setCookie: string[] } | Response> {
  const cookies = hash("sha256", headers.get("cookie") ?? "");
  let session = known.get(cookies);
  let setCookie: string[] = [];
  if (!session) {
    try {
      const read = await auth().api.getSession({ headers, returnHeaders: true });
      if (read.response) {
        session = { userId: read.response.user.id, token: read.response.session.token };
        known.set(cookies, session);
      }
      setCookie = read.headers.getSetCookie();
    } catch (error) {
      return refuseUnread(error);
    }
  }
  if (!session || hasEnded(session.token)) return refuse(401, "Sign in first.");
  return { userId: session.userId, setCookie };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether `id` can be the id of a todo. Anything else must not become part of a path. */
export function isUuid(id: string): boolean {
  return UUID.test(id);
}
