import type { ServerResponse } from "node:http";

import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from "jose";
import { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { MOST_RESTORED } from "@/lib/api";

import {
  ORIGIN,
  request,
  signUp,
  startApplication,
  TRUSTED_ORIGIN,
  type Application,
} from "../../test/application";
import { query } from "../../test/database";
import type { Upstream } from "../../test/upstream";

const ID = "0b9d6cf4-6a0b-4c59-9b0f-3f9f0a6f8a11";
const MANY = { ids: Array<string>(MOST_RESTORED).fill(ID) };
const TODO = { id: ID, number: 1, title: "buy milk", completed: false };

let application: Application;
let upstream: Upstream;
let user: Awaited<ReturnType<typeof signUp>>;
let todos: typeof import("@/app/api/todos/route");
let todo: typeof import("@/app/api/todos/[id]/route");
let restore: typeof import("@/app/api/todos/[id]/restore/route");
let restoreMany: typeof import("@/app/api/todos/restore/route");
let summary: typeof import("@/app/api/todos/summary/route");
let chat: typeof import("@/app/api/chat/route");
let answers: typeof import("@/app/api/chat/answers/[key]/route");
let conversations: typeof import("@/app/api/conversations/route");
let conversation: typeof import("@/app/api/conversations/[id]/route");
let me: typeof import("@/app/api/me/route");

beforeAll(async () => {
  application = await startApplication();
  ({ upstream } = application);
  todos = await import("@/app/api/todos/route");
  todo = await import("@/app/api/todos/[id]/route");
  restore = await import("@/app/api/todos/[id]/restore/route");
  restoreMany = await import("@/app/api/todos/restore/route");
  summary = await import("@/app/api/todos/summary/route");
  chat = await import("@/app/api/chat/route");
  answers = await import("@/app/api/chat/answers/[key]/route");
  conversations = await import("@/app/api/conversations/route");
  conversation = await import("@/app/api/conversations/[id]/route");
  me = await import("@/app/api/me/route");
  user = await signUp();
});

beforeEach(() => {
  upstream.received.length = 0;
  upstream.answer = () => ({ status: 200, body: [] });
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(() => application.stop());

const get = (path: string, cookie = user.cookie) => todos.GET(request("GET", path, { cookie }));
const post = (options: Parameters<typeof request>[2]) =>
  todos.POST(request("POST", "/api/todos", { cookie: user.cookie, ...options }));
/** The cookie of the session without the one that vouches for it. */
const uncached = (cookie: string) => cookie.split("; ").find((part) => part.includes("session_token"))!;
const context = (id: string) => ({ params: Promise.resolve({ id }) });

describe("a request goes on to the backend", () => {
  test("on a connection of its own, which no pod on its way out can close under it", async () => {
    await get("/api/todos");
    await get("/api/todos");
    expect(upstream.received.map(({ headers }) => headers.connection)).toEqual(["close", "close"]);
  });

  test("with a token for the signed-in user that the JWKS verifies, and without the cookie", async () => {
    expect((await get("/api/todos")).status).toBe(200);
    const [received] = upstream.received;
    const { GET } = await import("@/app/api/auth/[...all]/route");
    const keys = (await (await GET(request("GET", "/api/auth/jwks"))).json()) as JSONWebKeySet;
    const token = String(received?.headers.authorization).replace(/^Bearer /, "");
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
      issuer: ORIGIN,
      audience: "test-audience",
    });
    expect(payload.sub).toBe(user.id);
    expect(received?.headers.cookie).toBeUndefined();
  });

  test.each([
    ["list", () => get("/api/todos"), "GET", "/api/todos", ""],
    ["list what is done", () => get("/api/todos?completed=true"), "GET", "/api/todos?completed=true", ""],
    [
      "list, nothing else passed on",
      () => get("/api/todos?x=1&completed=false"),
      "GET",
      "/api/todos?completed=false",
      "",
    ],
    [
      "search",
      () => get("/api/todos?search=%23home%20caf%C3%A9&tag=home&sort=due&x=1&limit=2"),
      "GET",
      "/api/todos?search=%23home+caf%C3%A9&tag=home&sort=due&limit=2",
      "",
    ],
    [
      "count",
      () => summary.GET(request("GET", "/api/todos/summary", { cookie: user.cookie })),
      "GET",
      "/api/todos/summary",
      "",
    ],
    ["add", () => post({ body: { title: "é" } }), "POST", "/api/todos", '{"title":"é"}'],
    [
      "change",
      () =>
        todo.PATCH(request("PATCH", "/", { cookie: user.cookie, body: { completed: true } }), context(ID)),
      "PATCH",
      `/api/todos/${ID}`,
      '{"completed":true}',
    ],
    [
      "delete",
      () => todo.DELETE(request("DELETE", "/", { cookie: user.cookie }), context(ID)),
      "DELETE",
      `/api/todos/${ID}`,
      "",
    ],
    [
      "chat",
      () => chat.POST(request("POST", "/api/chat", { cookie: user.cookie, body: { message: "list" } })),
      "POST",
      "/api/chat",
      '{"message":"list"}',
    ],
    [
      "delete one version",
      () => todo.DELETE(request("DELETE", "/x?version=3&x=1", { cookie: user.cookie }), context(ID)),
      "DELETE",
      `/api/todos/${ID}?version=3`,
      "",
    ],
    [
      "restore",
      () => restore.POST(request("POST", "/", { cookie: user.cookie }), context(ID)),
      "POST",
      `/api/todos/${ID}/restore`,
      "",
    ],
    [
      "delete what is done",
      () => todos.DELETE(request("DELETE", "/api/todos?completed=true&x=1", { cookie: user.cookie })),
      "DELETE",
      "/api/todos?completed=true",
      "",
    ],
    [
      "restore many",
      () => restoreMany.POST(request("POST", "/", { cookie: user.cookie, body: { ids: [ID] } })),
      "POST",
      "/api/todos/restore",
      `{"ids":["${ID}"]}`,
    ],
    [
      "restore as many as the page asks for at once",
      () => restoreMany.POST(request("POST", "/", { cookie: user.cookie, body: MANY })),
      "POST",
      "/api/todos/restore",
      JSON.stringify(MANY),
    ],
    [
      "list conversations",
      () => conversations.GET(request("GET", "/api/conversations?limit=1&x=1", { cookie: user.cookie })),
      "GET",
      "/api/conversations?limit=1",
      "",
    ],
    [
      "read a conversation",
      () => conversation.GET(request("GET", "/x?cursor=7", { cookie: user.cookie }), context(ID)),
      "GET",
      `/api/conversations/${ID}?cursor=7`,
      "",
    ],
    [
      "delete a conversation",
      () => conversation.DELETE(request("DELETE", "/", { cookie: user.cookie }), context(ID)),
      "DELETE",
      `/api/conversations/${ID}`,
      "",
    ],
  ])("%s", async (_, send, method, url, body) => {
    expect((await send()).status).toBe(200);
    expect(upstream.received).toMatchObject([{ method, url, body }]);
  });

  test.each([
    [200, [TODO]],
    [201, TODO],
    [404, { detail: "no such todo" }],
    [422, { detail: [{ msg: "too long" }] }],
    [500, { detail: "broken" }],
  ])("and the browser gets its status %i and JSON, never cached", async (status, body) => {
    upstream.answer = () => ({ status, body });
    const response = await post({ body: { title: "buy milk" } });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await response.json()).toEqual(body);
  });

  test("and an answer without content stays one", async () => {
    upstream.answer = () => ({ status: 204 });
    const response = await todo.DELETE(request("DELETE", "/", { cookie: user.cookie }), context(ID));
    expect(response.status).toBe(204);
    expect(await response.text()).toBe("");
  });

  test("and the session's cookie is renewed when the session is", async () => {
    await query(
      application.databaseUrl,
      `UPDATE session SET "expiresAt" = now() + interval '5 days' WHERE "userId" = '${user.id}'`,
    );
    const answer = await get("/api/todos", uncached(user.cookie));
    expect(answer.headers.getSetCookie().join()).toContain("session_token");
  });
});

