import "server-only";

import * as http from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";

import { env } from "./env";

/** A request to the backend. */
export interface BackendRequest {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Path and query below the backend's origin; never taken from a browser as it is. */
  path: string;
  /** JSON text, sent as it is. */
  body?: string;
  /** Names a request that may be sent more than once, so that what it asks for is done once. */
  idempotencyKey?: string;
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
    /** Whether the backend refused the token: it did nothing then, and another token may help. */
    readonly unauthorized = false,
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
  const { method, path, body, idempotencyKey, timeout = DEFAULT_TIMEOUT } = request;
  let response: Response;
  try {
    response = await send(new URL(path, env().backendUrl), {
      method,
      body,
      headers: {
        accept: "application/json",
        authorization: `Bearer ${token}`,
        ...(body !== undefined && {
          "content-type": "application/json",
          "content-length": String(Buffer.byteLength(body)),
        }),
        ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
      },
      timeout,
    });
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") {
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
      response.status === 401,
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

interface Sent {
  method: string;
  body: string | undefined;
  headers: Record<string, string>;
  timeout: number;
}

/** Node's own client, which takes a third of the processor's time that its `fetch` does. */
function send(url: URL, { method, body, headers, timeout }: Sent): Promise<Response> {
  // The time limit covers the body too.
  const signal = AbortSignal.timeout(timeout);
  const { request } = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    // A connection that is kept may be closed by a pod on its way out in the moment in which the next request takes it,
    // and that request is lost. A new one goes to a pod that the Service still has.
    const outgoing = request(url, { method, headers, signal, agent: false }, (answer) => {
      text(answer).then((read) => {
        resolve(new Response(read || null, { status: answer.statusCode, headers: passedOn(answer) }));
      }, reject);
    });
    outgoing.on("error", reject).end(body);
  });
}

/** What else than the body tells a browser something. */
function passedOn(answer: http.IncomingMessage): Record<string, string> {
  const names = ["content-type", "retry-after"] as const;
  return Object.fromEntries(
    names.flatMap((name) => (answer.headers[name] ? [[name, answer.headers[name]]] : [])),
  );
}

/** The system's own word for a failed connection, where it has one. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
