import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

import {
  cookies,
  request,
  signUp,
  startApplication,
  TRUSTED_ORIGIN,
  type Application,
} from "../../test/application";
import { Authenticator } from "../../test/authenticator";
import { query } from "../../test/database";
import type { PasskeyRead } from "./passkey-list";

let application: Application;
let routes: typeof import("@/app/api/auth/[...all]/route");
let passkeysRoute: typeof import("@/app/api/me/passkeys/route");
let sessionsRoute: typeof import("@/app/api/me/sessions/route");
let meRoute: typeof import("@/app/api/me/route");

beforeAll(async () => {
  application = await startApplication();
  routes = await import("@/app/api/auth/[...all]/route");
  passkeysRoute = await import("@/app/api/me/passkeys/route");
  sessionsRoute = await import("@/app/api/me/sessions/route");
  meRoute = await import("@/app/api/me/route");
});

afterAll(() => application.stop());

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

let addresses = 0;
const newAddress = () => ({ "x-forwarded-for": `203.0.${addresses >> 8}.${addresses++ & 255}` });
const get = (path: string, cookie?: string, headers: Record<string, string> = newAddress()) =>
  routes.GET(request("GET", `/api/auth/passkey/${path}`, { cookie, headers }));
const post = (path: string, body: object, cookie?: string, headers: Record<string, string> = newAddress()) =>
  routes.POST(request("POST", `/api/auth/passkey/${path}`, { body, cookie, headers }));
const list = (cookie?: string) => passkeysRoute.GET(request("GET", "/api/me/passkeys", { cookie }));
const read = async (cookie: string) => (await (await list(cookie)).json()) as PasskeyRead[];

/** The question that a browser is to pass on, and the cookie that belongs to it. */
async function ask(what: "register" | "authenticate", cookie?: string) {
  const answer = await get(`generate-${what}-options`, cookie);
  expect(answer.status, await answer.clone().text()).toBe(200);
  const own = cookie ? `${cookie}; ` : "";
  return { options: (await answer.json()) as Options, cookie: own + cookies(answer) };
}

interface Options {
  challenge: string;
  [name: string]: unknown;
}

async function add(cookie: string, authenticator = new Authenticator(), name: unknown = "My telephone") {
  const asked = await ask("register", cookie);
  return post("verify-registration", { response: authenticator.register(asked.options), name }, asked.cookie);
}

async function signIn(authenticator: Authenticator, headers?: Record<string, string>) {
  const asked = await ask("authenticate");
  return post(
    "verify-authentication",
    { response: authenticator.signIn(asked.options) },
    asked.cookie,
    headers,
  );
}

async function signUpWithPasskey() {
  const user = await signUp();
  const authenticator = new Authenticator();
  expect((await add(user.cookie, authenticator)).status).toBe(200);
  return { ...user, authenticator };
}

const quietly = () => vi.spyOn(console, "error").mockImplementation(() => undefined);

