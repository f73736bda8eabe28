import "server-only";

import { STATUS_CODES } from "node:http";

import type { Problem } from "@/lib/api-schema";

import { BODY_LIMIT } from "./body-limit";
import { env } from "./env";

/** A refusal in the backend's own shape, RFC 9457, so that whoever asks reads one kind of error. */
export function refuse(status: number, detail: string, headers?: HeadersInit): Response {
  const problem: Problem = { type: "about:blank", title: STATUS_CODES[status] ?? "", status, detail };
  return Response.json(problem, {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
  });
}

/** Refuses where the session cannot be read. Without the database nobody is signed out: who asks is only not known. */
export function refuseUnread(error: unknown): Response {
  // Better Auth has logged the cause.
  console.error(`session: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  return refuse(503, "Your session cannot be checked right now. Try again in a moment.");
}

/**
 * Refuses a state-changing request that another site's page may have sent: the session cookie alone does not prove
 * that the user meant it. Browsers name the page's origin in every such request; a script has to do the same.
 *
 * @returns the refusal, or undefined when the request may go on
 */
export function refuseForeignOrigin(request: Request): Response | undefined {
  const origin = request.headers.get("origin");
  if (origin !== null && env().trustedOrigins.includes(origin)) return undefined;
  return refuse(403, "This request must come from the application's own pages (Origin header).");
}

/**
 * Reads a body to its end, whatever it holds, and no further than the limit: one that says of itself that it is longer
 * is not read at all.
 *
 * @returns the text, or the refusal
 */
export async function readBody(request: Request): Promise<string | Response> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  const text = declared > BODY_LIMIT ? undefined : await readText(request, BODY_LIMIT);
  // What is still on its way is of no use, and the connection with it.
  return text ?? refuse(413, `The body is longer than ${BODY_LIMIT} bytes.`, { connection: "close" });
}

/**
 * Reads a JSON body as text, checked for type, size and syntax; what it means is the backend's to judge.
 *
 * @returns the text, or the refusal
 */
export async function readJson(request: Request): Promise<string | Response> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") return refuse(415, "Send the body as application/json.");
  const text = await readBody(request);
  if (text instanceof Response) return text;
  try {
    JSON.parse(text);
    return text;
  } catch {
    return refuse(400, "The body is not valid JSON.");
  }
}

/** The body as text, or undefined as soon as it exceeds `limit` bytes. */
async function readText(request: Request, limit: number): Promise<string | undefined> {
  if (!request.body) return "";
  const decoder = new TextDecoder();
  let size = 0;
  let text = "";
  const reader = request.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.byteLength;
    if (size > limit) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
}
