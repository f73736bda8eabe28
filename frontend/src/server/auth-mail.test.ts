import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  test,
  vi,
  type MockInstance,
} from "vitest";

import { cookies, ORIGIN, request, startApplication, type Application } from "../../test/application";
import { Authenticator } from "../../test/authenticator";
import { query } from "../../test/database";
import { linkIn, MailServer, type ReceivedMail } from "../../test/mail-server";

let mailServer: MailServer;
let application: Application;
let routes: typeof import("@/app/api/auth/[...all]/route");
let todos: typeof import("@/app/api/todos/route");
let log: MockInstance<typeof console.error>;

beforeAll(async () => {
  mailServer = await MailServer.start();
  application = await startApplication({
    SMTP_HOST: "127.0.0.1",
    SMTP_PORT: String(mailServer.port),
    SMTP_TLS: "none",
    SMTP_FROM: "Todos <todos@example.com>",
  });
  routes = await import("@/app/api/auth/[...all]/route");
  todos = await import("@/app/api/todos/route");
});

afterAll(async () => {
  await application.stop();
  await mailServer.stop();
});

beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => undefined);
});

afterEach(() => vi.restoreAllMocks());

let addresses = 0;

/** A request from an address of its own, so that the limit on addresses is not what a test runs into. */
function post(
  path: string,
  body: object,
  options: { cookie?: string; headers?: Record<string, string> } = {},
) {
  const from = `198.51.${100 + (addresses >> 8)}.${addresses++ & 255}`;
  const headers = { "x-forwarded-for": from, ...options.headers };
  return routes.POST(request("POST", `/api/auth/${path}`, { body, cookie: options.cookie, headers }));
}

const PASSWORD = "correct horse";
const NEW_PASSWORD = "battery staple";

let users = 0;
const newAddress = () => `user${++users}@example.com`;

const signUp = (email: string, options = {}) =>
  post("sign-up/email", { name: "Ada", email, password: PASSWORD }, options);
const signIn = (email: string, password = PASSWORD) => post("sign-in/email", { email, password });
const askForReset = (email: string, options = {}) => post("request-password-reset", { email }, options);
const reset = (token: string, newPassword = NEW_PASSWORD) => post("reset-password", { token, newPassword });
const verify = (token: string) =>
  routes.GET(request("GET", `/api/auth/verify-email?token=${encodeURIComponent(token)}`));

/** What `send` answers, and the mail that comes of it. */
async function mailed(send: () => Promise<Response>): Promise<{ response: Response; mail: ReceivedMail }> {
  const next = mailServer.next();
  const response = await send();
  return { response, mail: await next };
}

/** The token behind the link of a mail. */
function tokenIn(mail: ReceivedMail, page: string): string {
  return linkIn(mail, ORIGIN, page).hash.slice(1);
}

async function signUpAndVerify(): Promise<{ email: string; cookie: string }> {
  const email = newAddress();
  const { mail } = await mailed(() => signUp(email));
  await verify(tokenIn(mail, "verify-email"));
  return { email, cookie: cookies(await signIn(email)) };
}

const count = async (table: string) =>
  (await query<{ n: string }>(application.databaseUrl, `SELECT count(*) AS n FROM ${table}`))[0]!.n;