describe("what is asked for again costs little", () => {
  test("one token for all calls of its life, and no query for a session that was just read", async () => {
    await get("/api/todos");
    const queries = vi.spyOn(Client.prototype, "query");
    for (let calls = 0; calls < 5; calls++) expect((await get("/api/todos")).status).toBe(200);
    expect(queries).not.toHaveBeenCalled();
    expect(new Set(upstream.received.map(({ headers }) => headers.authorization)).size).toBe(1);
  });

  test("a session is believed for a minute from its cookie, and then read again", async () => {
    const { cookie } = await signUp();
    await query(application.databaseUrl, "ALTER TABLE session RENAME TO elsewhere");
    try {
      expect((await get("/api/todos", cookie)).status).toBe(200);
      vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ["Date"] });
      vi.spyOn(console, "error").mockImplementation(() => undefined);
      expect((await get("/api/todos", cookie)).status).toBe(503);
    } finally {
      vi.useRealTimers();
      await query(application.databaseUrl, "ALTER TABLE elsewhere RENAME TO session");
    }
  });

  test("a token in the last minute of its life is not used any more", async () => {
    await get("/api/todos");
    vi.useFakeTimers({ now: Date.now() + 14 * 60_000 + 1, toFake: ["Date"] });
    try {
      await get("/api/todos");
    } finally {
      vi.useRealTimers();
    }
    const [first, second] = upstream.received.map(({ headers }) => headers.authorization);
    expect(second).not.toBe(first);
  });

  test("a token that the backend refuses is not used again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    upstream.answer = () => ({ status: 401 });
    await get("/api/todos");
    await new Promise((resolve) => setTimeout(resolve, 1_000)); // a second later it is another token
    await get("/api/todos");
    const [first, second] = upstream.received.map(({ headers }) => headers.authorization);
    expect(second).not.toBe(first);
  });

  test("a session that was signed out is over at once, though its cookie says otherwise", async () => {
    const { cookie } = await signUp();
    expect((await get("/api/todos", cookie)).status).toBe(200);
    const { POST } = await import("@/app/api/auth/[...all]/route");
    await POST(request("POST", "/api/auth/sign-out", { cookie, body: {} }));
    expect((await get("/api/todos", cookie)).status).toBe(401);
    // Its cookie is good for a minute, and what was read from it for ten seconds more.
    const now = Date.now();
    try {
      for (const seconds of [55, 61, 65, 71]) {
        vi.useFakeTimers({ now: now + seconds * 1_000, toFake: ["Date"] });
        expect((await get("/api/todos", cookie)).status, `after ${seconds} s`).toBe(401);
      }
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a request that is sent again", () => {
  const say = (key: string) =>
    chat.POST(
      request("POST", "/api/chat", {
        cookie: user.cookie,
        body: { message: "list" },
        headers: { "idempotency-key": key },
      }),
    );

  test("keeps its key on the way to the backend", async () => {
    await say("0b9d6cf4-6a0b-4c59-9b0f-3f9f0a6f8a11");
    await post({ body: { title: "x" } });
    const key = crypto.randomUUID();
    const headers = { "idempotency-key": key };
    await todos.DELETE(request("DELETE", "/x?completed=true", { cookie: user.cookie, headers }));
    expect(upstream.received.map(({ headers }) => headers["idempotency-key"])).toEqual([
      "0b9d6cf4-6a0b-4c59-9b0f-3f9f0a6f8a11",
      undefined,
      key,
    ]);
  });

  test.each(["short", "x".repeat(65), "0b9d6cf4 6a0b 4c59"])("needs a key that is one: %s", async (key) => {
    expect((await say(key)).status).toBe(400);
    expect(upstream.received).toEqual([]);
  });
});

describe("an answer that is streamed", () => {
  const HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  };
  const say = (signal?: AbortSignal) =>
    chat.POST(
      request("POST", "/api/chat", {
        cookie: user.cookie,
        body: { message: "list" },
        headers: { accept: "text/event-stream, application/json" },
        signal,
      }),
    );

  /** A backend that begins a stream, and gives what it is written to. */
  function streaming(): { written: Promise<ServerResponse> } {
    let begin = (_: ServerResponse) => {};
    const written = new Promise<ServerResponse>((resolve) => (begin = resolve));
    upstream.answer = () => (response) => {
      response.writeHead(200, HEADERS).flushHeaders();
      begin(response);
    };
    return { written };
  }

  test("is passed on piece by piece, with what keeps others from holding it back", async () => {
    const { written } = streaming();
    const response = await say();
    expect(upstream.received).toMatchObject([{ headers: { accept: "text/event-stream, application/json" } }]);
    expect(Object.fromEntries(response.headers)).toMatchObject(HEADERS);
    const reader = response.body!.getReader();
    for (const piece of ["event: text\n", 'data: {"text":"é"}\n\n']) {
      (await written).write(piece);
      expect(new TextDecoder().decode((await reader.read()).value)).toBe(piece);
    }
    (await written).end();
    expect((await reader.read()).done).toBe(true);
  });

  test.each<[string, (reader: ReadableStreamDefaultReader, leave: AbortController) => unknown]>([
    ["cancels what it reads", (reader) => reader.cancel()],
    ["aborts its request", (_, leave) => leave.abort()],
  ])("ends at the backend when the browser %s", async (_, leave) => {
    const { written } = streaming();
    const leaving = new AbortController();
    const response = await say(leaving.signal);
    const left = new Promise((resolve) => void written.then((answer) => answer.on("close", resolve)));
    await leave(response.body!.getReader(), leaving);
    await left;
  });

  test("ends at the backend when the browser leaves before it begins", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const leaving = new AbortController();
    const left = new Promise((resolve) => {
      upstream.answer = () => (response) => {
        response.on("close", resolve);
        leaving.abort();
      };
    });
    expect((await say(leaving.signal)).status).toBe(502);
    await left;
  });

  test("that the backend cuts off ends, and breaks nothing", async () => {
    const { written } = streaming();
    const response = await say();
    const reader = response.body!.getReader();
    (await written).write(": ping\n\n");
    expect((await reader.read()).done).toBe(false);
    (await written).destroy();
    expect((await reader.read()).done).toBe(true);
  });

  test("is a refusal when the backend refuses", async () => {
    upstream.answer = () => ({
      status: 429,
      headers: { "retry-after": "20" },
      body: { detail: "Too many." },
    });
    const response = await say();
    expect([response.status, response.headers.get("cache-control")]).toEqual([429, "no-store"]);
  });

  test("is not for who takes JSON alone, as the version before does", async () => {
    await chat.POST(request("POST", "/api/chat", { cookie: user.cookie, body: { message: "list" } }));
    expect(upstream.received).toMatchObject([{ headers: { accept: "application/json" } }]);
  });
});

