import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { fakeServer, type FakeAnswer, type FakeCall } from "../../test/fetch";

let answers: Record<string, FakeAnswer>;
let calls: FakeCall[];
let SignIn: typeof import("./sign-in").SignIn;
let ForgotPassword: typeof import("./forgot-password").ForgotPassword;
let ResetPassword: typeof import("./reset-password").ResetPassword;
let VerifyEmail: typeof import("./verify-email").VerifyEmail;

beforeEach(async () => {
  answers = {};
  calls = fakeServer(({ path }) => answers[path.replace("/api/auth", "")] ?? [200, { status: true }]);
  location.hash = "";
  // Better Auth's client keeps the fetch that there was when it was loaded.
  vi.resetModules();
  ({ SignIn } = await import("./sign-in"));
  ({ ForgotPassword } = await import("./forgot-password"));
  ({ ResetPassword } = await import("./reset-password"));
  ({ VerifyEmail } = await import("./verify-email"));
});

afterEach(() => vi.unstubAllGlobals());

const setup = () => userEvent.setup({ delay: null });
const press = (name: string) => screen.getAllByRole("button", { name }).at(-1)!;
const asked = (path: string) => calls.filter((call) => call.path === `/api/auth${path}`);

const DOWN: FakeAnswer = [
  503,
  { code: "MAIL_UNAVAILABLE", message: "Mail cannot be sent right now, so nothing was changed." },
];

/** The focus goes to a heading after that is there. */
const focused = (name: string) => waitFor(() => expect(screen.getByRole("heading", { name })).toHaveFocus());

describe("signing in", () => {
  const signedIn = vi.fn(async () => undefined);

  beforeEach(() => signedIn.mockClear());

  async function fillIn(mode: "Sign in" | "Create account") {
    const user = setup();
    render(<SignIn sendsMail onSignedIn={signedIn} />);
    if (mode === "Create account") {
      await user.click(press("Sign up"));
      await user.type(screen.getByLabelText("Name"), "Ada");
    }
    await user.type(screen.getByLabelText("Email"), " ada@example.com ");
    await user.type(screen.getByLabelText("Password"), "correct horse");
    await user.click(press(mode));
    return user;
  }

  test("says plainly that without mail there is no way to reset a password", () => {
    render(<SignIn sendsMail={false} onSignedIn={signedIn} />);
    expect(screen.getByText(/a forgotten password cannot be reset/)).toBeVisible();
    expect(screen.queryByRole("link")).not.toBeInTheDocument();
  });

  test("leads to a new password where there is mail", () => {
    render(<SignIn sendsMail onSignedIn={signedIn} />);
    const link = screen.getByRole("link", { name: "Forgot your password?" });
    expect(link).toHaveAttribute("href", "/forgot-password");
  });

  test("a new user is told to look into their mail, and a reader is taken there", async () => {
    const user = await fillIn("Create account");
    await focused("Confirm your address");
    expect(screen.getByText("ada@example.com")).toBeVisible();
    expect(signedIn).not.toHaveBeenCalled();
    await user.click(press("Back to sign-in"));
    await focused("Welcome back");
    expect(screen.queryByLabelText("Name")).not.toBeInTheDocument();
  });

  test("an address that is not confirmed is said to be so, and the mail is sent again", async () => {
    answers["/sign-in/email"] = [403, { code: "EMAIL_NOT_VERIFIED", message: "Email not verified" }];
    const user = await fillIn("Sign in");
    expect(await screen.findByText(/Before you can sign in, show that/)).toBeVisible();
    await user.click(press("Send a new mail"));
    expect(await screen.findByText(/The mail is on its way/)).toBeVisible();
    expect(asked("/send-verification-email")).toEqual([
      expect.objectContaining({ body: { email: "ada@example.com" } }),
    ]);
    answers["/send-verification-email"] = [
      429,
      { code: "LIMITED", message: "Too many mails were asked for to this address." },
      { "retry-after": "480" },
    ];
    await user.click(press("Send a new mail"));
    expect(
      await screen.findByText("Too many mails were asked for to this address. Try again in 8 minutes."),
    ).toBeVisible();
    await user.click(press("Back to sign-in"));
    expect(screen.getByLabelText("Email")).toBeVisible();
  });

  test("a mail server that is down is named as the reason", async () => {
    answers["/sign-up/email"] = DOWN;
    await fillIn("Create account");
    expect(await screen.findByRole("alert")).toHaveTextContent("Mail cannot be sent right now");
    expect(screen.getByLabelText("Email")).toHaveValue("ada@example.com");
  });
});