describe("a passkey", () => {
  test("signs its user in, with a session like every other", async () => {
    const { id, authenticator } = await signUpWithPasskey();
    const answer = await signIn(authenticator, { ...newAddress(), "user-agent": "Mozilla ".repeat(100) });
    expect(answer.status).toBe(200);
    const session = await routes.GET(request("GET", "/api/auth/get-session", { cookie: cookies(answer) }));
    expect(await session.json()).toMatchObject({ user: { id } });
    const sessions = await sessionsRoute.GET(request("GET", "/api/me/sessions", { cookie: cookies(answer) }));
    const [latest, first] = (await sessions.json()) as { current: boolean; user_agent: string }[];
    expect([latest!.current, first!.current]).toEqual([true, false]);
    expect(latest!.user_agent).toHaveLength(200);
    expect(answer.headers.getSetCookie().find((each) => each.includes("session_token"))).toMatch(/HttpOnly/i);
  });

  test("is for this host, is found without an address, and asks who uses it", async () => {
    const { cookie, email } = await signUp();
    const { options } = await ask("register", cookie);
    expect(options).toMatchObject({
      rp: { id: "localhost" },
      user: { name: email },
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
    });
    expect((await ask("authenticate")).options).toMatchObject({ rpId: "localhost" });
  });

  test("is of use on every page that is trusted, and on no other", async () => {
    const log = quietly();
    const { cookie } = await signUp();
    const trusted = new Authenticator({ origin: TRUSTED_ORIGIN });
    expect((await add(cookie, trusted)).status).toBe(200);
    expect((await signIn(trusted)).status).toBe(200);
    const foreign = new Authenticator({ origin: "https://evil.example" });
    expect((await add(cookie, foreign)).status).toBe(500);
    const elsewhere = new Authenticator({ rpId: "evil.example" });
    expect((await add(cookie, elsewhere)).status).toBe(500);
    expect(await read(cookie)).toHaveLength(1);
    expect(log).toHaveBeenCalled();
  });

  test("that was removed signs nobody in", async () => {
    const { cookie, authenticator } = await signUpWithPasskey();
    const [kept] = await read(cookie);
    expect((await post("delete-passkey", { id: kept!.id }, cookie)).status).toBe(200);
    const refused = await signIn(authenticator);
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ code: "PASSKEY_NOT_FOUND" });
    expect(refused.headers.getSetCookie().join()).not.toContain("session_token");
  });

  test("of which another has the name but not the key signs nobody in", async () => {
    quietly();
    const { authenticator } = await signUpWithPasskey();
    const refused = await signIn(new Authenticator({ id: authenticator.id }));
    expect(refused.status).toBe(401);
    expect(refused.headers.getSetCookie().join()).not.toContain("session_token");
  });

  test("is neither added nor taken without a fingerprint, a face or a PIN", async () => {
    const { cookie } = await signUp();
    const lax = new Authenticator({ verifiesUser: false });
    expect((await add(cookie, lax)).status).toBe(403);
    expect(await read(cookie)).toEqual([]);
    const { authenticator } = await signUpWithPasskey();
    Object.assign(authenticator, { flags: 0x01 });
    const refused = await signIn(authenticator);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: "USER_NOT_VERIFIED" });
  });

  test("of one user is not another's too", async () => {
    const { authenticator } = await signUpWithPasskey();
    const { cookie } = await signUp();
    const refused = await add(cookie, new Authenticator({ id: authenticator.id }));
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code: "PREVIOUSLY_REGISTERED" });
    expect((await signIn(authenticator)).status).toBe(200);
  });
});

describe("a challenge", () => {
  test("is answered once", async () => {
    const { id, authenticator } = await signUpWithPasskey();
    const asked = await ask("authenticate");
    const response = authenticator.signIn(asked.options);
    const first = await post("verify-authentication", { response }, asked.cookie);
    expect(await first.json()).toMatchObject({ user: { id } });
    const again = await post("verify-authentication", { response }, asked.cookie);
    expect(again.status).toBe(400);
    expect(await again.json()).toMatchObject({ code: "CHALLENGE_NOT_FOUND" });
  });

  test("is of no use with the cookie of another, or with none", async () => {
    quietly();
    const { authenticator } = await signUpWithPasskey();
    const mine = await ask("authenticate");
    const theirs = await ask("authenticate");
    const response = authenticator.signIn(mine.options);
    expect((await post("verify-authentication", { response }, theirs.cookie)).status).toBe(400);
    expect((await post("verify-authentication", { response })).status).toBe(400);
  });

  test("of another user adds nothing", async () => {
    const mine = await signUp();
    const theirs = await signUp();
    const asked = await ask("register", theirs.cookie);
    const challenge = asked.cookie.slice(theirs.cookie.length);
    const response = new Authenticator().register(asked.options);
    const refused = await post("verify-registration", { response, name: "x" }, mine.cookie + challenge);
    expect(refused.status).toBe(401);
    expect([await read(mine.cookie), await read(theirs.cookie)]).toEqual([[], []]);
  });

  test("to sign in adds nothing, and one to add signs nobody in", async () => {
    const { cookie, authenticator } = await signUpWithPasskey();
    const asked = await ask("authenticate", cookie);
    const response = new Authenticator().register(asked.options);
    expect((await post("verify-registration", { response, name: "x" }, asked.cookie)).status).toBe(400);
    const other = await ask("register", cookie);
    const signed = authenticator.signIn(other.options);
    expect((await post("verify-authentication", { response: signed }, other.cookie)).status).toBe(400);
  });

  test("is good for five minutes", async () => {
    const { authenticator } = await signUpWithPasskey();
    const asked = await ask("authenticate");
    const response = authenticator.signIn(asked.options);
    vi.useFakeTimers({ now: Date.now() + 301_000, toFake: ["Date"] });
    const late = await post("verify-authentication", { response }, asked.cookie);
    expect(late.status).toBe(400);
    expect(await late.json()).toMatchObject({ code: "CHALLENGE_NOT_FOUND" });
  });

  test("that nobody answered is kept no longer", async () => {
    const rows = () => query<{ id: string }>(application.databaseUrl, "SELECT id FROM verification");
    await ask("authenticate");
    expect((await rows()).length).toBeGreaterThan(0);
    vi.useFakeTimers({ now: Date.now() + 301_000, toFake: ["Date"] });
    await ask("authenticate");
    expect(await rows()).toHaveLength(1);
  });

  test.each([{}, { id: 1 }, { id: ["a"] }, { id: { length: 1 } }, { id: "x".repeat(10_000) }])(
    "is not answered by %j",
    async (response) => {
      const asked = await ask("authenticate");
      const refused = await post("verify-authentication", { response }, asked.cookie);
      expect(refused.status).toBe(401);
    },
  );
});