test("what is watched ends with the browser and with this server", async () => {
  const events = await import("@/app/api/events/route");
  const begun: ServerResponse[] = [];
  upstream.answer = () => (response) => {
    begun.push(response);
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  };
  const before = process.listenerCount("SIGTERM");
  const leaving = new AbortController();
  const watch = (signal?: AbortSignal) =>
    events.GET(request("GET", "/api/events", { cookie: user.cookie, signal }));
  const [one, other] = [await watch(leaving.signal), await watch()];
  expect(upstream.received).toMatchObject(Array(2).fill({ method: "GET", url: "/api/events" }));
  leaving.abort();
  expect(await one.text()).toBe("");
  expect(process.listenerCount("SIGTERM")).toBe(before);
  expect(other.headers.get("connection")).toBe("close");
  process.emit("SIGTERM");
  expect(await other.text()).toBe("");
  expect((await watch()).status).toBe(503);
});

test("what became of a message is asked for by its key, and by nothing else", async () => {
  const read = (key: string) =>
    answers.GET(request("GET", "/", { cookie: user.cookie }), { params: Promise.resolve({ key }) });
  expect((await read("0123456789abcdef")).status).toBe(200);
  for (const key of ["short", "../../me/0123456789"]) expect((await read(key)).status).toBe(404);
  expect(upstream.received).toMatchObject([{ method: "GET", url: "/api/chat/answers/0123456789abcdef" }]);
});

