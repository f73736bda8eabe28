import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { fakeServer, type FakeAnswer, type FakeCall } from "../../test/fetch";

let answers: Record<string, FakeAnswer | undefined>;
let calls: FakeCall[];
let passkeys: typeof import("./passkeys");

const REQUEST = { challenge: "AAAA", rpId: "todo.example.com", userVerification: "preferred" };
const CREATION = {
  challenge: "AAAA",
  rp: { id: "todo.example.com", name: "Todo chatbot" },
  user: { id: "AAAA", name: "ada@example.com", displayName: "ada@example.com" },
  pubKeyCredParams: [{ type: "public-key", alg: -7 }],
  authenticatorSelection: { requireResidentKey: true, residentKey: "required", userVerification: "required" },
};

const bytes = new Uint8Array([1, 2, 3]).buffer;
const credential = {
  id: "AQID",
  rawId: bytes,
  type: "public-key",
  getClientExtensionResults: () => ({}),
  response: {
    clientDataJSON: bytes,
    attestationObject: bytes,
    authenticatorData: bytes,
    signature: bytes,
    getTransports: () => ["internal"],
  },
};

const create = vi.fn();
const get = vi.fn();

beforeEach(async () => {
  answers = {
    "generate-register-options": [200, CREATION],
    "generate-authenticate-options": [200, REQUEST],
  };
  calls = fakeServer(({ path }) => {
    const name = path.replace("/api/auth/passkey/", "");
    return (name in answers ? answers[name] : [200, { status: true }]) as FakeAnswer;
  });
  create.mockReset().mockResolvedValue(credential);
  get.mockReset().mockResolvedValue(credential);
  vi.stubGlobal("PublicKeyCredential", function () {});
  vi.stubGlobal("navigator", Object.assign(navigator, { credentials: { create, get } }));
  vi.resetModules();
  passkeys = await import("./passkeys");
});

afterEach(() => vi.unstubAllGlobals());

const refusal = (name: string) => new DOMException("The browser's own words.", name);

describe("signing in", () => {
  test("passes the server's challenge to the browser and its answer back", async () => {
    expect(await passkeys.signInByPasskey()).toBeUndefined();
    expect(get.mock.calls[0]![0].publicKey).toMatchObject({
      rpId: "todo.example.com",
      userVerification: "required",
    });
    expect(calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /api/auth/passkey/generate-authenticate-options",
      "POST /api/auth/passkey/verify-authentication",
    ]);
    expect(calls[1]!.body).toMatchObject({ response: { id: "AQID", response: { signature: "AQID" } } });
  });

  test.each([
    ["is cancelled", refusal("NotAllowedError"), "Nothing was done: it was cancelled, it took too long,"],
    [
      "is at another address",
      refusal("SecurityError"),
      "Passkeys work at todo.example.com alone. Open this page there.",
    ],
    ["fails without a reason", new Error("odd"), "The browser could not do it. Try again."],
  ])("that %s is said in words, and sends nothing", async (_, error, told) => {
    get.mockRejectedValue(error);
    expect((await passkeys.signInByPasskey())!.message).toContain(told);
    expect(calls).toHaveLength(1);
  });

  test.each<[string, string, FakeAnswer | undefined, string]>([
    [
      "was removed",
      "verify-authentication",
      [401, { code: "PASSKEY_NOT_FOUND", message: "Passkey not found" }],
      "This passkey was removed from your account. Sign in with your password.",
    ],
    [
      "was asked for too long ago",
      "verify-authentication",
      [400, { code: "CHALLENGE_NOT_FOUND", message: "Challenge not found" }],
      "That took too long. Try again.",
    ],
    [
      "belongs to an address that is not confirmed",
      "verify-authentication",
      [403, { code: "EMAIL_NOT_VERIFIED", message: "Your address is not confirmed." }],
      "Your address is not confirmed.",
    ],
    [
      "was tried too often",
      "generate-authenticate-options",
      [429, { message: "Too many requests." }, { "retry-after": "42" }],
      "Too many attempts from your network. Try again in 42 seconds.",
    ],
    ["reaches no server", "generate-authenticate-options", undefined, "The server cannot be reached."],
  ])("with a passkey that %s is refused in words", async (_, path, answer, told) => {
    answers[path] = answer;
    expect((await passkeys.signInByPasskey())!.message).toContain(told);
  });
});

describe("adding one", () => {
  test("sends its name with the browser's answer, and not before: the browser shows the user's address", async () => {
    expect(await passkeys.addPasskey("My telephone")).toBeUndefined();
    expect(calls[0]).not.toHaveProperty("query");
    expect(calls[1]!.body).toMatchObject({ name: "My telephone", response: { id: "AQID" } });
    expect(create.mock.calls[0]![0].publicKey.user.name).toBe("ada@example.com");
  });

  test.each([
    ["InvalidStateError", "There is a passkey for your account here already."],
    ["ConstraintError", "That cannot keep a passkey"],
    ["NotAllowedError", "Nothing was done"],
  ])("where the browser says %s is told in words", async (name, told) => {
    create.mockRejectedValue(refusal(name));
    expect((await passkeys.addPasskey("x"))!.message).toContain(told);
  });

  test("in an old session says to sign in again", async () => {
    answers["generate-register-options"] = [403, { code: "SESSION_NOT_FRESH", message: "Session not fresh" }];
    expect((await passkeys.addPasskey("x"))!.message).toBe(
      "You signed in more than a day ago. Sign out and in again to add a passkey.",
    );
    expect(create).not.toHaveBeenCalled();
  });
});
