import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { fakeServer, type FakeAnswer, type FakeCall } from "../../test/fetch";

let answers: Record<string, FakeAnswer>;
let calls: FakeCall[];
let sessions: object[];
let passkeys: object[];

const session = (id: string, rest: object = {}) => ({
  id,
  created_at: "2026-11-26T09:00:00.000Z",
  ip_address: null,
  user_agent:
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
  current: false,
  ...rest,
});

const passkey = (id: string, rest: object) => ({
  id,
  name: null,
  created_at: "2026-11-26T09:00:00.000Z",
  kept_by: null,
  synced: false,
  ...rest,
});

const PHONE = {
  user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1",
  ip_address: "192.0.2.1",
};

beforeEach(() => {
  answers = {};
  sessions = [
    session("this", { current: true }),
    session("phone", PHONE),
    session("none", { user_agent: null }),
  ];
  passkeys = [
    passkey("laptop", { name: "My laptop", kept_by: "Windows Hello" }),
    passkey("key", { synced: true }),
  ];
  calls = fakeServer(({ method, path, body }) => {
    const answer = answers[`${method} ${path}`];
    if (answer) return answer;
    if (method === "DELETE") {
      sessions = sessions.filter((each) => !path.endsWith(`/${(each as { id: string }).id}`));
      return [204];
    }
    if (path.endsWith("/revoke-other-sessions")) sessions = sessions.slice(0, 1);
    if (path.endsWith("/delete-passkey")) {
      passkeys = passkeys.filter((each) => (each as { id: string }).id !== (body as { id: string }).id);
    }
    if (path === "/api/me/passkeys") return [200, passkeys];
    return path === "/api/me/sessions" ? [200, sessions] : [200, { status: true }];
  });
  vi.resetModules();
});

afterEach(() => vi.unstubAllGlobals());

const expired = vi.fn();

async function choose(name: string) {
  const { AccountMenu } = await import("./account-menu");
  expired.mockClear();
  render(<AccountMenu name="Ada" email="ada@example.com" onLeave={vi.fn()} onExpired={expired} />);
  const user = userEvent.setup({ delay: null });
  await user.click(screen.getByRole("button", { name, hidden: true }));
  return user;
}

test("a name before other words has its own direction", async () => {
  const { AccountMenu } = await import("./account-menu");
  render(<AccountMenu name="עדה" email="ada@example.com" onLeave={vi.fn()} onExpired={expired} />);
  expect(screen.getByText("עדה").tagName).toBe("BDI");
});

test("one's data is downloaded by a link, as a file", async () => {
  const { AccountMenu } = await import("./account-menu");
  render(<AccountMenu name="Ada" email="ada@example.com" onLeave={vi.fn()} onExpired={expired} />);
  const link = screen.getByRole("link", { name: "Download my data", hidden: true });
  expect(link).toHaveAttribute("href", "/api/me");
  expect(link).toHaveAttribute("download");
});

test("a panel that does not come is said not to, in the menu, and comes when it is asked for again", async () => {
  let away = true;
  vi.doMock("./sessions", async (original) => {
    if (away) throw new TypeError("Failed to fetch");
    return original();
  });
  try {
    const user = await choose("Sessions…");
    expect(await screen.findByRole("alert", { hidden: true })).toHaveTextContent(
      "The server cannot be reached.",
    );
    away = false;
    await user.click(screen.getByRole("button", { name: "Sessions…", hidden: true }));
    expect(await screen.findByText("Chrome on Linux")).toBeVisible();
    expect(screen.queryByRole("alert", { hidden: true })).not.toBeInTheDocument();
  } finally {
    vi.doUnmock("./sessions");
  }
});

describe("sessions", () => {
  test("are listed by the browser's name, and this one cannot be ended here", async () => {
    await choose("Sessions…");
    expect(await screen.findByText("Chrome on Linux")).toBeVisible();
    expect(screen.getByText("this one")).toBeVisible();
    expect(screen.getByText("Safari on iPhone")).toBeVisible();
    expect(screen.getByText(/from 192\.0\.2\.1/)).toBeVisible();
    expect(screen.getByText("Another program")).toBeVisible();
    const names = screen
      .getAllByRole("button", { name: /^End / })
      .map((each) => each.ariaLabel ?? each.textContent);
    expect(names).toEqual([
      expect.stringMatching(/^End Safari on iPhone, since /),
      expect.stringMatching(/^End Another program, since /),
      "End all others",
    ]);
  });

  test("go when they are ended, which is said, and the focus stays in the list", async () => {
    const user = await choose("Sessions…");
    await user.click(await screen.findByRole("button", { name: /^End Safari on iPhone/ }));
    expect(await screen.findByText("The session has ended.")).toBeVisible();
    await waitFor(() => expect(screen.queryByText("Safari on iPhone")).not.toBeInTheDocument());
    expect(screen.getByRole("list", { name: "Sessions" })).toHaveFocus();
    await user.click(screen.getByRole("button", { name: "End all others" }));
    expect(await screen.findByText("All other sessions have ended.")).toBeVisible();
    await waitFor(() => expect(screen.queryByRole("button", { name: /^End / })).not.toBeInTheDocument());
  });

  test("that cannot be read are said to be so, and close", async () => {
    answers["GET /api/me/sessions"] = [503, { detail: "Your session cannot be checked right now." }];
    const user = await choose("Sessions…");
    expect(await screen.findByRole("alert")).toHaveTextContent("Your session cannot be checked right now.");
    await user.click(screen.getByRole("button", { name: "Close" }));
  });

  test("of a user whose own has ended lead to sign-in", async () => {
    answers["GET /api/me/sessions"] = [401, { detail: "Sign in first." }];
    await choose("Sessions…");
    await waitFor(() => expect(expired).toHaveBeenCalled());
  });
});