test("a backend that asks to wait is passed on with how long", async () => {
  upstream.answer = () => ({ status: 429, headers: { "retry-after": "20" }, body: { detail: "Too many." } });
  const response = await get("/api/todos");
  expect([response.status, response.headers.get("retry-after")]).toEqual([429, "20"]);
});

test("the answer has the id that the backend's log has", async () => {
  upstream.answer = () => ({ status: 500, headers: { "x-request-id": "0a1b" }, body: { detail: "Broken." } });
  expect((await get("/api/todos")).headers.get("x-request-id")).toBe("0a1b");
});

describe("nothing reaches the backend", () => {
  afterEach(() => expect(upstream.received).toEqual([]));

  test("and what is refused here reads as what the backend refuses", async () => {
    const answer = await get("/api/todos", "");
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toEqual({
      type: "about:blank",
      title: "Unauthorized",
      status: 401,
      detail: "Sign in first.",
    });
  });

  test.each([
    ["no cookie", ""],
    ["a forged cookie", "better-auth.session_token=forged.signature"],
  ])("without a session: %s", async (_, cookie) => {
    const refused = [
      await get("/api/todos", cookie),
      await todos.DELETE(request("DELETE", "/x?completed=true", { cookie })),
      await restoreMany.POST(request("POST", "/", { cookie, body: { ids: [ID] } })),
    ];
    for (const response of refused) {
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ detail: "Sign in first." });
    }
  });

  test.each([
    ["another site", { headers: { origin: "https://evil.example" } }],
    ["a sandboxed page", { headers: { origin: "null" } }],
    ["a site whose name begins the same", { headers: { origin: `${ORIGIN}.evil.example` } }],
    ["who knows where", { without: ["origin"] }],
  ])("that changes something and comes from %s", async (_, options) => {
    const from = { cookie: user.cookie, ...options };
    const refused = [
      await todos.POST(request("POST", "/api/todos", { ...from, body: { title: "x" } })),
      await todo.PATCH(request("PATCH", "/", { ...from, body: {} }), context(ID)),
      await todo.DELETE(request("DELETE", "/", from), context(ID)),
      await chat.POST(request("POST", "/api/chat", { ...from, body: { message: "delete 1" } })),
      await restore.POST(request("POST", "/", from), context(ID)),
      await todos.DELETE(request("DELETE", "/x?completed=true", from)),
      await restoreMany.POST(request("POST", "/", { ...from, body: { ids: [ID] } })),
      await conversation.DELETE(request("DELETE", "/", from), context(ID)),
      await me.DELETE(request("DELETE", "/api/me", from)),
    ];
    expect(refused.map((response) => response.status)).toEqual(Array(9).fill(403));
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])(
    "that is a form in disguise: %s",
    async (type) => {
      expect((await post({ body: '{"title":"x"}', headers: { "content-type": type } })).status).toBe(415);
    },
  );

  test("that is not JSON, or too long", async () => {
    expect((await post({ body: '{"title":' })).status).toBe(400);
    expect((await post({ body: { title: "x".repeat(33_000) } })).status).toBe(413);
    const many = { cookie: user.cookie, body: { ids: Array<string>(1000).fill(ID) } };
    expect((await restoreMany.POST(request("POST", "/", many))).status).toBe(413);
  });

  test.each(["..", "../me", "%2e%2e", "1", `${ID}/x`, `${ID}?x=1`])(
    "for an id that is none: %s",
    async (id) => {
      const changed = await todo.PATCH(request("PATCH", "/", { cookie: user.cookie, body: {} }), context(id));
      const deleted = await todo.DELETE(request("DELETE", "/", { cookie: user.cookie }), context(id));
      const read = await conversation.GET(request("GET", "/", { cookie: user.cookie }), context(id));
      const left = await conversation.DELETE(request("DELETE", "/", { cookie: user.cookie }), context(id));
      const back = await restore.POST(request("POST", "/", { cookie: user.cookie }), context(id));
      expect([changed, deleted, read, left, back].map(({ status }) => status)).toEqual(Array(5).fill(404));
    },
  );

  test("for a filter that is none", async () => {
    for (const query of ["completed=maybe", "tag=a,b", "sort=1", `search=${"x".repeat(201)}`, "search=%00"]) {
      expect((await get(`/api/todos?${query}`)).status).toBe(422);
    }
    const asked = request("GET", "/api/conversations?cursor=a%20b", { cookie: user.cookie });
    expect((await conversations.GET(asked)).status).toBe(422);
    const cleared = request("DELETE", "/api/todos?completed=false", { cookie: user.cookie });
    expect((await todos.DELETE(cleared)).status).toBe(422);
  });
});

