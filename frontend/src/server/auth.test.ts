import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import {
  cookies,
  ORIGIN,
  PROXY,
  request,
  signUp,
  startApplication,
  type Application,
} from "../../test/application";
import { query } from "../../test/database";
import { startSilentServer } from "../../test/mail-server";

let application: Application;
let routes: typeof import("@/app/api/auth/[...all]/route");
let mintToken: typeof import("./auth").mintToken;

beforeAll(async () => {
  application = await startApplication();
  routes = await import("@/app/api/auth/[...all]/route");
  ({ mintToken } = await import("./auth"));
});

afterAll(() => application.stop());

afterEach(() => vi.restoreAllMocks());

const signIn = (body: object, options = {}) =>
  routes.POST(request("POST", "/api/auth/sign-in/email", { body, ...options }));

describe("signing in", () => {
  test("works with the password of the sign-up, and the session is the user's", async () => {
    const { id, email, password } = await signUp();
    const response = await signIn({ email, password });
    expect(response.status).toBe(200);
    const session = await routes.GET(request("GET", "/api/auth/get-session", { cookie: cookies(response) }));
    expect(await session.json()).toMatchObject({ user: { id, email } });
  });

  test("fails with a wrong password, in words that do not say whether the user exists", async () => {
    const { email } = await signUp();
    const wrong = await signIn({ email, password: "wrong password" });
    const unknown = await signIn({ email: "nobody@example.com", password: "wrong password" });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(await wrong.json()).toEqual(await unknown.json());
  });

  test("is refused from another site", async () => {
    const { email, password, cookie } = await signUp();
    const response = await signIn(
      { email, password },
      { cookie, headers: { origin: "https://evil.example" } },
    );
    expect(response.status).toBe(403);
  });

  test("sets a cookie that scripts cannot read and other sites' forms do not send", async () => {
    const { email, password } = await signUp();
    const [cookie] = (await signIn({ email, password })).headers.getSetCookie();
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Lax/i);
  });
});

describe("guessing", () => {
  let accounts = 0;
  const attempt = (from: string, email = `nobody${++accounts}@example.com`) =>
    signIn({ email, password: "wrong password" }, { headers: { "x-forwarded-for": from } });

  test("is limited to 20 attempts a minute from one address, and goes on from another", async () => {
    for (let attempts = 0; attempts < 20; attempts++) expect((await attempt("203.0.113.1")).status).toBe(401);
    const refused = await attempt("203.0.113.1");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    expect(await refused.json()).not.toHaveProperty("code", "LIMITED");
    expect((await attempt("203.0.113.2")).status).toBe(401);
  });

  test("behind two proxies counts for the address before them, whatever was claimed before that", async () => {
    for (let attempts = 0; attempts < 20; attempts++) {
      expect((await attempt(`192.0.2.${attempts}, 203.0.113.3, 10.1.2.3, ${PROXY}`)).status).toBe(401);
    }
    expect((await attempt(`192.0.2.99, 203.0.113.3, 10.1.2.3, ${PROXY}`)).status).toBe(429);
    expect((await attempt(`203.0.113.4, 10.1.2.3, ${PROXY}`)).status).toBe(401);
  });

  test("at one account is limited to 10 attempts from all addresses, whether or not it exists", async () => {
    const { email, password } = await signUp();
    for (const [target, site] of [
      [email, 4],
      ["absent@example.com", 5],
    ] as const) {
      for (let attempts = 0; attempts < 10; attempts++) {
        expect((await attempt(`203.0.${site}.${attempts}`, target)).status).toBe(401);
      }
      const refused = await attempt(`203.0.${site}.99`, ` ${target.toUpperCase()}`);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(500);
      expect(await refused.json()).toEqual({
        code: "LIMITED",
        message: "Too many attempts to sign in to this account.",
      });
    }
    expect((await signIn({ email, password })).status).toBe(429);
  });

  test("begins anew for an account once its owner has signed in", async () => {
    const { email, password } = await signUp();
    for (let round = 0; round < 2; round++) {
      for (let attempts = 0; attempts < 9; attempts++) {
        expect((await attempt(`203.0.${6 + round}.${attempts}`, email)).status).toBe(401);
      }
      expect((await signIn({ email, password })).status).toBe(200);
    }
  });

  test("counts the same on another replica, and names neither address nor account in the database", async () => {
    for (let attempts = 0; attempts < 20; attempts++) await attempt("203.0.113.5");
    const { createAuth, createPool } = await import("./auth");
    const { env } = await import("./env");
    const pool = createPool(env());
    try {
      const answer = await createAuth(env(), pool).handler(
        request("POST", "/api/auth/sign-in/email", {
          body: { email: "x@example.com", password: "wrong password" },
          headers: { "x-forwarded-for": "203.0.113.5" },
        }),
      );
      expect(answer.status).toBe(429);
    } finally {
      await pool.end();
    }
    const rows = await query<{ key: string }>(application.databaseUrl, `SELECT key FROM "rateLimit"`);
    expect(rows.length).toBeGreaterThan(0);
    for (const { key } of rows) expect(key).toMatch(/^[\w-]{43}$/);
  });
});

