import { createServer, type Server, type ServerResponse } from "node:http";

/** A request as the upstream received it. */
export interface Received {
  method: string;
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** An answer to give: one to write to as a test likes, or "never" for one that does not come. */
export type Answer =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | ((response: ServerResponse) => void)
  | "never";

/** A real HTTP server in the backend's place, that keeps what it receives and answers as it is told. */
export class Upstream {
  readonly received: Received[] = [];
  answer: (request: Received) => Answer = () => ({ status: 200, body: [] });

  private constructor(
    private readonly server: Server,
    /** Its origin. */
    readonly url: string,
  ) {}

  /** Starts one on a free port. */
  static async start(): Promise<Upstream> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (!address || typeof address === "string") throw new Error("no address");
    const upstream = new Upstream(server, `http://127.0.0.1:${address.port}`);
    server.on("request", async (request, response) => {
      let body = "";
      for await (const part of request) body += part;
      const received = { method: request.method!, url: request.url!, headers: request.headers, body };
      upstream.received.push(received);
      const answer = upstream.answer(received);
      if (answer === "never") return;
      if (typeof answer === "function") return answer(response);
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
    });
    return upstream;
  }

  /** Stops it, dropping whatever is still open. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}