describe("signing up", () => {
  test("leads to a session once the address is verified, and not before", async () => {
    const email = newAddress();
    const { response, mail } = await mailed(() => signUp(email));
    expect(response.status).toBe(200);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(mail.to).toEqual([email]);
    const refused = await signIn(email);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: "EMAIL_NOT_VERIFIED" });

    expect((await verify(tokenIn(mail, "verify-email"))).status).toBe(200);
    const session = await routes.GET(
      request("GET", "/api/auth/get-session", { cookie: cookies(await signIn(email)) }),
    );
    expect(await session.json()).toMatchObject({ user: { email, emailVerified: true } });
  });

  test("a link signs nobody in: somebody else may know the password of an account with my address", async () => {
    const { mail } = await mailed(() => signUp(newAddress()));
    expect((await verify(tokenIn(mail, "verify-email"))).headers.getSetCookie()).toEqual([]);
  });

  test("a link is good for a day", async () => {
    const { mail } = await mailed(() => signUp(newAddress()));
    const token = tokenIn(mail, "verify-email");
    vi.useFakeTimers({ now: Date.now() + 24 * 3_600_000 + 1_000, toFake: ["Date"] });
    try {
      const late = await verify(token);
      expect(late.status).toBe(401);
      expect(await late.json()).toMatchObject({ code: "TOKEN_EXPIRED" });
    } finally {
      vi.useRealTimers();
    }
  });

  test("a link that was lost is sent again, and only while it is of use", async () => {
    const email = newAddress();
    await mailed(() => signUp(email));
    const { response, mail } = await mailed(() => post("send-verification-email", { email }));
    expect(response.status).toBe(200);
    await verify(tokenIn(mail, "verify-email"));
    const before = mailServer.received.length;
    const verified = await post("send-verification-email", { email });
    const unknown = await post("send-verification-email", { email: newAddress() });
    expect([verified.status, unknown.status]).toEqual([200, 200]);
    expect(await verified.text()).toBe(await unknown.text());
    expect(mailServer.received).toHaveLength(before);
  });

  test("where there is an account answers the same, and tells its owner by mail", async () => {
    const { email } = await signUpAndVerify();
    const fresh = await mailed(() => signUp(newAddress()));
    const again = await mailed(() => post("sign-up/email", { name: "Eve", email, password: NEW_PASSWORD }));
    expect(again.response.status).toBe(fresh.response.status);
    const [freshBody, againBody] = [await fresh.response.json(), await again.response.json()] as {
      user: object;
    }[];
    expect(Object.keys(againBody!.user).sort()).toEqual(Object.keys(freshBody!.user).sort());
    expect(again.mail.content).toContain("You have an account already");
    expect(again.mail.content).not.toContain("#");
    expect((await signIn(email)).status).toBe(200);
    expect((await signIn(email, NEW_PASSWORD)).status).toBe(401);
  });

  test("a bad name is refused whether or not there is an account", async () => {
    const { email } = await signUpAndVerify();
    const answers = [email, newAddress()].map((each) =>
      post("sign-up/email", { name: "x".repeat(101), email: each, password: PASSWORD }),
    );
    const [known, unknown] = await Promise.all(answers);
    expect([known!.status, unknown!.status]).toEqual([400, 400]);
  });

  test("a mail has nothing that the user typed but the address", async () => {
    const body = { name: "Win at https://evil.example", email: newAddress(), password: PASSWORD };
    const { mail } = await mailed(() => post("sign-up/email", body));
    expect(mail.content).not.toContain("evil.example");
  });
});