describe("adding one", () => {
  test("wants a session that began within a day", async () => {
    const { cookie } = await signUp();
    const asked = await ask("register", cookie);
    vi.useFakeTimers({ now: Date.now() + 86_400_000, toFake: ["Date"] });
    const refused = await get("generate-register-options", cookie);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: "SESSION_NOT_FRESH" });
    const response = new Authenticator().register(asked.options);
    expect((await post("verify-registration", { response, name: "x" }, asked.cookie)).status).toBe(403);
  });

  test("wants a session that has not ended, whatever its cookie says", async () => {
    const { cookie } = await signUp();
    const asked = await ask("register", cookie);
    await query(application.databaseUrl, "DELETE FROM session");
    const session = await routes.GET(request("GET", "/api/auth/get-session", { cookie }));
    expect(await session.json(), "the cookie is believed elsewhere").not.toBeNull();
    const response = new Authenticator().register(asked.options);
    expect((await get("generate-register-options", cookie)).status).toBe(401);
    expect((await post("verify-registration", { response, name: "x" }, asked.cookie)).status).toBe(401);
    expect((await get("generate-register-options")).status).toBe(401);
    expect(await query(application.databaseUrl, "SELECT id FROM passkey WHERE name = 'x'")).toEqual([]);
  });

  test("is refused from another site", async () => {
    const { cookie } = await signUp();
    const asked = await ask("register", cookie);
    const body = { response: new Authenticator().register(asked.options), name: "x" };
    const headers = { ...newAddress(), origin: "https://evil.example" };
    expect((await post("verify-registration", body, asked.cookie, headers)).status).toBe(403);
  });

  test.each([
    ["without a name", undefined, "The name is not text."],
    ["of another type", { first: "x" }, "The name is not text."],
    ["that is too long", "x".repeat(101), "The name is longer than 100 characters."],
    ["that moves the cursor", "x\u001b[2J", "The name holds a control character."],
  ])("a name %s is refused", async (_, name, message) => {
    const { cookie } = await signUp();
    // JSON has no undefined, so that the name is left out.
    const asked = await ask("register", cookie);
    const response = new Authenticator().register(asked.options);
    const refused = await post("verify-registration", { response, name }, asked.cookie);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ message });
    expect(await read(cookie)).toEqual([]);
  });

  test("is possible twenty times", async () => {
    const { id, cookie, authenticator } = await signUpWithPasskey();
    const asked = await ask("register", cookie);
    await query(
      application.databaseUrl,
      `INSERT INTO passkey (id, name, "publicKey", "userId", "credentialID", counter, "deviceType", "backedUp", "createdAt")
         SELECT gen_random_uuid(), 'more', '', '${id}', gen_random_uuid(), 0, 'singleDevice', false, now()
           FROM generate_series(2, 20)`,
    );
    const message = "You have 20 passkeys, which is the most. Remove one first.";
    const refused = await get("generate-register-options", cookie);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toEqual({ code: "TOO_MANY_PASSKEYS", message });
    const response = new Authenticator().register(asked.options);
    expect((await post("verify-registration", { response, name: "x" }, asked.cookie)).status).toBe(400);
    expect((await signIn(authenticator)).status).toBe(200);
  });
});