describe("a body of any route", () => {
  const bodies = {
    "is not read when it says that it is too long": () =>
      request("POST", "/api/auth/sign-in/email", {
        body: "{}",
        headers: { "content-length": String(40 * 1024 * 1024) },
      }),
    "is read no further than the limit when it says nothing of its length": () => {
      let parts = 0;
      const endless = new ReadableStream({
        pull(controller) {
          if (++parts > 8) throw new Error("read on");
          controller.enqueue(new Uint8Array(16 * 1024));
        },
      });
      return new Request(`${ORIGIN}/api/auth/sign-up/email`, {
        method: "POST",
        headers: { origin: ORIGIN, "content-type": "application/json" },
        body: endless,
        duplex: "half",
      } as RequestInit);
    },
  };

  test.each(Object.entries(bodies))("%s", async (_, send) => {
    const response = await routes.POST(send());
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ detail: "The body is longer than 32768 bytes." });
  });
});

describe("what is kept about a user", () => {
  let names = 0;
  const signUpAs = (fields: object) =>
    routes.POST(
      request("POST", "/api/auth/sign-up/email", {
        body: { name: "Ada", email: `kept${++names}@example.com`, password: "correct horse", ...fields },
        headers: { "x-forwarded-for": `198.18.3.${names}` },
      }),
    );

  test.each([
    ["an image that is a script", { image: "javascript:alert(1)" }, "The image is not an https address."],
    ["an image in itself", { image: "data:image/png;base64,AAAA" }, "The image is not an https address."],
    [
      "a long image",
      { image: `https://example.com/${"x".repeat(500)}` },
      "The image is longer than 512 characters.",
    ],
    ["a long name", { name: "x".repeat(101) }, "The name is longer than 100 characters."],
    ["a name of another type", { name: { first: "Ada" } }, "The name is not text."],
    ["a name that moves the cursor", { name: "Ada\u001b[2J" }, "The name holds a control character."],
    ["half a character", { name: "Ada\ud800" }, "The name holds a control character."],
  ])("is not %s", async (_, fields, message) => {
    const response = await signUpAs(fields);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message });
  });

  test("is not an address of 255 characters", async () => {
    const email = `${"x".repeat(60)}@${"y".repeat(60)}.${"z".repeat(60)}.${"w".repeat(60)}.example.com`;
    expect((await signUpAs({ email })).status).toBe(400);
  });

  test("is a name and an image, of which the cookie tells", async () => {
    const response = await signUpAs({ name: "Ada Lovelace", image: "https://example.com/ada.png" });
    expect(response.status).toBe(200);
    const session = await routes.GET(request("GET", "/api/auth/get-session", { cookie: cookies(response) }));
    expect(await session.json()).toMatchObject({
      user: { name: "Ada Lovelace", image: "https://example.com/ada.png" },
    });
  });

  test("is no more than 200 characters of what the browser calls itself", async () => {
    const { email, password } = await signUp();
    await signIn({ email, password }, { headers: { "user-agent": "Mozilla ".repeat(1000) } });
    const rows = await query<{ length: number }>(
      application.databaseUrl,
      `SELECT max(length("userAgent")) AS length FROM session`,
    );
    expect(rows).toEqual([{ length: 200 }]);
  });
});