describe("a forgotten password", () => {
  test("is replaced by the link of the mail; the old one and every session end", async () => {
    const { email, cookie } = await signUpAndVerify();
    expect((await todos.GET(request("GET", "/api/todos", { cookie }))).status).toBe(200);
    const { response, mail } = await mailed(() => askForReset(email));
    expect(response.status).toBe(200);
    expect((await reset(tokenIn(mail, "reset-password"))).status).toBe(200);
    expect((await todos.GET(request("GET", "/api/todos", { cookie }))).status).toBe(401);
    expect((await signIn(email)).status).toBe(401);
    expect((await signIn(email, NEW_PASSWORD)).status).toBe(200);
  });

  test("is answered the same where there is no account, which gets no mail", async () => {
    const { email } = await signUpAndVerify();
    const known = await mailed(() => askForReset(email));
    const before = mailServer.received.length;
    const unknown = await askForReset(newAddress());
    expect(unknown.status).toBe(known.response.status);
    expect(await unknown.text()).toBe(await known.response.text());
    expect([...unknown.headers.keys()]).toEqual([...known.response.headers.keys()]);
    expect(mailServer.received).toHaveLength(before);
  });

  test("has a link that works once", async () => {
    const { email } = await signUpAndVerify();
    const { mail } = await mailed(() => askForReset(email));
    const token = tokenIn(mail, "reset-password");
    expect((await reset(token)).status).toBe(200);
    const again = await reset(token, "another password");
    expect(again.status).toBe(400);
    expect(await again.json()).toMatchObject({ code: "INVALID_TOKEN" });
    expect((await signIn(email, NEW_PASSWORD)).status).toBe(200);
  });

  test("has a link that works for an hour", async () => {
    const { email } = await signUpAndVerify();
    const { mail } = await mailed(() => askForReset(email));
    vi.useFakeTimers({ now: Date.now() + 3_600_000 + 1_000, toFake: ["Date"] });
    try {
      expect((await reset(tokenIn(mail, "reset-password"))).status).toBe(400);
    } finally {
      vi.useRealTimers();
    }
    expect((await signIn(email)).status).toBe(200);
  });

  test("of an address that was never verified verifies it", async () => {
    const email = newAddress();
    await mailed(() => signUp(email));
    const { mail } = await mailed(() => askForReset(email));
    await reset(tokenIn(mail, "reset-password"));
    expect((await signIn(email, NEW_PASSWORD)).status).toBe(200);
  });

  test("that was guessed too often is guessed anew once it is set", async () => {
    const { email } = await signUpAndVerify();
    for (let attempts = 0; attempts < 10; attempts++) await signIn(email, "wrong password");
    expect((await signIn(email)).status).toBe(429);
    const { mail } = await mailed(() => askForReset(email));
    await reset(tokenIn(mail, "reset-password"));
    expect((await signIn(email, NEW_PASSWORD)).status).toBe(200);
  });

  test("has a link to the configured origin, whatever the request says of itself", async () => {
    const { email } = await signUpAndVerify();
    const { mail } = await mailed(() =>
      askForReset(email, {
        headers: { host: "evil.example", "x-forwarded-host": "evil.example", "x-forwarded-proto": "http" },
      }),
    );
    expect(mail.content).not.toContain("evil.example");
    tokenIn(mail, "reset-password");
    const redirected = await post("request-password-reset", { email, redirectTo: "https://evil.example/" });
    expect(redirected.status).toBe(403);
  });

  test("has a token that the database does not know in the clear", async () => {
    const { email } = await signUpAndVerify();
    const { mail } = await mailed(() => askForReset(email));
    const rows = await query<object>(application.databaseUrl, "SELECT * FROM verification");
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(tokenIn(mail, "reset-password"));
  });

  test("wants a new one of eight characters", async () => {
    const { email } = await signUpAndVerify();
    const { mail } = await mailed(() => askForReset(email));
    const token = tokenIn(mail, "reset-password");
    expect((await reset(token, "1234567")).status).toBe(400);
    expect((await reset(token)).status).toBe(200);
  });
});

describe("a passkey", () => {
  const ask = async (what: string, cookie?: string) => {
    const answer = await routes.GET(request("GET", `/api/auth/passkey/generate-${what}-options`, { cookie }));
    const options = (await answer.json()) as { challenge: string };
    return { options, cookie: [cookie, cookies(answer)].filter(Boolean).join("; ") };
  };

  async function signUpWithPasskey() {
    const user = await signUpAndVerify();
    const authenticator = new Authenticator();
    const { options, cookie } = await ask("register", user.cookie);
    const body = { response: authenticator.register(options), name: "My telephone" };
    expect((await post("passkey/verify-registration", body, { cookie })).status).toBe(200);
    return { ...user, authenticator };
  }

  async function signInWith(authenticator: Authenticator) {
    const { options, cookie } = await ask("authenticate");
    return post("passkey/verify-authentication", { response: authenticator.signIn(options) }, { cookie });
  }

  test("signs nobody in before their address is verified", async () => {
    const { email, authenticator } = await signUpWithPasskey();
    const verified = (value: boolean) =>
      query(application.databaseUrl, `UPDATE "user" SET "emailVerified" = ${value} WHERE email = '${email}'`);
    await verified(false);
    const refused = await signInWith(authenticator);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: "EMAIL_NOT_VERIFIED" });
    expect(refused.headers.getSetCookie().join()).not.toContain("session_token");
    await verified(true);
    expect((await signInWith(authenticator)).status).toBe(200);
  });

  test("goes with a forgotten password: whoever was in may have left it", async () => {
    const { email, authenticator } = await signUpWithPasskey();
    const { mail } = await mailed(() => askForReset(email));
    await reset(tokenIn(mail, "reset-password"));
    expect((await signInWith(authenticator)).status).toBe(401);
  });
});