describe("signing in with a passkey", () => {
  const signedIn = vi.fn(async () => undefined);
  const signInByPasskey = vi.fn();

  beforeEach(() => {
    signedIn.mockClear();
    signInByPasskey.mockReset().mockResolvedValue(undefined);
    vi.stubGlobal("PublicKeyCredential", function () {});
    vi.doMock("@/lib/passkeys", () => ({ signInByPasskey }));
  });

  afterEach(() => vi.doUnmock("@/lib/passkeys"));

  const button = () => screen.queryByRole("button", { name: "Sign in with a passkey" });

  test("wants nothing typed", async () => {
    render(<SignIn sendsMail onSignedIn={signedIn} />);
    await setup().click(button()!);
    await waitFor(() => expect(signedIn).toHaveBeenCalled());
    expect(calls).toEqual([]);
  });

  test("says what went wrong, in place of what was said before", async () => {
    answers["/sign-in/email"] = [401, { code: "INVALID", message: "Wrong password." }];
    signInByPasskey.mockResolvedValue({ message: "This passkey was removed." });
    const user = setup();
    render(<SignIn sendsMail onSignedIn={signedIn} />);
    await user.type(screen.getByLabelText("Email"), "ada@example.com");
    await user.type(screen.getByLabelText("Password"), "wrong password");
    await user.click(press("Sign in"));
    expect(await screen.findByRole("alert")).toHaveTextContent("Wrong password.");
    await user.click(button()!);
    await waitFor(() => expect(screen.getByRole("alert")).toHaveTextContent("This passkey was removed."));
    expect(signedIn).not.toHaveBeenCalled();
    await user.click(press("Sign in"));
    await waitFor(() => expect(screen.getByRole("alert")).toHaveTextContent("Wrong password."));
  });

  test("is not offered to who signs up, nor where the browser has none", async () => {
    const user = setup();
    const { unmount } = render(<SignIn sendsMail onSignedIn={signedIn} />);
    await user.click(press("Sign up"));
    expect(button()).not.toBeInTheDocument();
    unmount();
    vi.stubGlobal("PublicKeyCredential", undefined);
    render(<SignIn sendsMail onSignedIn={signedIn} />);
    expect(button()).not.toBeInTheDocument();
  });
});

describe("a forgotten password", () => {
  test("is answered the same for every address", async () => {
    const user = setup();
    render(<ForgotPassword />);
    await user.type(screen.getByLabelText("Email"), "ada@example.com");
    await user.click(press("Send the link"));
    await focused("Look into your mail");
    expect(screen.getByText(/has an account, a mail is on its way there/)).toBeVisible();
    expect(asked("/request-password-reset")).toEqual([
      expect.objectContaining({ body: { email: "ada@example.com" } }),
    ]);
  });

  test("stays forgotten while the mail server is down, and the address is kept", async () => {
    answers["/request-password-reset"] = DOWN;
    const user = setup();
    render(<ForgotPassword />);
    await user.type(screen.getByLabelText("Email"), "ada@example.com");
    await user.click(press("Send the link"));
    expect(await screen.findByRole("alert")).toHaveTextContent("Mail cannot be sent right now");
    expect(screen.getByLabelText("Email")).toHaveValue("ada@example.com");
  });
});

describe("a new password", () => {
  async function set(hash: string) {
    location.hash = hash;
    const user = setup();
    render(<ResetPassword />);
    await user.type(screen.getByLabelText("New password"), "battery staple");
    await user.click(press("Set password"));
  }

  test("is set by the token of the link", async () => {
    await set("#the-token");
    await focused("Your password is set");
    expect(asked("/reset-password")).toEqual([
      expect.objectContaining({ body: { newPassword: "battery staple", token: "the-token" } }),
    ]);
  });

  test.each([
    ["the link is too old", "#the-token"],
    ["the link has lost its token", ""],
  ])("is not set when %s, which leads to another", async (_, hash) => {
    answers["/reset-password"] = [400, { code: "INVALID_TOKEN", message: "Invalid token" }];
    await set(hash);
    expect(await screen.findByRole("alert")).toHaveTextContent(
      "This link was used already, or it is too old.",
    );
    expect(screen.getByRole("link", { name: "Ask for another link" })).toHaveAttribute(
      "href",
      "/forgot-password",
    );
  });
});

describe("an address", () => {
  test("is confirmed at the press of a button, and not by opening the link", async () => {
    location.hash = "#the-token";
    const user = setup();
    render(<VerifyEmail />);
    expect(calls).toEqual([]);
    await user.click(press("Confirm"));
    await focused("Your address is confirmed");
    expect(asked("/verify-email")).toEqual([expect.objectContaining({ query: { token: "the-token" } })]);
  });

  test("is not confirmed by a link that is too old", async () => {
    location.hash = "#the-token";
    answers["/verify-email"] = [401, { code: "TOKEN_EXPIRED", message: "Token expired" }];
    const user = setup();
    render(<VerifyEmail />);
    await user.click(press("Confirm"));
    expect(await screen.findByRole("alert")).toHaveTextContent("This link is too old.");
  });
});
