import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { cookies, ORIGIN, request, signUp, startApplication, type Application } from "../../test/application";
import { query } from "../../test/database";

let application: Application;
let routes: typeof import("@/app/api/auth/[...all]/route");
let mintToken: typeof import("./auth").mintToken;

beforeAll(async () => {
  application = await startApplication();
  routes = await import("@/app/api/auth/[...all]/route");
  ({ mintToken } = await import("./auth"));
});

afterAll(() => application.stop());

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

  test("is limited to 20 attempts a minute from one address, and goes on from another", async () => {
    const attempt = (address: string) =>
      signIn(
        { email: "nobody@example.com", password: "wrong password" },
        { headers: { "x-forwarded-for": address } },
      );
    for (let attempts = 0; attempts < 20; attempts++) expect((await attempt("203.0.113.1")).status).toBe(401);
    expect((await attempt("203.0.113.1")).status).toBe(429);
    expect((await attempt("203.0.113.2")).status).toBe(401);
  });
});

describe("signing up", () => {
  test("asks for a password of eight characters", async () => {
    const body = { name: "Ada", email: "short@example.com", password: "1234567" };
    const response = await routes.POST(request("POST", "/api/auth/sign-up/email", { body }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "PASSWORD_TOO_SHORT" });
  });
});

describe("the token for the backend", () => {
  const keySet = async () =>
    (await (await routes.GET(request("GET", "/api/auth/jwks"))).json()) as JSONWebKeySet;

  test("is verified by the public JWKS: EdDSA, issuer, audience, subject, a quarter of an hour", async () => {
    const token = await mintToken("user-1");
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(await keySet()), {
      issuer: ORIGIN,
      audience: "test-audience",
      algorithms: ["EdDSA"],
    });
    expect(protectedHeader.kid).toBeDefined();
    expect(payload.sub).toBe("user-1");
    expect(payload.exp! - payload.iat!).toBe(15 * 60);
    expect(Math.abs(payload.iat! - Date.now() / 1000)).toBeLessThan(60);
  });

  test("carries nothing about the user but the id", async () => {
    const { payload } = await jwtVerify(await mintToken("user-1"), createLocalJWKSet(await keySet()));
    expect(Object.keys(payload).sort()).toEqual(["aud", "exp", "iat", "iss", "sub"]);
  });

  test("cannot be had by a browser", async () => {
    const { cookie } = await signUp();
    expect((await routes.GET(request("GET", "/api/auth/token", { cookie }))).status).toBe(404);
    const session = await routes.GET(request("GET", "/api/auth/get-session", { cookie }));
    expect(session.headers.get("set-auth-jwt")).toBeNull();
    expect(await session.text()).not.toContain("eyJ");
  });

  test("is signed by keys that the JWKS and the database never show in the clear", async () => {
    await mintToken("user-1");
    for (const key of (await keySet()).keys) expect(Object.keys(key)).not.toContain("d");
    const rows = await query<{ privateKey: string }>(
      application.databaseUrl,
      `SELECT "privateKey" FROM jwks`,
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { privateKey } of rows) expect(privateKey).not.toMatch(/"d"|kty/);
  });
});
