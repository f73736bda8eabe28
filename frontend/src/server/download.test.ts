import { createServer, type Server, type ServerResponse } from "node:http";

import { afterAll, afterEach, beforeAll, describe, expect, test, vi, type MockInstance } from "vitest";

import { request, signUp, startApplication, type Application } from "../../test/application";

let application: Application;
let route: typeof import("@/app/api/me/route");
let log: MockInstance<typeof console.error>;
let backend: Server;
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  backend = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
  const { port } = backend.address() as { port: number };
  application = await startApplication({ BACKEND_URL: `http://127.0.0.1:${port}` });
  route = await import("@/app/api/me/route");
  log = vi.spyOn(console, "error").mockImplementation(() => undefined);
});

afterEach(() => log.mockClear());

afterAll(async () => {
  await application.stop();
  backend.closeAllConnections();
  backend.close();
});

const download = (cookie?: string) => route.GET(request("GET", "/api/me", { cookie }));

function give(...parts: string[]) {
  answer = (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    for (const part of parts) response.write(part);
    response.end();
  };
}

describe("all of one's data", () => {
  test("is a file with the account, the sessions and what the backend has", async () => {
    const { id, email, cookie } = await signUp();
    give('{"todos":[', '{"title":"milk"}', "]}");
    const response = await download(cookie);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-disposition")).toMatch(
      /^attachment; filename="todos-\d{4}-\d\d-\d\d\.json"$/,
    );
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toMatchObject({
      account: { id, name: "Ada", email, email_verified: false },
      sign_in_methods: [{ provider: "credential" }],
      sessions: [{ current: true }],
      data: { todos: [{ title: "milk" }] },
    });
  });

  test("has nothing in it that signs anybody in", async () => {
    const { cookie } = await signUp();
    give("{}");
    const text = await (await download(cookie)).text();
    const token = decodeURIComponent(/session_token=([^;]+)/.exec(cookie)![1]!).split(".")[0]!;
    expect(text).not.toContain(token);
    expect(text).not.toMatch(/password|"token"|[0-9a-f]{32}:[0-9a-f]{32}/);
  });

  test("begins before the backend has said everything", async () => {
    const { cookie } = await signUp();
    let finish = () => undefined as void;
    answer = (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"todos":[');
      finish = () => void response.end("]}");
    };
    const reader = (await download(cookie)).body!.getReader();
    const decoder = new TextDecoder();
    let text = "";
    while (!text.endsWith('{"todos":[')) text += decoder.decode((await reader.read()).value);
    finish();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += decoder.decode(part.value);
    }
    expect(JSON.parse(text)).toMatchObject({ data: { todos: [] } });
  });

  test("that is cut off is no file that looks whole", async () => {
    const { cookie } = await signUp();
    answer = (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"todos":[', () => response.destroy());
    };
    await expect((async () => (await download(cookie)).text())()).rejects.toThrow();
  });

  test.each<[string, () => void]>([
    ["fails", () => (answer = (response) => void response.writeHead(503).end("{}"))],
    ["refuses the token", () => (answer = (response) => void response.writeHead(401).end("{}"))],
    ["sends elsewhere", () => (answer = (response) => void response.writeHead(302, { location: "/" }).end())],
    ["hangs up", () => (answer = (response) => void response.destroy())],
  ])("is refused in words when the backend %s", async (_, prepare) => {
    const { cookie } = await signUp();
    prepare();
    const response = await download(cookie);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({
      detail: "Your data cannot be read right now. Try again in a moment.",
    });
    expect(log).toHaveBeenCalledWith(expect.stringMatching(/^backend: GET \/api\/me: /));
  });

  test("is given to nobody who is not signed in", async () => {
    expect((await download()).status).toBe(401);
  });
});