describe("the password", () => {
  async function change() {
    const user = await choose("Change password…");
    await user.type(await screen.findByLabelText("Current password"), "correct horse");
    await user.type(screen.getByLabelText("New password"), "battery staple");
    await user.click(screen.getByRole("button", { name: "Change password" }));
  }

  test("is changed, and every other session ends", async () => {
    await change();
    // In the place of the form, with the focus that went with that.
    expect(await screen.findByText(/Your password is changed/)).toHaveFocus();
    expect(calls.at(-1)).toMatchObject({
      path: "/api/auth/change-password",
      body: { currentPassword: "correct horse", newPassword: "battery staple", revokeOtherSessions: true },
    });
  });

  test.each<[string, FakeAnswer, string]>([
    [
      "is another one",
      [400, { code: "INVALID_PASSWORD", message: "Invalid password" }],
      "The current password is another one.",
    ],
    [
      "was guessed too often",
      [
        429,
        { code: "LIMITED", message: "Too many attempts to change this password." },
        { "retry-after": "300" },
      ],
      "Too many attempts to change this password. Try again in 5 minutes.",
    ],
    ["cannot be changed now", [500], "The server cannot change your password right now."],
  ])("is not changed when it %s", async (_, answer, told) => {
    answers["POST /api/auth/change-password"] = answer;
    await change();
    expect(await screen.findByRole("alert")).toHaveTextContent(told);
  });

  test("of a user whose session has ended leads to sign-in", async () => {
    answers["POST /api/auth/change-password"] = [401, { code: "UNAUTHORIZED", message: "Unauthorized" }];
    await change();
    await waitFor(() => expect(expired).toHaveBeenCalled());
  });
});

describe("passkeys", () => {
  const addPasskey = vi.fn();

  beforeEach(() => {
    addPasskey.mockReset().mockResolvedValue(undefined);
    vi.stubGlobal("PublicKeyCredential", function () {});
    // What it asks the browser for is tested beside it, and in a browser.
    vi.doMock("@/lib/passkeys", async (original) => ({ ...(await original<object>()), addPasskey }));
  });

  afterEach(() => vi.doUnmock("@/lib/passkeys"));

  test("are listed by name, with when they were added and where they are", async () => {
    await choose("Passkeys…");
    const items = await screen.findAllByRole("listitem");
    expect(items[0]).toHaveTextContent(/^My laptopsince .*2026.*, in Windows Hello, on one deviceRemove$/);
    expect(items[1]).toHaveTextContent(/^Without a namesince .*2026.*, on all your devicesRemove$/);
  });

  test("are added under a name, the browser's unless another is typed", async () => {
    const user = await choose("Passkeys…");
    const name = await screen.findByLabelText("Name");
    expect(name).toHaveValue("Another program");
    await user.clear(name);
    await user.type(name, " My telephone ");
    passkeys.unshift(passkey("telephone", { name: "My telephone" }));
    await user.click(screen.getByRole("button", { name: "Add a passkey" }));
    expect(await screen.findByText("The passkey is added.")).toBeVisible();
    expect(await screen.findByText("My telephone")).toBeVisible();
    expect(addPasskey).toHaveBeenCalledWith("My telephone");
  });

  test("that are not added are said not to be", async () => {
    addPasskey.mockResolvedValue({ message: "Nothing was done: it was cancelled." });
    const user = await choose("Passkeys…");
    await user.click(await screen.findByRole("button", { name: "Add a passkey" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Nothing was done: it was cancelled.");
    expect(screen.queryByText("The passkey is added.")).not.toBeInTheDocument();
  });

  test("are removed one at a time, which is said, and the focus stays in the list", async () => {
    const user = await choose("Passkeys…");
    await user.click(await screen.findByRole("button", { name: /^Remove My laptop, since / }));
    expect(await screen.findByText(/The passkey is removed here\./)).toBeVisible();
    await waitFor(() => expect(screen.queryByText("My laptop")).not.toBeInTheDocument());
    expect(screen.getByText("Without a name")).toBeVisible();
    expect(screen.getByRole("list", { name: "Passkeys" })).toHaveFocus();
  });

  test("that cannot be removed stay, and it is said why", async () => {
    answers["POST /api/auth/passkey/delete-passkey"] = [500];
    const user = await choose("Passkeys…");
    await user.click(await screen.findByRole("button", { name: /^Remove My laptop/ }));
    expect(await screen.findByRole("alert")).toHaveTextContent(
      "The server cannot remove the passkey right now.",
    );
    expect(screen.getByText("My laptop")).toBeVisible();
  });

  test("cannot be added where the browser has none, and are listed all the same", async () => {
    vi.stubGlobal("PublicKeyCredential", undefined);
    await choose("Passkeys…");
    expect(await screen.findByText("My laptop")).toBeVisible();
    expect(screen.getByText(/This browser has no passkeys/)).toBeVisible();
    expect(screen.queryByRole("button", { name: "Add a passkey" })).not.toBeInTheDocument();
  });

  test("of a user whose session has ended lead to sign-in", async () => {
    addPasskey.mockResolvedValue({ code: "UNAUTHORIZED", message: "Sign in first." });
    const user = await choose("Passkeys…");
    await user.click(await screen.findByRole("button", { name: "Add a passkey" }));
    await waitFor(() => expect(expired).toHaveBeenCalled());
  });
});
