import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, test, vi } from "vitest";

import { fakeServer, type FakeAnswer } from "../../test/fetch";
import { Chat } from "./chat";

const CONVERSATION = "5a0a8f4e-1f6a-4c39-8d5e-0a6d9a3a7b10";

afterEach(() => vi.unstubAllGlobals());

function open() {
  const onAnswered = vi.fn();
  const onExpired = vi.fn();
  render(<Chat name="Ada" onAnswered={onAnswered} onExpired={onExpired} />);
  return {
    onAnswered,
    onExpired,
    user: userEvent.setup({ delay: null }),
    log: within(screen.getByRole("log", { name: "Conversation" })),
    input: screen.getByRole<HTMLInputElement>("textbox", { name: "Message" }),
  };
}

const reply = (text: string): FakeAnswer => [
  200,
  { conversation_id: CONVERSATION, reply: text, actions: [] },
];

describe("the chat", () => {
  test("greets the user and is ready to be typed into", () => {
    const { log, input } = open();
    expect(log.getByText("Hello Ada!", { exact: false })).toBeVisible();
    expect(input).toHaveFocus();
    expect(screen.getByRole("button", { name: "Send" })).toBeDisabled();
  });

  test("sends what is typed, shows both sides and tells that the todos may have changed", async () => {
    const calls = fakeServer(() => reply("Added #1: buy milk"));
    const { user, log, input, onAnswered } = open();
    await user.type(input, "  add buy milk {Enter}");
    expect(await log.findByText("Added #1: buy milk")).toBeVisible();
    expect(log.getByText("add buy milk")).toBeVisible();
    expect(calls).toEqual([
      { method: "POST", path: "/api/chat", body: { message: "add buy milk", conversation_id: null } },
    ]);
    expect(onAnswered).toHaveBeenCalledOnce();
    expect(input).toHaveValue("");
    expect(input).toHaveFocus();
  });

  test("goes on in the same conversation", async () => {
    const calls = fakeServer(({ body }) => reply(`You said ${(body as { message: string }).message}`));
    const { user, log, input } = open();
    await user.type(input, "one{Enter}");
    await log.findByText("You said one");
    await user.type(input, "two{Enter}");
    await log.findByText("You said two");
    expect(calls.map(({ body }) => (body as { conversation_id: unknown }).conversation_id)).toEqual([
      null,
      CONVERSATION,
    ]);
  });

  test("sends a suggestion at one press", async () => {
    const calls = fakeServer(() => reply("Your list is empty."));
    const { user, log } = open();
    await user.click(screen.getByRole("button", { name: "list" }));
    expect(await log.findByText("Your list is empty.")).toBeVisible();
    expect(calls).toMatchObject([{ body: { message: "list" } }]);
  });

  test("says that it is thinking, and takes nothing else meanwhile", async () => {
    let release = (_: FakeAnswer) => {};
    const calls = fakeServer(() => new Promise<FakeAnswer>((resolve) => (release = resolve)));
    const { user, log, input } = open();
    await user.type(input, "list{Enter}");
    expect(log.getByText("The assistant is thinking…")).toBeInTheDocument();
    await user.type(input, "again{Enter}");
    expect(calls).toHaveLength(1);
    release(reply("Nothing."));
    await waitFor(() => expect(log.queryByText("The assistant is thinking…")).not.toBeInTheDocument());
  });

  test.each<[string, FakeAnswer | undefined, string]>([
    [
      "the backend is down",
      [502, { detail: "The todo service cannot be reached." }],
      "The todo service cannot be reached.",
    ],
    [
      "there is no connection",
      undefined,
      "The server cannot be reached. Check your connection and try again.",
    ],
    ["the message is refused", [422, { detail: [{ msg: "String too long" }] }], "String too long"],
    ["a proxy answers nonsense", [503], "The server answered with status 503."],
  ])("when %s: says so and gives the message back", async (_, answer, shown) => {
    fakeServer(() => answer);
    const { user, log, input, onAnswered } = open();
    await user.type(input, "add buy milk{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent(shown);
    expect(input).toHaveValue("add buy milk");
    expect(log.queryByText("add buy milk")).not.toBeInTheDocument();
    expect(onAnswered).not.toHaveBeenCalled();
  });

  test("when the session is over: hands over instead of showing an error", async () => {
    fakeServer(() => [401, { detail: "Sign in first." }]);
    const { user, input, onExpired } = open();
    await user.type(input, "list{Enter}");
    await waitFor(() => expect(onExpired).toHaveBeenCalledOnce());
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  test("shows an answer as text, whatever it holds", async () => {
    fakeServer(() => reply("<img src=x onerror=alert(1)>"));
    const { user, log, input } = open();
    await user.type(input, "list{Enter}");
    expect(await log.findByText("<img src=x onerror=alert(1)>")).toBeVisible();
  });
});
