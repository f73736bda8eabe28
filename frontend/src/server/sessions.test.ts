import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { cookies, request, signUp, startApplication, type Application } from "../../test/application";
import type { SessionRead } from "./sessions";

let application: Application;
let routes: typeof import("@/app/api/auth/[...all]/route");
let sessionsRoute: typeof import("@/app/api/me/sessions/route");
let sessionRoute: typeof import("@/app/api/me/sessions/[id]/route");
let todos: typeof import("@/app/api/todos/route");

beforeAll(async () => {
  application = await startApplication();
  routes = await import("@/app/api/auth/[...all]/route");
  sessionsRoute = await import("@/app/api/me/sessions/route");
  sessionRoute = await import("@/app/api/me/sessions/[id]/route");
  todos = await import("@/app/api/todos/route");
});

afterAll(() => application.stop());

let addresses = 0;
const post = (
  path: string,
  body: object,
  options: { cookie?: string; headers?: Record<string, string> } = {},
) =>
  routes.POST(
    request("POST", `/api/auth/${path}`, {
      body,
      cookie: options.cookie,
      headers: { "x-forwarded-for": `203.0.113.${addresses++}`, ...options.headers },
    }),
  );
const list = async (cookie?: string) => sessionsRoute.GET(request("GET", "/api/me/sessions", { cookie }));
const read = async (cookie: string) => (await (await list(cookie)).json()) as SessionRead[];
const end = (id: string, cookie?: string, headers?: Record<string, string>) =>
  sessionRoute.DELETE(request("DELETE", `/api/me/sessions/${id}`, { cookie, headers }), {
    params: Promise.resolve({ id }),
  });
const works = async (cookie: string) =>
  (await todos.GET(request("GET", "/api/todos", { cookie }))).status === 200;

/** A user who is signed in twice, the second time on a telephone. */
async function signUpAndIn() {
  const user = await signUp();
  const answer = await post(
    "sign-in/email",
    { email: user.email, password: user.password },
    { headers: { "user-agent": "Mozilla/5.0 (iPhone)", "x-forwarded-for": "198.18.0.7" } },
  );
  return { ...user, phone: cookies(answer) };
}

describe("sessions", () => {
  test("are listed with when, where and by what, and without their tokens", async () => {
    const { cookie, phone } = await signUpAndIn();
    const answer = await list(cookie);
    const text = await answer.text();
    const [latest, first] = JSON.parse(text) as SessionRead[];
    expect(latest).toMatchObject({
      ip_address: "198.18.0.7",
      user_agent: "Mozilla/5.0 (iPhone)",
      current: false,
    });
    expect(first).toMatchObject({ current: true });
    for (const each of [cookie, phone]) {
      const token = decodeURIComponent(/session_token=([^;]+)/.exec(each)![1]!).split(".")[0]!;
      expect(token.length).toBeGreaterThan(20);
      expect(text).not.toContain(token);
    }
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("are ended one at a time, at once", async () => {
    const { cookie, phone } = await signUpAndIn();
    expect(await works(phone)).toBe(true);
    const [latest] = await read(cookie);
    expect((await end(latest!.id, cookie)).status).toBe(204);
    expect(await works(phone)).toBe(false);
    expect(await works(cookie)).toBe(true);
    expect(await read(cookie)).toHaveLength(1);
  });

  test("are ended all but the one that asks", async () => {
    const { cookie, phone } = await signUpAndIn();
    expect((await post("revoke-other-sessions", {}, { cookie })).status).toBe(200);
    expect([await works(cookie), await works(phone)]).toEqual([true, false]);
  });

  test("of others are neither seen nor ended", async () => {
    const mine = await signUpAndIn();
    const theirs = await signUpAndIn();
    const [session] = await read(theirs.cookie);
    expect((await read(mine.cookie)).map(({ id }) => id)).not.toContain(session!.id);
    expect((await end(session!.id, mine.cookie)).status).toBe(404);
    expect(await works(theirs.phone)).toBe(true);
  });

  test("are neither seen nor ended by a session that has ended, whatever its cookie says", async () => {
    const { cookie, phone } = await signUpAndIn();
    const [latest, first] = await read(cookie);
    await end(latest!.id, cookie);
    expect((await list(phone)).status).toBe(401);
    expect((await end(first!.id, phone)).status).toBe(401);
    expect((await list()).status).toBe(401);
  });

  test("are not ended by another site", async () => {
    const { cookie } = await signUpAndIn();
    const [latest] = await read(cookie);
    expect((await end(latest!.id, cookie, { origin: "https://evil.example" })).status).toBe(403);
  });

  test("have no tokens for a browser", async () => {
    const { cookie } = await signUpAndIn();
    expect((await routes.GET(request("GET", "/api/auth/list-sessions", { cookie }))).status).toBe(404);
    expect((await post("revoke-session", { token: "token" }, { cookie })).status).toBe(404);
  });

  test("are said to be unknown while the database is away", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { auth } = await import("./auth");
    vi.spyOn(auth().api, "getSession").mockRejectedValue(new Error("connection refused"));
    expect((await list("cookie")).status).toBe(503);
    vi.restoreAllMocks();
  });
});

describe("a changed password", () => {
  const change = (cookie: string, currentPassword: string, newPassword = "battery staple") =>
    post("change-password", { currentPassword, newPassword, revokeOtherSessions: true }, { cookie });

  test("ends every other session, and gives this one another cookie", async () => {
    const { email, password, cookie, phone } = await signUpAndIn();
    const answer = await change(cookie, password);
    expect(answer.status).toBe(200);
    expect([await works(phone), await works(cookie), await works(cookies(answer))]).toEqual([
      false,
      false,
      true,
    ]);
    expect((await post("sign-in/email", { email, password })).status).toBe(401);
    expect((await post("sign-in/email", { email, password: "battery staple" })).status).toBe(200);
  });

  test("wants the one that there is, and ten wrong ones in ten minutes are enough", async () => {
    const { cookie, password } = await signUpAndIn();
    for (let attempts = 0; attempts < 10; attempts++) {
      expect((await change(cookie, "wrong password")).status).toBe(400);
    }
    const refused = await change(cookie, password);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(500);
    expect(await refused.json()).toEqual({
      code: "LIMITED",
      message: "Too many attempts to change this password.",
    });
  });

  test("wants eight characters", async () => {
    const { cookie, password } = await signUpAndIn();
    expect((await change(cookie, password, "1234567")).status).toBe(400);
  });
});
