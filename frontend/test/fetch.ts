import { vi } from "vitest";

/** What a fake server answers: a status, and JSON where there is some, or a stream of events. */
export type FakeAnswer = [status: number, body?: unknown, headers?: Record<string, string>];

/** An answer of events, each sent when a test says so. It ends when the page leaves it. */
export class FakeStream {
  readonly left = vi.fn();
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  readonly body = new ReadableStream<Uint8Array>({
    start: (controller) => void (this.controller = controller),
  });

  send(event: string, data: unknown): void {
    this.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  write(text: string): void {
    this.controller.enqueue(new TextEncoder().encode(text));
  }

  end(): void {
    this.controller.close();
  }

  /** Ends it for the page as a browser does. */
  abort(): void {
    this.left();
    this.controller.error(new DOMException("The operation was aborted.", "AbortError"));
  }
}

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
  answer: (call: FakeCall) => FakeAnswer | FakeStream | undefined | Promise<FakeAnswer>,
  /** What a page that watches is told. */
  live: () => FakeStream | undefined = () => new FakeStream(),
): FakeCall[] {
  const calls: FakeCall[] = [];
  vi.stubGlobal("fetch", async (input: string | URL, init: RequestInit = {}) => {
    const url = new URL(String(input), "http://localhost:3000");
    if (url.pathname === "/api/events") {
      const stream = live();
      return stream ? streamed(stream, init) : new Response(null, { status: 503 });
    }
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
    if (given instanceof FakeStream) return streamed(given, init);
    const [status, body, headers] = given;
    return new Response(body === undefined ? null : JSON.stringify(body), {
      status,
      headers: { "content-type": "application/json", ...headers },
    });
  });
  return calls;
}

function streamed(stream: FakeStream, { signal }: RequestInit): Response {
  signal?.addEventListener("abort", () => stream.abort());
  return new Response(stream.body, { headers: { "content-type": "text/event-stream; charset=utf-8" } });
}