describe("of Better Auth's paths", () => {
  const USED = [
    "/sign-up/email",
    "/sign-in/email",
    "/sign-out",
    "/get-session",
    "/revoke-other-sessions",
    "/change-password",
    "/passkey/generate-authenticate-options",
    "/passkey/verify-authentication",
    "/passkey/generate-register-options",
    "/passkey/verify-registration",
    "/passkey/delete-passkey",
    "/jwks",
  ];
  let paths: string[];
  beforeAll(async () => {
    const { auth } = await import("./auth");
    const endpoints: { path?: string }[] = Object.values(auth().api);
    paths = endpoints.flatMap(({ path }) => path ?? []);
    vi.spyOn(console, "error").mockImplementation(() => undefined);
  });

  let places = 0;
  /** What each way of asking for a path answers. */
  const askFor = (path: string, cookie: string) => {
    const headers = { "x-forwarded-for": `198.18.4.${++places}` };
    const body = {
      image: null,
      password: "correct horse",
      newPassword: "battery staple",
      currentPassword: "x",
    };
    return Promise.all([
      routes.GET(request("GET", `/api/auth${path}`, { cookie, headers })),
      routes.POST(request("POST", `/api/auth${path}`, { cookie, headers, body })),
    ]);
  };

  test("a browser reaches those that the pages use, and no other", async () => {
    const { cookie } = await signUp();
    expect(paths).toEqual(
      expect.arrayContaining([...USED, "/update-user", "/verify-password", "/delete-user"]),
    );
    for (const path of paths) {
      const statuses = (await askFor(path, cookie)).map(({ status }) => status);
      if (USED.includes(path)) expect.soft(statuses, path).not.toEqual([404, 404]);
      else expect.soft(statuses, path).toEqual([404, 404]);
    }
    for (const path of ["", "/", "/sign-out/", "//sign-out", "/x/../update-user/", "/%75pdate-user"]) {
      expect
        .soft(
          (await askFor(path, cookie)).map(({ status }) => status),
          path,
        )
        .toEqual([404, 404]);
    }
  });

  test("none has a session believed for longer that has ended", async () => {
    for (const path of paths) {
      const { id, cookie } = await signUp();
      await query(application.databaseUrl, `DELETE FROM session WHERE "userId" = '${id}'`);
      for (const { headers } of await askFor(path, cookie)) {
        expect.soft(headers.getSetCookie().join(), path).not.toMatch(/session_(data|token)=[^;]/);
      }
    }
  });
});