describe("the list", () => {
  test("has names and times, the latest first, and no key", async () => {
    const { cookie } = await signUpWithPasskey();
    await add(cookie, new Authenticator(), "  My key  ");
    const answer = await list(cookie);
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const passkeys = (await answer.json()) as PasskeyRead[];
    expect(passkeys.map(({ name }) => name)).toEqual(["My key", "My telephone"]);
    for (const passkey of passkeys) {
      expect(Object.keys(passkey).sort()).toEqual(["created_at", "id", "kept_by", "name", "synced"]);
      expect(Math.abs(Date.parse(passkey.created_at) - Date.now())).toBeLessThan(60_000);
    }
  });

  test("is the user's own, and so is removing", async () => {
    const mine = await signUp();
    const theirs = await signUpWithPasskey();
    const [kept] = await read(theirs.cookie);
    expect(await read(mine.cookie)).toEqual([]);
    expect((await post("delete-passkey", { id: kept!.id }, mine.cookie)).status).toBe(401);
    expect((await list()).status).toBe(401);
    expect((await signIn(theirs.authenticator)).status).toBe(200);
  });

  test("says by what it is kept, where that is known", async () => {
    const { id, cookie } = await signUpWithPasskey();
    await query(
      application.databaseUrl,
      `UPDATE passkey SET aaguid = 'bada5566-a7aa-401f-bd96-45619a55120d', "deviceType" = 'multiDevice' WHERE "userId" = '${id}'`,
    );
    expect(await read(cookie)).toMatchObject([{ kept_by: "1Password", synced: true }]);
  });

  test("of Better Auth, with the keys, is for no browser, and no name is changed", async () => {
    const { cookie } = await signUpWithPasskey();
    const [kept] = await read(cookie);
    expect((await get("list-user-passkeys", cookie)).status).toBe(404);
    expect((await post("update-passkey", { id: kept!.id, name: "x" }, cookie)).status).toBe(404);
  });
});

test("who reads the database cannot answer a challenge", async () => {
  const asked = await ask("authenticate");
  const rows = await query<object>(application.databaseUrl, "SELECT identifier FROM verification");
  const token = decodeURIComponent(/better-auth-passkey=([^;]+)/.exec(asked.cookie)![1]!).split(".")[0]!;
  expect(rows.length).toBeGreaterThan(0);
  expect(JSON.stringify(rows)).not.toContain(token);
});

describe("attempts", () => {
  test.each(["generate-authenticate-options", "verify-authentication"])(
    "at %s are limited to 20 a minute from one address, and the refusal says for how long",
    async (path) => {
      const headers = newAddress();
      const attempt = () =>
        path.startsWith("verify")
          ? post(path, { response: {} }, undefined, headers)
          : get(path, undefined, headers);
      for (let attempts = 0; attempts < 20; attempts++) expect((await attempt()).status).not.toBe(429);
      const refused = await attempt();
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    },
  );

  test("with a long body are not read", async () => {
    expect((await post("verify-authentication", { response: { id: "x".repeat(40_000) } })).status).toBe(413);
  });
});

describe("a user who goes", () => {
  test("takes their passkeys along", async () => {
    const { cookie, authenticator } = await signUpWithPasskey();
    application.upstream.answer = () => ({ status: 204 });
    expect((await meRoute.DELETE(request("DELETE", "/api/me", { cookie }))).status).toBe(204);
    const kept = `SELECT id FROM passkey WHERE "credentialID" = '${authenticator.id}'`;
    expect(await query(application.databaseUrl, kept)).toEqual([]);
    expect((await signIn(authenticator)).status).toBe(401);
  });

  test("finds their names and times in what is downloaded, and no key", async () => {
    const { cookie, authenticator } = await signUpWithPasskey();
    application.upstream.answer = () => ({ status: 200, body: {} });
    const answer = await meRoute.GET(request("GET", "/api/me", { cookie }));
    const text = await answer.text();
    expect(JSON.parse(text)).toMatchObject({ passkeys: [{ name: "My telephone", synced: false }] });
    expect(text).not.toContain(authenticator.id);
    expect(text).not.toMatch(/publicKey|public_key|credential_?id/i);
  });
});
