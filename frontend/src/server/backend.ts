import "server-only";

import { env } from "./env";

/** A request to the backend. */
export interface BackendRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Path and query below the backend's origin; never taken from a browser as it is. */
  path: string;
  /** JSON text, sent as it is. */
  body?: string;
  /** How long to wait for the whole answer, in milliseconds. */
  timeout?: number;
}

/** Why there is no answer from the backend that could be passed on. */
export class BackendError extends Error {
  override name = "BackendError";
  constructor(
    /** 502 when the backend is unreachable or answers nonsense, 504 when it takes too long. */
    readonly status: 502 | 504,
    /** For people. */
    readonly detail: string,
    /** For the log. */
    cause: string,
  ) {
    super(cause);
  }
}

const DEFAULT_TIMEOUT = 10_000;

/**
 * Sends a request to the backend on behalf of the user whom `token` names, and returns its answer read to the end.
 *
 * @throws {BackendError} when no usable answer arrives
 */
export async function callBackend(token: string, request: BackendRequest): Promise<Response> {
  const { method, path, body, timeout = DEFAULT_TIMEOUT } = request;
  let response: Response;
  try {
    const answer = await fetch(new URL(path, env().backendUrl), {
      method,
      body,
      headers: {
        accept: "application/json",
        // A connection that is kept may be closed by a pod on its way out in the moment in which the next request takes it,
        // and that request is lost. A new one goes to a pod that the Service still has.
        connection: "close",
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    // The time limit covers the body too, so read it before it is lifted.
    const text = await answer.text();
    response = new Response(text || null, { status: answer.status, headers: contentType(answer) });
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") {
      throw new BackendError(
        504,
        "The todo service takes too long to answer.",
        `${method} ${path}: ${timeout} ms passed`,
      );
    }
    throw new BackendError(502, "The todo service cannot be reached.", `${method} ${path}: ${reason(error)}`);
  }
  // Neither is an answer to the user: the session is good, and the backend has no other address.
  if (response.status === 401 || (response.status >= 300 && response.status < 400)) {
    throw new BackendError(
      502,
      "The todo service refuses to answer.",
      `${method} ${path}: status ${response.status}`,
    );
  }
  return response;
}

/**
 * Deletes everything that the backend keeps of the user whom `token` names.
 *
 * @throws {BackendError} when that did not happen
 */
export async function eraseUserData(token: string): Promise<void> {
  const answer = await callBackend(token, { method: "DELETE", path: "/api/me" });
  if (!answer.ok) {
    throw new BackendError(502, "The todos could not be deleted.", `DELETE /api/me: status ${answer.status}`);
  }
}

function contentType(answer: Response): HeadersInit {
  const type = answer.headers.get("content-type");
  return type ? { "content-type": type } : {};
}

/** The system's own word for a failed connection, which `fetch` hides one level down. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
