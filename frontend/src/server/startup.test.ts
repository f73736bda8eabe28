import { createServer } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";

import { beforeEach, describe, expect, test, vi } from "vitest";

import { createDatabase } from "../../test/database";
import { startSilentServer } from "../../test/mail-server";

const good = {
  BETTER_AUTH_SECRET: "a secret for tests, 32 characters long",
  BETTER_AUTH_URL: "http://localhost:3000",
  BACKEND_URL: "http://localhost:8000",
};

/** Starts as a fresh process with this environment would. */
async function start(environment: Record<string, string>, patience = 0): Promise<string[] | undefined> {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const startup = await import("./startup");
  return startup.start(patience);
}

beforeEach(() => {
  vi.resetModules();
  vi.unstubAllEnvs();
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  return () => vi.restoreAllMocks();
});

describe("starting", () => {
  test("succeeds on a database that is there, and once more on the same", async () => {
    const environment = { ...good, DATABASE_URL: await createDatabase() };
    expect(await start(environment)).toBeUndefined();
    vi.resetModules();
    expect(await start(environment)).toBeUndefined();
    expect(vi.mocked(console.log).mock.calls).toEqual([
      [expect.stringMatching(/^database: migrated .*jwks/)],
      ["database: up to date"],
    ]);
  });

  test("names everything wrong with the configuration, a line each", async () => {
    expect(
      await start({
        DATABASE_URL: "mysql://db",
        BETTER_AUTH_SECRET: "short",
        BETTER_AUTH_URL: "",
        BACKEND_URL: "",
      }),
    ).toEqual([
      expect.stringMatching(/^configuration: DATABASE_URL has the scheme/),
      expect.stringMatching(/^configuration: BETTER_AUTH_SECRET is 5 characters/),
      "configuration: BETTER_AUTH_URL is missing",
      "configuration: BACKEND_URL is missing",
    ]);
  });

  test("says in one line that the database refuses, without its password", async () => {
    const url = new URL(await createDatabase());
    url.pathname = "/absent";
    const problems = await start({ ...good, DATABASE_URL: url.href });
    expect(problems).toEqual([
      `database: cannot migrate absent on ${url.hostname}:${url.port}: database "absent" does not exist`,
    ]);
  });

  test("waits for a database that is not there yet, and gives up after a while", async () => {
    const begun = Date.now();
    const problems = await start(
      { ...good, DATABASE_URL: "postgresql+asyncpg://todo:hunter22@127.0.0.1:9/todo" },
      1_500,
    );
    expect(problems).toEqual([
      expect.stringMatching(/^database: cannot migrate todo on 127\.0\.0\.1:9: .*ECONNREFUSED/),
    ]);
    expect(Date.now() - begun).toBeGreaterThan(900);
    expect(problems?.join()).not.toContain("hunter22");
  });

  test("says in one line that the database takes connections and says nothing", async () => {
    const { port, stop } = await startSilentServer();
    const DATABASE_URL = `postgresql+asyncpg://todo:unasked@127.0.0.1:${port}/todo`;
    expect(await start({ ...good, DATABASE_URL })).toEqual([
      `database: cannot migrate todo on 127.0.0.1:${port}: no answer for 5 s`,
    ]);
    await stop();
  });

  /** Starts on a database through a server that does with each connection what `lead` does; `on()` leads to the database. */
  async function startBehind(lead: (socket: Socket, on: () => Socket) => void, patience?: number) {
    const url = new URL(await createDatabase());
    const { hostname, port } = url;
    const server = createTcpServer((socket) => {
      socket.on("error", () => undefined);
      lead(socket, () => connect(Number(port), hostname));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const problems = await start({ ...good, DATABASE_URL: url.href }, patience);
    server.close();
    return problems;
  }

  test("tries again where the database said nothing at first", async () => {
    let connections = 0;
    const problems = await startBehind((socket, on) => {
      if (connections++) socket.pipe(on()).pipe(socket);
    }, 600_000);
    expect(problems).toBeUndefined();
  });

  test("says in one line that the database vanished while it was migrated", async () => {
    let first: Socket | undefined;
    const problems = await startBehind((socket, on) => {
      // The first connection has the lock, and the next one migrates.
      if (first) first.unpipe();
      else (first = socket).pipe(on()).pipe(socket);
    });
    expect(problems).toEqual([expect.stringMatching(/^database: cannot migrate .* connection timeout$/)]);
  });
});

describe("a browser that came once is told to come by https only", () => {
  /** The header of an answer of this process once it was started for that origin. */
  async function demandFor(origin: string): Promise<string | null> {
    const absent = "postgresql+asyncpg://todo:unasked@127.0.0.1:9/todo";
    await start({ ...good, BETTER_AUTH_URL: origin, DATABASE_URL: absent });
    const server = createServer((_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const { headers } = await fetch(`http://127.0.0.1:${port}`);
      return headers.get("strict-transport-security");
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test("never where the public origin is http", async () => {
    expect(await demandFor("http://localhost:3000")).toBeNull();
  });

  // After the other: what a process was told to say it says to its end.
  test("where it is https", async () => {
    expect(await demandFor("https://todo.example.com")).toBe("max-age=31536000");
  });
});
