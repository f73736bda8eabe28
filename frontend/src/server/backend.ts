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
  /** How long to wait for the whole answer, or for the beginning of one that is streamed, in milliseconds. */
  timeout?: number;
  /** Takes server-sent events too, which are passed on as they come and until this is aborted. */
  stream?: AbortSignal;
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

const EVENT_STREAM = "text/event-stream";

/** Milliseconds: the backend says something every 15 seconds, or it is no longer there. */
const LONGEST_SILENCE = 45_000;

/**
 * Sends a request to the backend on behalf of the user whom `token` names, and returns its answer: read to the end, or a
 * stream of events.
 *
 * @throws {BackendError} when no usable answer arrives
 */
export async function callBackend(token: string, request: BackendRequest): Promise<Response> {
  const { method, path, body, idempotencyKey, timeout = DEFAULT_TIMEOUT, stream } = request;
  let response: Response;
  try {
    response = await send(new URL(path, env().backendUrl), {
      method,
      body,
      headers: {
        accept: stream ? `${EVENT_STREAM}, application/json` : "application/json",
        authorization: `Bearer ${token}`,
        ...(body !== undefined && {
          "content-type": "application/json",
          "content-length": String(Buffer.byteLength(body)),
        }),
        ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
      },
      timeout,
      stream,
    });
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
  stream: AbortSignal | undefined;
}

/** Node's own client, which takes a third of the processor's time that its `fetch` does. */
function send(url: URL, { method, body, headers, timeout, stream }: Sent): Promise<Response> {
  const { request } = url.protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    // A connection that is kept may be closed by a pod on its way out in the moment in which the next request takes it,
    // and that request is lost. A new one goes to a pod that the Service still has.
    const outgoing = request(url, { method, headers, agent: false }, (answer) => {
      const init = { status: answer.statusCode, headers: passedOn(answer) };
      if (stream && answer.headers["content-type"]?.startsWith(EVENT_STREAM)) {
        clearTimeout(limit);
        outgoing.setTimeout(LONGEST_SILENCE, () => outgoing.destroy());
        resolve(new Response(relay(answer), init));
      } else {
        // The time limit covers the body too.
        text(answer)
          .then((read) => resolve(new Response(read || null, init)), reject)
          .finally(() => clearTimeout(limit));
      }
    });
    const limit = setTimeout(() => outgoing.destroy(new DOMException("", "TimeoutError")), timeout);
    const leave = () => outgoing.destroy();
    stream?.addEventListener("abort", leave);
    outgoing
      .on("error", reject)
      .on("close", () => {
        clearTimeout(limit);
        stream?.removeEventListener("abort", leave);
        reject(new Error("the connection was closed"));
      })
      .end(body);
    if (stream?.aborted) leave();
  });
}

/** Passes on what comes, as it comes. A stream that is cut off ends, and says by what it lacks that it was. */
function relay(answer: http.IncomingMessage): ReadableStream<Uint8Array> {
  const parts = answer[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const part = await parts.next().catch(() => ({ done: true as const, value: undefined }));
      if (part.done) controller.close();
      else controller.enqueue(part.value as Uint8Array);
    },
    cancel: () => void answer.destroy(),
  });
}

/** What else than the body tells a browser something; the request's id is that of its lines in the backend's log. */
function passedOn(answer: http.IncomingMessage): Record<string, string> {
  const names = [
    "content-type",
    "retry-after",
    "cache-control",
    "x-accel-buffering",
    "x-request-id",
  ] as const;
  return Object.fromEntries(
    names.flatMap((name) => (answer.headers[name] ? [[name, String(answer.headers[name])]] : [])),
  );
}

/** The system's own word for a failed connection, where it has one. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