describe("what was never typed into a form", () => {
  beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));

  let places = 0;
  const send = (path: string, body: BodyInit) => {
    const headers = { origin: ORIGIN, "content-type": "application/json" };
    const from = { "x-forwarded-for": `198.18.2.${++places}` };
    const asked = new Request(`${ORIGIN}/api/auth/${path}`, {
      method: "POST",
      headers: { ...headers, ...from },
      body,
    });
    return routes.POST(asked);
  };
  const PATHS = ["sign-up/email", "sign-in/email", "change-password", "sign-out"];
  const fields = (values: object) =>
    JSON.stringify({ name: "Ada", email: "typed@example.com", password: "correct horse", ...values });
  const deep = (open: string, close: string, depth = 5_000) => open.repeat(depth) + close.repeat(depth);

  test.each<[string, BodyInit]>([
    ["arrays in arrays", deep("[", "]")],
    ["objects in objects", deep('{"name":', "}").replace(":}", ":1}")],
    ["a name of arrays in arrays", fields({}).replace('"Ada"', deep("[", "]"))],
    ["an address of arrays in arrays", fields({}).replace('"typed@example.com"', deep("[", "]"))],
    ["no UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d])],
    ["a password of another type", fields({ password: { length: 12 } })],
    ["an address of another type", fields({ email: ["typed@example.com"] })],
    ["an address with SQL", fields({ email: `x'; DROP TABLE "user"; --@example.com` })],
    ["an address with markup", fields({ email: "<script>alert(1)</script>@example.com" })],
    ["an address with a zero", fields({ email: "typed\u0000@example.com" })],
    ["a name with a zero", fields({ name: "Ada\u0000" })],
    ["another prototype", '{"__proto__":{"email":"typed@example.com"},"constructor":1}'],
    ["null", "null"],
    ["a number", "1e999"],
    ["half of it", '{"email":'],
  ])("is refused: %s", async (_, body) => {
    const answers = await Promise.all(PATHS.slice(0, -1).map(async (path) => send(path, body)));
    for (const [index, { status }] of answers.entries()) {
      expect.soft(status, PATHS[index]).toBeGreaterThanOrEqual(400);
      expect.soft(status, PATHS[index]).toBeLessThan(500);
    }
    expect((await send("sign-out", body)).status).toBeLessThan(500);
  });

  test.each([
    [`Robert'); DROP TABLE "user"; --`],
    ["<img src=x onerror=alert(1)>"],
    ["${process.env} {{7*7}} %s %n"],
    ["../../etc/passwd"],
  ])("is kept as the text that it is: %s", async (name) => {
    const email = `o'hara+${++places}@example.com`;
    const answer = await send("sign-up/email", fields({ name, email }));
    expect(answer.status).toBe(200);
    const session = await routes.GET(request("GET", "/api/auth/get-session", { cookie: cookies(answer) }));
    expect(await session.json()).toMatchObject({ user: { name, email } });
  });
});

test("deleting the user while the backend is away is refused in words", async () => {
  const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { cookie } = await signUp();
  application.upstream.answer = () => ({ status: 500 });
  const { DELETE } = await import("@/app/api/me/route");
  const response = await DELETE(request("DELETE", "/api/me", { cookie }));
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({ detail: "The todos could not be deleted." });
  expect(log).toHaveBeenCalledWith("backend: DELETE /api/me: status 500");
});

test.each(["request-password-reset", "reset-password", "send-verification-email", "verify-email"])(
  "without a mail server there is no %s",
  async (path) => {
    const body = { email: "ada@example.com", newPassword: "correct horse", token: "token" };
    expect((await routes.POST(request("POST", `/api/auth/${path}`, { body }))).status).toBe(404);
    expect((await routes.GET(request("GET", `/api/auth/${path}?token=token`))).status).toBe(404);
  },
);

test("a database that vanishes fails what it was asked, and takes no connection of the pool along", async () => {
  const { createAuth, createPool } = await import("./auth");
  const { env } = await import("./env");
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  // It lets everybody in, is ready, and answers nothing.
  const { port, stop } = await startSilentServer("R\0\0\0\b\0\0\0\0Z\0\0\0\u0005I");
  const pool = createPool({ ...env(), database: { ...env().database, host: "127.0.0.1", port } }, 1_000);
  const { internalAdapter } = await createAuth(env(), pool).$context;
  const asked = await Promise.allSettled(Array.from({ length: 10 }, () => internalAdapter.findUserById("1")));
  expect(pool.totalCount).toBe(0);
  const failed = { status: "rejected", reason: expect.objectContaining({ message: "no answer for 1 s" }) };
  expect(asked).toEqual(asked.map(() => failed));
  await pool.end();
  await stop();
});

describe("signing up", () => {
  test("200 times at once with one address, from 200 places, makes one user", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const email = "race@example.com";
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, place) =>
        routes.POST(
          request("POST", "/api/auth/sign-up/email", {
            body: { name: "Ada", email, password: "correct horse" },
            headers: { "x-forwarded-for": `198.18.1.${place}` },
          }),
        ),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => ![200, 422, 429, 503].includes(status))).toEqual([]);
    const kept = `SELECT count(*)::int AS users, count(account.id)::int AS passwords FROM "user" LEFT JOIN account
      ON account."userId" = "user".id WHERE email = '${email}'`;
    expect(await query(application.databaseUrl, kept)).toEqual([{ users: 1, passwords: 1 }]);
    expect((await signIn({ email, password: "correct horse" })).status).toBe(200);
  });

  test("asks for a password of eight characters", async () => {
    const body = { name: "Ada", email: "short@example.com", password: "1234567" };
    const response = await routes.POST(request("POST", "/api/auth/sign-up/email", { body }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "PASSWORD_TOO_SHORT" });
  });
});

