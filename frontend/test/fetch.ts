import { vi } from "vitest";

/** What a fake server answers: a status, and JSON where there is some. */
export type FakeAnswer = [status: number, body?: unknown, headers?: Record<string, string>];

/** A call that the page made. */
export interface FakeCall {
  method: string;
  path: string;
  body?: unknown;
  /** The request's Idempotency-Key. */
  key?: string;
  /** What the path is followed by. */
  query?: Record<string, string>;
}

/**
 * Puts a server of one's own behind the page's `fetch`: `answer` decides, and every call is kept. An answer of
 * `undefined` is a connection that fails.
 */
export function fakeServer(
  answer: (call: FakeCall) => FakeAnswer | undefined | Promise<FakeAnswer>,
): FakeCall[] {
  const calls: FakeCall[] = [];
  vi.stubGlobal("fetch", async (input: string | URL, init: RequestInit = {}) => {
    const url = new URL(String(input), "http://localhost:3000");
    const key = new Headers(init.headers).get("idempotency-key");
    const call: FakeCall = {
      method: init.method ?? "GET",
      path: url.pathname,
      ...(url.search && { query: Object.fromEntries(url.searchParams) }),
      ...(key && { key }),
      ...(typeof init.body === "string" && { body: JSON.parse(init.body) as unknown }),
    };
    calls.push(call);
    const given = await answer(call);
    if (!given) throw new TypeError("Failed to fetch");
    const [status, body, headers] = given;
    return new Response(body === undefined ? null : JSON.stringify(body), {
      status,
      headers: { "content-type": "application/json", ...headers },
    });
  });
  return calls;
}