test("a further trusted origin may change something", async () => {
  const response = await post({ body: { title: "x" }, headers: { origin: TRUSTED_ORIGIN } });
  expect(response.status).toBe(200);
});

describe("a backend that gives no answer becomes an error that can be shown, and a line in the log", () => {
  test.each([
    ["refuses the token", { status: 401, body: { detail: "bad token" } }],
    ["sends elsewhere", { status: 307, headers: { location: "http://169.254.169.254/" } }],
  ])("when it %s", async (_, answer) => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    upstream.answer = () => answer;
    const response = await get("/api/todos");
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ detail: "The todo service refuses to answer." });
    expect(log).toHaveBeenCalledExactlyOnceWith(`backend: GET /api/todos: status ${answer.status}`);
    expect(upstream.received).toHaveLength(1);
  });

  test("when it takes too long", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    upstream.answer = () => "never";
    const { forward } = await import("./forward");
    const asked = request("GET", "/api/todos", { cookie: user.cookie });
    const response = await forward(asked, { method: "GET", path: "/api/todos", timeout: 100 });
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ detail: "The todo service takes too long to answer." });
    expect(log).toHaveBeenCalledExactlyOnceWith("backend: GET /api/todos: 100 ms passed");
  });

  test("when nobody listens", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { env } = await import("./env");
    const { backendUrl } = env();
    // Port 9 is discard: reserved, and nobody's.
    env().backendUrl = "http://127.0.0.1:9";
    try {
      const response = await get("/api/todos");
      expect(response.status).toBe(502);
      expect(await response.json()).toMatchObject({ detail: "The todo service cannot be reached." });
      expect(log).toHaveBeenCalledOnce();
    } finally {
      env().backendUrl = backendUrl;
    }
  });
});