describe("mails", () => {
  test("to one address are limited to 5 in ten minutes, from wherever, whether or not it has an account", async () => {
    const { email } = await signUpAndVerify();
    for (const [target, asked] of [
      [email, 1],
      [newAddress(), 0],
    ] as const) {
      for (let times = asked; times < 5; times++) expect((await askForReset(target)).status).toBe(200);
      const refused = await post("send-verification-email", { email: target.toUpperCase() });
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(500);
      expect(await refused.json()).toEqual({
        code: "LIMITED",
        message: "Too many mails were asked for to this address.",
      });
    }
  });

  test("asked for from one address are limited to 20 a minute", async () => {
    const headers = { "x-forwarded-for": "203.0.113.77" };
    for (let times = 0; times < 20; times++) {
      expect((await askForReset(newAddress(), { headers })).status).toBe(200);
    }
    expect((await askForReset(newAddress(), { headers })).status).toBe(429);
  });

  test("new passwords by guessed tokens are limited to 20 a minute from one address", async () => {
    const guess = () =>
      post(
        "reset-password",
        { token: "guess", newPassword: NEW_PASSWORD },
        { headers: { "x-forwarded-for": "203.0.113.78" } },
      );
    for (let times = 0; times < 20; times++) expect((await guess()).status).toBe(400);
    expect((await guess()).status).toBe(429);
  });
});

describe("while the mail server is away", () => {
  let known: string;

  beforeAll(async () => {
    known = (await signUpAndVerify()).email;
    await mailServer.stop();
  });

  afterAll(async () => {
    mailServer = await MailServer.start({}, mailServer.port);
  });

  test.each<[string, (email: string) => Promise<Response>]>([
    ["signing up", signUp],
    ["asking for a new password", askForReset],
    ["asking for the link again", (email) => post("send-verification-email", { email })],
  ])("%s says so to everybody, and does nothing", async (_, ask) => {
    const before = [await count(`"user"`), await count("verification")];
    const answers = [await ask(known), await ask(newAddress())];
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("60");
      expect(await answer.json()).toEqual({
        code: "MAIL_UNAVAILABLE",
        message: "Mail cannot be sent right now, so nothing was changed. Try again in a few minutes.",
      });
    }
    expect([await count(`"user"`), await count("verification")]).toEqual(before);
    expect(log.mock.calls.flat()).toContainEqual(
      expect.stringContaining(`mail: 127.0.0.1:${mailServer.port} cannot be used`),
    );
  });

  test("signing in goes on", async () => {
    expect((await signIn(known)).status).toBe(200);
  });
});

test("200 sign-ups at once with one address, from 200 places, make one user and at most five mails", async () => {
  const email = newAddress();
  const before = mailServer.received.length;
  const answers = await Promise.all(Array.from({ length: 200 }, () => signUp(email)));
  const statuses = answers.map(({ status }) => status);
  expect(statuses).toContain(200);
  expect(statuses.filter((status) => ![200, 422, 429, 503].includes(status))).toEqual([]);
  const users = await query(
    application.databaseUrl,
    `SELECT count(*)::int FROM "user" WHERE email = '${email}'`,
  );
  expect(users).toEqual([{ count: 1 }]);
  expect(statuses.filter((status) => status === 429)).toHaveLength(195);
  expect(mailServer.received.length - before).toBeLessThanOrEqual(5);
});
