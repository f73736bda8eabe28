import { describe, expect, test } from "vitest";

import { EnvError, readEnv } from "./env";

const good = {
  DATABASE_URL: "postgresql+asyncpg://todo:hunter22@db:5432/todo",
  BETTER_AUTH_SECRET: "x".repeat(32),
  BETTER_AUTH_URL: "https://todo.example.com",
  BACKEND_URL: "http://todo-chatbot-backend:8000",
};

function problems(source: Record<string, string>): string[] {
  try {
    readEnv(source);
  } catch (error) {
    if (error instanceof EnvError) return error.problems;
    throw error;
  }
  return [];
}

describe("the environment", () => {
  test("is read, with the usual audience and the own origin as the trusted one", () => {
    expect(readEnv(good)).toMatchObject({
      database: { host: "db", user: "todo", database: "todo" },
      authUrl: "https://todo.example.com",
      audience: "todo-chatbot",
      backendUrl: "http://todo-chatbot-backend:8000",
      trustedOrigins: ["https://todo.example.com"],
    });
  });

  test("names further trusted origins in one list, each counted once", () => {
    const env = readEnv({
      ...good,
      TRUSTED_ORIGINS: "https://a.example, https://todo.example.com,https://a.example,",
    });
    expect(env.trustedOrigins).toEqual(["https://todo.example.com", "https://a.example"]);
  });

  test("with nothing set: every missing variable is named at once", () => {
    expect(problems({})).toEqual([
      "DATABASE_URL is missing",
      "BETTER_AUTH_SECRET is missing",
      "BETTER_AUTH_URL is missing",
      "BACKEND_URL is missing",
    ]);
  });

  test("an empty variable counts as a missing one", () => {
    expect(problems({ ...good, BACKEND_URL: " " })).toEqual(["BACKEND_URL is missing"]);
  });

  test("with everything wrong: one line each, and no value is repeated", () => {
    const lines = problems({
      DATABASE_URL: "mysql://todo:hunter22@db/todo",
      BETTER_AUTH_SECRET: "hunter22",
      BETTER_AUTH_URL: "todo.example.com",
      BACKEND_URL: "ftp://user:hunter22@backend",
      TRUSTED_ORIGINS: "https://ok.example,https://user:hunter22@bad.example",
      TRUSTED_PROXIES: "10.0.0.0/8,hunter22",
    });
    expect(lines.map((line) => line.split(" ")[0])).toEqual([
      "DATABASE_URL",
      "BETTER_AUTH_SECRET",
      "BETTER_AUTH_URL",
      "BACKEND_URL",
      "TRUSTED_ORIGINS",
      "TRUSTED_PROXIES",
    ]);
    for (const line of lines) {
      expect(line).not.toContain("hunter22");
      expect(line).not.toContain("\n");
    }
  });

  test("names our own proxies, and unless it does, there are none", () => {
    expect(readEnv(good).trustedProxies.entries).toEqual([]);
    const env = readEnv({ ...good, TRUSTED_PROXIES: "10.0.0.0/8, fd00::/8," });
    expect(env.trustedProxies.entries).toEqual(["10.0.0.0/8", "fd00::/8"]);
    expect(env.trustedProxies.includes("fd00::1")).toBe(true);
  });

  test.each([
    "https://todo.example.com/",
    "https://todo.example.com/app",
    "HTTPS://TODO.example.com",
    "localhost:3000",
  ])("an issuer that browsers would spell differently is refused: %s", (url) => {
    expect(problems({ ...good, BETTER_AUTH_URL: url })).toEqual([
      expect.stringContaining("BETTER_AUTH_URL is not an origin"),
    ]);
  });

  test("a secret of 31 characters is too short", () => {
    expect(problems({ ...good, BETTER_AUTH_SECRET: "x".repeat(31) })).toEqual([
      expect.stringContaining("BETTER_AUTH_SECRET is 31 characters long and needs 32"),
    ]);
  });
});

describe("the mail server", () => {
  const mail = { ...good, SMTP_HOST: "smtp.example.com", SMTP_FROM: "Todos <todos@example.com>" };

  test("is none, unless a host is named", () => {
    expect(readEnv({ ...good, SMTP_FROM: "nonsense", SMTP_PORT: "587" }).mail).toBeUndefined();
    expect(readEnv({ ...good, SMTP_HOST: " " }).mail).toBeUndefined();
  });

  test("is spoken to by STARTTLS on port 587, unless told otherwise", () => {
    expect(readEnv(mail).mail).toEqual({
      host: "smtp.example.com",
      port: 587,
      tls: "starttls",
      user: undefined,
      password: undefined,
      from: "Todos <todos@example.com>",
    });
    const other = { SMTP_PORT: "465", SMTP_TLS: "implicit", SMTP_USER: "todos", SMTP_PASSWORD: "hunter22" };
    expect(readEnv({ ...mail, ...other }).mail).toMatchObject({
      port: 465,
      tls: "implicit",
      user: "todos",
      password: "hunter22",
    });
  });

  test.each<[string, Record<string, string>, string]>([
    ["a host with a port", { SMTP_HOST: "smtp.example.com:25" }, "SMTP_HOST is not the name"],
    ["a port that there is not", { SMTP_PORT: "65536" }, "SMTP_PORT is not a port"],
    ["a port in words", { SMTP_PORT: "smtp" }, "SMTP_PORT is not a port"],
    ["another TLS", { SMTP_TLS: "true" }, "SMTP_TLS is not one of starttls, implicit, none"],
    ["no sender", { SMTP_FROM: "" }, "SMTP_FROM is missing"],
    ["a sender without an address", { SMTP_FROM: "Todos" }, "SMTP_FROM is not an address"],
    ["two senders", { SMTP_FROM: "a@example.com, b@example.com" }, "SMTP_FROM is not an address"],
    ["a user alone", { SMTP_USER: "todos" }, "SMTP_USER and SMTP_PASSWORD go together"],
    ["a password alone", { SMTP_PASSWORD: "hunter22" }, "SMTP_USER and SMTP_PASSWORD go together"],
    [
      "a password in the clear",
      { SMTP_TLS: "none", SMTP_USER: "todos", SMTP_PASSWORD: "hunter22" },
      "SMTP_TLS is none, which would show SMTP_PASSWORD",
    ],
  ])("%s is refused, in a line without the password", (_, wrong, told) => {
    const lines = problems({ ...mail, ...wrong });
    expect(lines).toEqual([expect.stringContaining(told)]);
    expect(lines.join()).not.toContain("hunter22");
  });
});