test("a session that cannot be read is not taken for one that has ended", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { cookie } = await signUp();
  await query(application.databaseUrl, "ALTER TABLE session RENAME TO elsewhere");
  try {
    const response = await get("/api/todos", uncached(cookie));
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      detail: expect.stringContaining("cannot be checked right now"),
    });
    expect(log).toHaveBeenCalledWith(expect.stringMatching(/^session: cannot be read: /));
  } finally {
    await query(application.databaseUrl, "ALTER TABLE elsewhere RENAME TO session");
  }
});

test("a token that cannot be minted without the database is no end of the session", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { cookie } = await signUp();
  await query(application.databaseUrl, `ALTER TABLE "user" RENAME TO elsewhere`);
  try {
    expect((await get("/api/todos", cookie)).status).toBe(503);
  } finally {
    await query(application.databaseUrl, `ALTER TABLE elsewhere RENAME TO "user"`);
  }
  expect((await get("/api/todos", cookie)).status).toBe(200);
});

describe("deleting the account", () => {
  const remove = (cookie: string) => me.DELETE(request("DELETE", "/api/me", { cookie }));
  const exists = async (id: string) =>
    (await query(application.databaseUrl, `SELECT 1 FROM "user" WHERE id = '${id}'`)).length > 0;

  test("deletes what the backend keeps, then the user and the session", async () => {
    const { id, cookie } = await signUp();
    upstream.answer = () => ({ status: 204 });
    const response = await remove(cookie);
    expect(response.status).toBe(204);
    expect(response.headers.getSetCookie().join()).toMatch(/session_token=;.*Max-Age=0/i);
    expect(upstream.received).toMatchObject([{ method: "DELETE", url: "/api/me" }]);
    expect(await exists(id)).toBe(false);
    expect((await get("/api/todos", cookie)).status).toBe(401);
  });

  test.each([
    ["fails", { status: 500 }, 502],
    ["refuses", { status: 401 }, 502],
  ])("keeps the user when the backend %s, so that it can be tried again", async (_, answer, status) => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { id, cookie } = await signUp();
    upstream.answer = () => answer;
    expect((await remove(cookie)).status).toBe(status);
    expect(await exists(id)).toBe(true);
    upstream.answer = () => ({ status: 204 });
    expect((await remove(cookie)).status).toBe(204);
    expect(await exists(id)).toBe(false);
  });

  test("asks for a recent sign-in before anything is deleted", async () => {
    const { id, cookie } = await signUp();
    await query(
      application.databaseUrl,
      `UPDATE session SET "createdAt" = now() - interval '2 days' WHERE "userId" = '${id}'`,
    );
    const response = await remove(cookie);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ detail: "Sign in again to delete your account." });
    expect(upstream.received).toEqual([]);
    expect(await exists(id)).toBe(true);
  });

  test("is for those who are signed in", async () => {
    expect((await remove("")).status).toBe(401);
  });

  test("on another replica leaves nobody whom the cookie, which is believed here, could write for", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { cookie } = await signUp();
    expect((await get("/api/todos", cookie)).status).toBe(200);
    vi.resetModules();
    const other = await import("@/app/api/me/route");
    upstream.answer = () => ({ status: 204 });
    expect((await other.DELETE(request("DELETE", "/api/me", { cookie }))).status).toBe(204);

    // The backend takes no token from before the deletion.
    upstream.answer = () => ({ status: 401 });
    expect((await get("/api/todos", cookie)).status).toBe(502);
    upstream.received.length = 0;
    upstream.answer = () => ({ status: 201, body: TODO });
    expect((await post({ cookie, body: { title: "nobody's" } })).status).toBe(401);
    expect(upstream.received).toEqual([]);
  });
});
