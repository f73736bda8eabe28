import { vi } from "vitest";

/** What a fake server answers: a status, and JSON where there is some. */
export type FakeAnswer = [status: number, body?: unknown];

/** A call that the page made. */
export interface FakeCall {
  method: string;
  path: string;
  body?: unknown;
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
    const call: FakeCall = {
      method: init.method ?? "GET",
      path: new URL(String(input), "http://localhost:3000").pathname,
      ...(typeof init.body === "string" && { body: JSON.parse(init.body) as unknown }),
    };
    calls.push(call);
    const given = await answer(call);
    if (!given) throw new TypeError("Failed to fetch");
    const [status, body] = given;
    return new Response(body === undefined ? null : JSON.stringify(body), {
      status,
      headers: { "content-type": "application/json" },
    });
  });
  return calls;
}
