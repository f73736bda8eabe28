import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from "vitest";

import { MailServer, startSilentServer } from "../../test/mail-server";
import type { MailSettings } from "./env";
import { Mailer } from "./mail";

const PASSWORD = "hunter22-of-the-mail-server";
const LETTER = {
  to: "ada@example.com",
  subject: "Hello",
  text: "https://todo.example.com/reset-password#token\n",
};

let log: MockInstance<typeof console.error>;
const stops: (() => Promise<void>)[] = [];

beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => undefined);
});

afterEach(async () => {
  for (const line of log.mock.calls) expect(line.join(" ")).not.toContain(PASSWORD);
  vi.restoreAllMocks();
  for (const stop of stops.splice(0)) await stop();
});

async function serve(options?: Parameters<typeof MailServer.start>[0]): Promise<MailServer> {
  const server = await MailServer.start(options);
  stops.push(() => server.stop());
  return server;
}

function mailer(port: number, settings: Partial<MailSettings> = {}, patience?: number): Mailer {
  const from = "Todos <todos@example.com>";
  return new Mailer(
    { host: "127.0.0.1", port, tls: "none", user: undefined, password: undefined, from, ...settings },
    patience,
  );
}

const credentials = { user: "todos", password: PASSWORD };

describe("a mail", () => {
  test("arrives, from the configured sender, at the one address", async () => {
    const server = await serve();
    const sender = mailer(server.port);
    await sender.check();
    sender.post(LETTER);
    const mail = await server.next();
    expect(mail).toMatchObject({ to: ["ada@example.com"], from: "todos@example.com" });
    expect(mail.content).toContain("From: Todos <todos@example.com>");
    expect(mail.content).toContain("https://todo.example.com/reset-password#token");
    expect(log).not.toHaveBeenCalled();
  });

  test("is not sent where no mailbox can be", async () => {
    const server = await serve();
    const sender = mailer(server.port);
    sender.post({ ...LETTER, to: "journey@todo-chatbot.invalid" });
    sender.post(LETTER);
    expect((await server.next()).to).toEqual(["ada@example.com"]);
    expect(log).not.toHaveBeenCalled();
  });

  test("goes to one mailbox, whatever the address looks like", async () => {
    const server = await serve();
    mailer(server.port).post({ ...LETTER, to: "ada@example.com, eve@example.com" });
    await vi.waitFor(() => expect(log).toHaveBeenCalled(), { timeout: 60_000 });
    expect(server.received).toEqual([]);
  });

  test("arrives at a server that asks who sends it", async () => {
    const asked: unknown[] = [];
    const server = await serve({
      authOptional: false,
      onAuth: ({ username, password }, _, callback) => {
        asked.push({ username, password });
        callback(null, { user: username });
      },
    });
    const sender = mailer(server.port, credentials);
    await sender.check();
    sender.post(LETTER);
    await server.next();
    expect(asked.at(-1)).toEqual({ username: "todos", password: PASSWORD });
  });

  test("that is refused is told in the log, and the next one arrives", async () => {
    const server = await serve({
      onRcptTo: ({ address }, _, callback) =>
        callback(address.startsWith("ada") ? new Error(`no mailbox of that name, ${PASSWORD}`) : null),
    });
    const sender = mailer(server.port);
    sender.post(LETTER);
    sender.post({ ...LETTER, to: "bob@example.com" });
    expect((await server.next(1)).to).toEqual(["bob@example.com"]);
    expect(log.mock.calls).toEqual([
      [
        `mail: 127.0.0.1:${server.port} takes no mail "Hello": it refuses SMTP_FROM or the recipient (EENVELOPE, status 550)`,
      ],
    ]);
  });
});

describe("a server is of no use that", () => {
  const refusing = () =>
    serve({
      authOptional: false,
      // Some servers are so kind as to say what they refuse.
      onAuth: ({ password }, _, callback) => callback(new Error(`wrong password: ${password}`)),
    });

  const untrusted = () => serve({ disabledCommands: [] });

  test.each<[string, () => Promise<{ port: number }>, Partial<MailSettings>, RegExp]>([
    ["has no TLS, where STARTTLS is asked for", serve, { tls: "starttls", ...credentials }, /no TLS.*\(ETLS/],
    [
      "has a certificate that nobody trusts",
      untrusted,
      { tls: "starttls", ...credentials },
      /certificate \(CERT_HAS_EXPIRED\)/,
    ],
    ["speaks without TLS, where it is asked for at once", serve, { tls: "implicit" }, /SMTP_TLS/],
    [
      "refuses the password, and repeats it",
      refusing,
      credentials,
      /refuses SMTP_USER and SMTP_PASSWORD \(EAUTH, status 535\)/,
    ],
  ])("%s", async (_, start, settings, told) => {
    const { port } = await start();
    const failure: unknown = await mailer(port, settings)
      .check()
      .catch((error: unknown) => error);
    expect(String(failure)).toMatch(told);
    expect(String(failure)).toContain(`127.0.0.1:${port}`);
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain(PASSWORD);
  });

  test("is not there", async () => {
    const server = await MailServer.start();
    await server.stop();
    await expect(mailer(server.port).check()).rejects.toThrow("nothing listens there (ECONNREFUSED)");
  });

  test.each([
    ["says nothing", ""],
    ["greets and says nothing more", "220 mail.example.com ESMTP\r\n"],
  ])("%s", async (_, greeting) => {
    const silent = await startSilentServer(greeting);
    stops.push(silent.stop);
    await expect(mailer(silent.port, {}, 200).check()).rejects.toThrow(
      "it does not answer in time (ETIMEDOUT)",
    );
  });
});

test("a server that comes back is used again", async () => {
  const first = await MailServer.start();
  const sender = mailer(first.port);
  await sender.check();
  await first.stop();
  await expect(sender.check()).rejects.toThrow();
  const second = await MailServer.start({}, first.port);
  stops.push(() => second.stop());
  await sender.check();
  sender.post(LETTER);
  await second.next(1);
});

test("all who ask at once share one connection", async () => {
  let connections = 0;
  const server = await serve({
    onConnect: (_, callback) => {
      connections++;
      callback();
    },
  });
  const sender = mailer(server.port);
  await Promise.all(Array.from({ length: 20 }, () => sender.check()));
  expect(connections).toBe(1);
});