describe("the token for the backend", () => {
  let id: string;
  beforeAll(async () => ({ id } = await signUp()));

  const keySet = async () =>
    (await (await routes.GET(request("GET", "/api/auth/jwks"))).json()) as JSONWebKeySet;

  test("is verified by the public JWKS: EdDSA, issuer, audience, subject, a quarter of an hour", async () => {
    const token = await mintToken(id);
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(await keySet()), {
      issuer: ORIGIN,
      audience: "test-audience",
      algorithms: ["EdDSA"],
    });
    expect(protectedHeader.kid).toBeDefined();
    expect(payload.sub).toBe(id);
    expect(payload.exp! - payload.iat!).toBe(15 * 60);
    expect(Math.abs(payload.iat! - Date.now() / 1000)).toBeLessThan(60);
  });

  test("is another one once the user's data is deleted, for the backend takes none from before that", async () => {
    const { auth, tokenFor } = await import("./auth");
    const before = await tokenFor(id);
    expect(await tokenFor(id)).toBe(before);
    application.upstream.answer = () => ({ status: 204 });
    vi.useFakeTimers({ now: Date.now() + 1_000, toFake: ["Date"] });
    try {
      await auth().options.user.deleteUser.beforeDelete({ id } as never);
      expect(await tokenFor(id)).not.toBe(before);
    } finally {
      vi.useRealTimers();
    }
  });

  test("is for nobody who has no account", async () => {
    await expect(mintToken("user-1")).rejects.toMatchObject({ statusCode: 401 });
  });

  test("carries nothing about the user but the id", async () => {
    const { payload } = await jwtVerify(await mintToken(id), createLocalJWKSet(await keySet()));
    expect(Object.keys(payload).sort()).toEqual(["aud", "exp", "iat", "iss", "sub"]);
  });

  test("cannot be had by a browser", async () => {
    const { cookie } = await signUp();
    expect((await routes.GET(request("GET", "/api/auth/token", { cookie }))).status).toBe(404);
    const session = await routes.GET(request("GET", "/api/auth/get-session", { cookie }));
    expect(session.headers.get("set-auth-jwt")).toBeNull();
    expect(await session.text()).not.toContain("eyJ");
  });

  test("is signed by a new key after BETTER_AUTH_SECRET was changed, and those of before still count", async () => {
    const before = await mintToken(id);
    const secret = process.env.BETTER_AUTH_SECRET;
    vi.resetModules();
    process.env.BETTER_AUTH_SECRET = "another secret for tests, 32 characters";
    try {
      const changed = await import("./auth");
      const after = await changed.mintToken(id);
      const again = await changed.mintToken(id);
      const verified = await Promise.all(
        [before, after, again].map(async (token) => jwtVerify(token, createLocalJWKSet(await keySet()))),
      );
      const [old, own, kept] = verified.map(({ protectedHeader }) => protectedHeader.kid);
      expect(own).not.toBe(old);
      expect(kept).toBe(own);
      // A pod of before, while a roll lasts, goes on with its own key.
      const other = await jwtVerify(await mintToken(id), createLocalJWKSet(await keySet()));
      expect(other.protectedHeader.kid).toBe(old);
    } finally {
      process.env.BETTER_AUTH_SECRET = secret;
      vi.resetModules();
    }
  });

  test("is signed by keys that the JWKS and the database never show in the clear", async () => {
    await mintToken(id);
    for (const key of (await keySet()).keys) expect(Object.keys(key)).not.toContain("d");
    const rows = await query<{ privateKey: string }>(
      application.databaseUrl,
      `SELECT "privateKey" FROM jwks`,
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { privateKey } of rows) expect(privateKey).not.toMatch(/"d"|kty/);
  });
});
