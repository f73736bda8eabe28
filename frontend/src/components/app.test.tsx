import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { fakeServer, type FakeAnswer, type FakeCall } from "../../test/fetch";

const SESSION = { session: { id: "s" }, user: { id: "u", name: "Ada", email: "ada@example.com" } };

let signedIn: boolean;
/** What is answered in place of the usual; `undefined` is a connection that fails. */
let overrides: Record<string, FakeAnswer | undefined>;
let calls: FakeCall[];

beforeEach(() => {
  signedIn = false;
  overrides = {};
  calls = fakeServer(({ path }): FakeAnswer | undefined => {
    if (path in overrides) return overrides[path];
    if (path === "/api/auth/get-session") return [200, signedIn ? SESSION : null];
    if (path.startsWith("/api/auth/sign-")) {
      signedIn = !path.endsWith("sign-out");
      return [200, { user: SESSION.user }];
    }
    if (path === "/api/me") {
      signedIn = false;
      return [204];
    }
    if (path === "/api/conversations") return [200, { conversations: [], next_cursor: null }];
    return [200, []];
  });
  // The session is kept per page load, so every test loads the page anew.
  vi.resetModules();
});

afterEach(() => {
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

// The session's store lets go of the window a second after its last reader has gone. The window must still be there:
// a timer of the same length that starts later ends later.
afterAll(() => new Promise((resolve) => setTimeout(resolve, 1000)));

async function open(mayBeSignedIn = false, sendsMail = false) {
  const { App } = await import("./app");
  render(<App mayBeSignedIn={mayBeSignedIn} sendsMail={sendsMail} />);
  return userEvent.setup({ delay: null });
}

/** The button that sends the form; a tab of the same name comes before it. */
const submit = (name: string) => screen.getAllByRole("button", { name }).at(-1)!;

/** Ada's conversation is opened. */
const greeted = () => waitFor(() => expect(screen.getByRole("log")).toHaveTextContent("Hello Ada!"));

describe("signed out", () => {
  test("signs in and shows the chat and the todos", async () => {
    const user = await open();
    await user.type(screen.getByLabelText("Email"), " ada@example.com ");
    await user.type(screen.getByLabelText("Password"), "correct horse");
    await user.click(submit("Sign in"));
    expect(await screen.findByRole("log", { name: "Conversation" })).toBeVisible();
    expect(screen.getByRole("heading", { name: "Your todos" })).toBeVisible();
    expect(calls).toContainEqual({
      method: "POST",
      path: "/api/auth/sign-in/email",
      body: { email: "ada@example.com", password: "correct horse" },
    });
  });

  test("signs up with a name", async () => {
    const user = await open();
    await user.click(screen.getByRole("button", { name: "Sign up" }));
    await user.type(screen.getByLabelText("Name"), "Ada");
    await user.type(screen.getByLabelText("Email"), "ada@example.com");
    await user.type(screen.getByLabelText("Password"), "correct horse");
    await user.click(submit("Create account"));
    await greeted();
    expect(calls).toContainEqual(
      expect.objectContaining({
        path: "/api/auth/sign-up/email",
        body: expect.objectContaining({ name: "Ada" }),
      }),
    );
  });

  test.each<[string, FakeAnswer, string]>([
    ["the password is wrong", [401, { message: "Invalid email or password" }], "Invalid email or password"],
    [
      "there were too many attempts from one address",
      [429, { message: "Too many requests. Please try again later." }, { "retry-after": "45" }],
      "Too many attempts from your network. Try again in 45 seconds.",
    ],
    [
      "there were too many attempts at one account",
      [
        429,
        { code: "LIMITED", message: "Too many attempts to sign in to this account." },
        { "retry-after": "480" },
      ],
      "Too many attempts to sign in to this account. Try again in 8 minutes.",
    ],
    [
      "there were too many attempts, of what and until when nobody says",
      [429, { code: "LIMITED" }],
      "Too many attempts from your network. Try again in a moment.",
    ],
    ["the database is down", [500], "The server cannot sign you in right now."],
  ])("says so when %s", async (_, answer, shown) => {
    overrides["/api/auth/sign-in/email"] = answer;
    const user = await open();
    await user.type(screen.getByLabelText("Email"), "ada@example.com");
    await user.type(screen.getByLabelText("Password"), "wrong");
    await user.click(submit("Sign in"));
    expect(await screen.findByRole("alert")).toHaveTextContent(shown);
    expect(submit("Sign in")).toBeEnabled();
  });

  test("sends nothing that is incomplete", async () => {
    const user = await open();
    await user.click(submit("Sign in"));
    expect(calls.filter(({ method }) => method === "POST")).toEqual([]);
    expect(screen.getByLabelText("Email")).toBeInvalid();
  });
});

describe("with a session cookie", () => {
  test("does not flash the form while the session is being checked", async () => {
    signedIn = true;
    await open(true);
    expect(screen.queryByLabelText("Password")).not.toBeInTheDocument();
    await greeted();
  });

  test("shows the form when the cookie turns out to be worth nothing", async () => {
    await open(true);
    expect(await screen.findByLabelText("Password")).toBeVisible();
  });

  test.each<[string, FakeAnswer | undefined]>([
    ["reaches nobody", undefined],
    ["fails", [503, {}]],
    ["is turned away on the way", [403, {}]],
  ])("says so where the first check %s, and goes on at a press", async (_, answer) => {
    signedIn = true;
    overrides["/api/auth/get-session"] = answer;
    const user = await open(true);
    expect(await screen.findByRole("alert")).toHaveTextContent("Your session cannot be checked right now.");
    expect(screen.queryByLabelText("Password")).not.toBeInTheDocument();
    delete overrides["/api/auth/get-session"];
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await greeted();
  });

  test.each<[string, FakeAnswer | undefined]>([
    ["reaches nobody", undefined],
    ["fails", [502, {}]],
  ])("leaves a form that is being filled in where it is when a later check %s", async (_, answer) => {
    const user = await open(true);
    await user.type(await screen.findByLabelText("Email"), "ada@");
    overrides["/api/auth/get-session"] = answer;
    const before = calls.length;
    document.dispatchEvent(new Event("visibilitychange"));
    await waitFor(() => expect(calls.length).toBeGreaterThan(before));
    await new Promise((resolve) => setTimeout(resolve, 50)); // the answer is on the screen by then
    expect(screen.getByLabelText("Email")).toHaveValue("ada@");
    await user.type(screen.getByLabelText("Email"), "example.com");
    await user.type(screen.getByLabelText("Password"), "correct horse");
    await user.click(submit("Sign in"));
    // Signed in by now, and nobody can say so.
    expect(await screen.findByRole("alert")).toHaveTextContent("Your session cannot be checked right now.");
    delete overrides["/api/auth/get-session"];
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await greeted();
  });

  test("asks to sign in again when the session has expired, and has kept what was typed", async () => {
    signedIn = true;
    const user = await open(true);
    const input = await screen.findByLabelText("Message");
    signedIn = false;
    overrides["/api/chat"] = [401, { detail: "Sign in first." }];
    await user.type(input, "add buy milk{Enter}");
    expect(await screen.findByText("Your session has expired. Sign in again.")).toBeVisible();
    expect(screen.getByRole("heading")).toHaveFocus();
    await user.type(screen.getByLabelText("Email"), "ada@example.com");
    await user.type(screen.getByLabelText("Password"), "correct horse");
    await user.click(submit("Sign in"));
    expect(await screen.findByLabelText("Message")).toHaveValue("add buy milk");
  });

  test("keeps nothing that was typed for who comes after a sign-out", async () => {
    signedIn = true;
    overrides["/api/todos"] = [200, [{ id: "1", number: 1, title: "milk", version: 1 }]];
    overrides["/api/todos/summary"] = [502, {}];
    const user = await open(true);
    await user.type(await screen.findByLabelText("Message"), "add a surprise");
    await user.type(screen.getByLabelText("New todo"), "another");
    await user.click(await screen.findByRole("button", { name: "Edit milk" }));
    await user.type(await screen.findByLabelText("Title"), " for the surprise");
    expect(sessionStorage).toHaveLength(3);
    await user.click(await screen.findByRole("button", { name: "Sign out", hidden: true }));
    await screen.findByLabelText("Password");
    expect(sessionStorage).toHaveLength(0);
  });

  test.each<[string, FakeAnswer | undefined, string]>([
    ["that fails", [503, { message: "no" }], "The server cannot sign you out right now."],
    ["that reaches nobody", undefined, "The server cannot be reached."],
  ])(
    "says so of a sign-out %s, and takes neither the page nor what was typed away",
    async (_, answer, told) => {
      signedIn = true;
      overrides["/api/auth/sign-out"] = answer;
      const user = await open(true);
      await user.type(await screen.findByLabelText("Message"), "add a surprise");
      const button = screen.getByRole("button", { name: "Sign out", hidden: true });
      await user.click(button);
      expect(await screen.findByRole("alert", { hidden: true })).toHaveTextContent(told);
      expect(button).toHaveFocus();
      expect(screen.getByLabelText("Message")).toHaveValue("add a surprise");
      expect(sessionStorage).toHaveLength(1);
      fireEvent(button.parentElement!, Object.assign(new Event("toggle"), { newState: "closed" }));
      expect(screen.queryByRole("alert", { hidden: true })).not.toBeInTheDocument();
      delete overrides["/api/auth/sign-out"];
      await user.click(button);
      expect(await screen.findByLabelText("Password")).toBeVisible();
    },
  );

  test("signs out", async () => {
    signedIn = true;
    const user = await open(true);
    await user.click(await screen.findByRole("button", { name: "Sign out", hidden: true }));
    expect(await screen.findByLabelText("Password")).toBeVisible();
  });

  test("deletes the account, but only after asking", async () => {
    signedIn = true;
    const user = await open(true);
    await user.click(await screen.findByRole("button", { name: "Delete account…", hidden: true }));
    expect(calls.some(({ path }) => path === "/api/me")).toBe(false);
    await user.click(screen.getByRole("button", { name: "Delete everything" }));
    expect(await screen.findByText("Your account and your todos are deleted.")).toBeVisible();
  });

  test("says why the account could not be deleted", async () => {
    signedIn = true;
    overrides["/api/me"] = [502, { detail: "The todos could not be deleted." }];
    const user = await open(true);
    await user.click(await screen.findByRole("button", { name: "Delete account…", hidden: true }));
    await user.click(screen.getByRole("button", { name: "Delete everything" }));
    await waitFor(() =>
      expect(screen.getByRole("alert")).toHaveTextContent("The todos could not be deleted."),
    );
  });
});
