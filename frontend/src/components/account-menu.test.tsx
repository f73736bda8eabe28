import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { fakeServer, type FakeAnswer, type FakeCall } from "../../test/fetch";

let answers: Record<string, FakeAnswer>;
let calls: FakeCall[];
let sessions: object[];

const session = (id: string, rest: object = {}) => ({
  id,
  created_at: "2026-11-26T09:00:00.000Z",
  ip_address: null,
  user_agent:
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
  current: false,
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
  calls = fakeServer(({ method, path }) => {
    const answer = answers[`${method} ${path}`];
    if (answer) return answer;
    if (method === "DELETE") {
      sessions = sessions.filter((each) => !path.endsWith(`/${(each as { id: string }).id}`));
      return [204];
    }
    if (path.endsWith("/revoke-other-sessions")) sessions = sessions.slice(0, 1);
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
    expect(await screen.findByText(/Your password is changed/)).toBeVisible();
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
