import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Message } from "@/lib/api";

import { FakeStream, fakeServer as fakeWholeServer, type FakeAnswer, type FakeCall } from "../../test/fetch";
import { Chat } from "./chat";

const CONVERSATION = "5a0a8f4e-1f6a-4c39-8d5e-0a6d9a3a7b10";

/** The conversations that the server keeps, the one that was used last first. */
let kept: Record<string, Message[]>;

/** How many messages the server gives at once. */
let page: number;

beforeEach(() => {
  kept = {};
  page = 50;
});

/** A server that keeps conversations, and whose chat answers as it is told; gives what was said to it. */
function fakeServer(
  answer: (call: FakeCall) => FakeAnswer | FakeStream | undefined | Promise<FakeAnswer>,
): FakeCall[] {
  const said: FakeCall[] = [];
  fakeWholeServer((call) => {
    if (!call.path.startsWith("/api/conversations")) {
      said.push(call);
      return answer(call);
    }
    return conversations(call);
  });
  return said;
}

function conversations({ method, path, query }: FakeCall): FakeAnswer {
  const id = path.split("/")[3];
  const summary = (id: string) => ({ id, title: kept[id]![0]!.content, updated_at: "2026-11-26T07:00:00Z" });
  if (!id) return [200, { conversations: Object.keys(kept).map(summary), next_cursor: null }];
  const messages = kept[id];
  if (!messages) return [404, { detail: "there is no such conversation" }];
  if (method === "DELETE") {
    delete kept[id];
    return [204];
  }
  const end = Number(query?.cursor ?? messages.length);
  const begin = Math.max(0, end - page);
  return [
    200,
    { ...summary(id), messages: messages.slice(begin, end), next_cursor: begin ? String(begin) : null },
  ];
}

afterEach(() => {
  // First: a page that is still there keeps what was typed into it.
  cleanup();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  sessionStorage.clear();
});

async function open(userId = "ada") {
  const onActed = vi.fn();
  const onExpired = vi.fn();
  const { unmount } = render(<Chat userId={userId} name="Ada" onActed={onActed} onExpired={onExpired} />);
  await waitFor(() =>
    expect(screen.getByRole("log", { name: "Conversation" })).toHaveAttribute("aria-busy", "false"),
  );
  return {
    unmount,
    onActed,
    onExpired,
    user: userEvent.setup({ delay: null }),
    log: within(screen.getByRole("log", { name: "Conversation" })),
    input: screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" }),
  };
}

const reply = (text: string): FakeAnswer => [
  200,
  { conversation_id: CONVERSATION, reply: text, actions: [] },
];

describe("the chat", () => {
  test("greets the user and is ready to be typed into", async () => {
    fakeServer(() => undefined);
    const { input } = await open();
    expect(screen.getByRole("log")).toHaveTextContent("Hello Ada!");
    expect(input).toHaveFocus();
    expect(screen.getByRole("button", { name: "Send" })).toBeDisabled();
  });

  test("sends what is typed, shows both sides and tells that the todos may have changed", async () => {
    const calls = fakeServer(() => reply("Added #1: buy milk"));
    const { user, log, input, onActed } = await open();
    await user.type(input, "  add buy milk {Enter}");
    expect(await log.findByText("Added #1: buy milk")).toBeVisible();
    expect(log.getByText("add buy milk")).toBeVisible();
    expect(calls).toEqual([
      {
        method: "POST",
        path: "/api/chat",
        body: { message: "add buy milk", conversation_id: null, time_zone: expect.stringMatching(/^\w+/) },
        key: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    ]);
    expect(onActed).toHaveBeenCalledOnce();
    expect(input).toHaveValue("");
    expect(input).toHaveFocus();
  });

  test("keeps its field in the window while somebody types there, and nobody who reads elsewhere is moved", async () => {
    const scrolled = vi.spyOn(Element.prototype, "scrollIntoView");
    let answer = (_: FakeAnswer) => {};
    fakeServer(() => new Promise((resolve) => (answer = resolve)));
    const { user, log, input } = await open();
    await user.type(input, "one{Enter}");
    answer(reply("I have heard one."));
    await log.findByText("I have heard one.");
    expect(scrolled.mock.contexts).toContain(input);

    await user.type(input, "two{Enter}");
    screen.getByRole("log").focus();
    scrolled.mockClear();
    answer(reply("I have heard two."));
    await log.findByText("I have heard two.");
    expect(scrolled).not.toHaveBeenCalled();
  });

  test("goes on in the same conversation", async () => {
    const calls = fakeServer(({ body }) => reply(`You said ${(body as { message: string }).message}`));
    const { user, log, input } = await open();
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
    const { user, log } = await open();
    await user.click(screen.getByRole("button", { name: "list" }));
    expect(await log.findByText("Your list is empty.")).toBeVisible();
    expect(calls).toMatchObject([{ body: { message: "list" } }]);
  });

  test("says that it is thinking, and takes nothing else meanwhile", async () => {
    let release = (_: FakeAnswer) => {};
    const calls = fakeServer(() => new Promise<FakeAnswer>((resolve) => (release = resolve)));
    const { user, log, input } = await open();
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
    ["the message is refused", [422, { detail: "message: String too long" }], "message: String too long"],
    ["a proxy explains itself its own way", [500, { detail: ["?"] }], "The server answered with status 500."],
    ["a proxy answers nonsense", [503], "The server answered with status 503."],
    [
      "there were too many",
      [429, { detail: "Too many messages." }, { "retry-after": "20" }],
      "Too many messages. Try again in 20 seconds.",
    ],
    [
      "there were too many for a while",
      [429, { detail: "Too many messages." }, { "retry-after": "600" }],
      "Too many messages. Try again in 10 minutes.",
    ],
    ["there were too many, of what nobody says", [429, { detail: "Too many." }], "Try again in a moment."],
  ])("when %s: says so, gives the message back, and has the list read again", async (_, answer, shown) => {
    fakeServer(() => answer);
    const { user, log, input, onActed } = await open();
    await user.type(input, "add buy milk{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent(shown);
    expect(input).toHaveValue("add buy milk");
    expect(log.queryByText("add buy milk")).not.toBeInTheDocument();
    expect(onActed).toHaveBeenCalledOnce();
  });

  test("shows words where an answer has none", async () => {
    fakeServer(() => reply("  "));
    const { user, log, input } = await open();
    await user.type(input, "list{Enter}");
    expect(await log.findByText(/nothing to say/)).toBeVisible();
  });

  test("when the session is over: hands over instead of showing an error", async () => {
    fakeServer(() => [401, { detail: "Sign in first." }]);
    const { user, input, onExpired } = await open();
    await user.type(input, "list{Enter}");
    await waitFor(() => expect(onExpired).toHaveBeenCalledOnce());
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  test("shows an answer as text, whatever it holds", async () => {
    fakeServer(() => reply("<img src=x onerror=alert(1)>"));
    const { user, log, input } = await open();
    await user.type(input, "list{Enter}");
    expect(await log.findByText("<img src=x onerror=alert(1)>")).toBeVisible();
  });
});

describe("a message whose answer was lost", () => {
  const keys = (calls: FakeCall[]) => calls.map(({ key }) => key);

  test.each<[string, FakeAnswer | undefined]>([
    ["the connection failed", undefined],
    ["the server failed", [502, { detail: "The todo service cannot be reached." }]],
    ["the first is still being answered", [409, { detail: "This message is being answered." }]],
  ])("has its effect once when it is sent again, because %s", async (_, failure) => {
    const calls = fakeServer(() => (calls.length === 1 ? failure : reply("Added.")));
    const { user, log, input } = await open();
    await user.type(input, "add buy milk{Enter}");
    await screen.findByRole("alert");
    await user.type(input, "{Enter}");
    await log.findByText("Added.");
    expect(keys(calls)[0]).toBe(keys(calls)[1]);
    await user.type(input, "add buy milk{Enter}");
    await waitFor(() => expect(calls).toHaveLength(3));
    expect(keys(calls)[2]).not.toBe(keys(calls)[0]);
  });

  test("is another one when its answer was interrupted", async () => {
    const calls = fakeServer(() =>
      calls.length === 1 ? [410, { detail: "The answer was interrupted." }] : reply("Added."),
    );
    const { user, log, input } = await open();
    await user.type(input, "add buy milk{Enter}");
    await screen.findByRole("alert");
    await user.type(input, "{Enter}");
    await log.findByText("Added.");
    expect(keys(calls)[0]).not.toBe(keys(calls)[1]);
  });

  test("is another one when it was changed, or had been refused", async () => {
    const calls = fakeServer(
      () => (calls.length < 3 ? [[502], [422]][calls.length - 1]! : reply("Added.")) as FakeAnswer,
    );
    const { user, log, input } = await open();
    await user.type(input, "add milk{Enter}");
    await screen.findByRole("alert");
    await user.type(input, " and bread{Enter}");
    await waitFor(() => expect(calls).toHaveLength(2));
    await waitFor(() => expect(input).toHaveValue("add milk and bread"));
    await user.type(input, "{Enter}");
    await log.findByText("Added.");
    expect(new Set(keys(calls)).size).toBe(3);
  });

  test("does not take the place of what was typed meanwhile, and is sent again at a press", async () => {
    let release = (_: FakeAnswer) => {};
    const calls = fakeServer(() =>
      calls.length === 1 ? new Promise<FakeAnswer>((resolve) => (release = resolve)) : reply("Added."),
    );
    const { user, log, input } = await open();
    await user.type(input, "add buy milk{Enter}");
    await user.type(input, "add call the plumber");
    release([502]);
    expect((await screen.findByText(/^Not answered: “/)).textContent).toBe("Not answered: “add buy milk”");
    expect(input).toHaveValue("add call the plumber");
    await user.click(screen.getByRole("button", { name: "Send again" }));
    await log.findByText("Added.");
    expect(keys(calls)[0]).toBe(keys(calls)[1]);
    expect(input).toHaveValue("add call the plumber");
    expect(screen.queryByText(/Not answered/)).not.toBeInTheDocument();
  });

  test("can be dismissed", async () => {
    fakeServer(() => [502]);
    const { user, input } = await open();
    await user.type(input, "add buy milk{Enter}");
    await screen.findByRole("alert");
    await user.clear(input);
    await user.click(await screen.findByRole("button", { name: "Dismiss" }));
    expect(screen.queryByText(/Not answered/)).not.toBeInTheDocument();
    expect(input).toHaveFocus();
  });
});

describe("an answer that is streamed", () => {
  const MILK = { id: "1", number: 3, title: "milk" };
  const ADDED = { tool: "add_todo", todo: MILK };
  const LISTED = { tool: "list_todos", todo: null };
  const whole = (text: string, actions: unknown[] = [], stopped = false) => ({
    conversation_id: CONVERSATION,
    reply: text,
    actions,
    stopped,
  });
  const stop = () => screen.getByRole("button", { name: "Stop" });
  /** Longer than a page waits before it asks what became of a message. */
  const asLongAsItIsAskedAgain = () => new Promise((resolve) => setTimeout(resolve, 500));

  async function asked(
    answer: (call: FakeCall) => FakeAnswer | undefined = () => undefined,
    said = "add milk",
  ) {
    const stream = new FakeStream();
    const calls = fakeServer((call) => (calls.length === 1 ? stream : answer(call)));
    const opened = await open();
    await opened.user.type(opened.input, `${said}{Enter}`);
    await waitFor(() => expect(calls).toHaveLength(1));
    return { ...opened, stream, calls };
  }

  test("grows word by word, in whatever pieces they come", async () => {
    const { log, stream } = await asked();
    stream.write(": ping\n\n");
    stream.send("text", { text: "I have " });
    expect(await log.findByText("I have")).toBeVisible();
    expect(log.queryByText("The assistant is thinking…")).not.toBeInTheDocument();
    const rest = 'event: text\ndata: {"text":"added it."}\n\n';
    stream.write(rest.slice(0, 20));
    stream.write(rest.slice(20));
    expect(await log.findByText("I have added it.")).toBeVisible();
    stream.send("reply", whole("I have added milk."));
    expect(await log.findByText("I have added milk.")).toBeVisible();
    expect(log.queryByText("I have added it.")).not.toBeInTheDocument();
    expect(await screen.findByRole("button", { name: "Send" })).toBeVisible();
  });

  test("shows what was done to the list as it is done, and keeps it beside the answer", async () => {
    const { log, stream, onActed } = await asked();
    stream.send("action", LISTED);
    stream.send("action", ADDED);
    const done = within(await log.findByRole("list", { name: "Done to your list" }));
    expect(done.getAllByRole("listitem").map(({ textContent }) => textContent)).toEqual(["Added 3: milk"]);
    expect(onActed).toHaveBeenCalledOnce();
    stream.send("reply", whole("Done.", [LISTED, ADDED]));
    await log.findByText("Done.");
    expect(log.getByText("milk")).toBeVisible();
  });

  test("is stopped by a press, and what there was until then stays", async () => {
    const { log, stream, user, calls, input } = await asked((call) =>
      call.method === "GET" && calls.length > 2 ? [200, whole("I ha …", [ADDED], true)] : [409, {}],
    );
    stream.send("text", { text: "I ha" });
    await log.findByText("I ha");
    await user.click(stop());
    expect(stream.left).toHaveBeenCalledOnce();
    expect(await log.findByText("I ha …")).toBeVisible();
    expect(log.getByText("milk")).toBeVisible();
    // What was begun is waited for.
    expect(calls.slice(1)).toMatchObject(
      Array(2).fill({ method: "GET", path: `/api/chat/answers/${calls[0]!.key}` }),
    );
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
    expect(screen.queryByText(/Not answered/)).not.toBeInTheDocument();
    expect(input).toHaveValue("");
  });

  test("that ends sends nothing by a press that was meant for Stop", async () => {
    const { user, stream, input, calls } = await asked();
    await user.type(input, "and bread");
    // Half a second passes when the test says so.
    let pass = () => {};
    const wait = setTimeout;
    vi.stubGlobal("setTimeout", (work: () => void, delay?: number) =>
      delay === 500 ? void (pass = work) : wait(work, delay),
    );
    const pressed = stop();
    pressed.focus();
    stream.send("reply", whole("I have added milk.", []));
    const send = await screen.findByRole("button", { name: "Send" });
    expect(send).not.toBe(pressed);
    expect(screen.getByRole("log")).toHaveFocus();
    await user.click(send);
    expect(input).toHaveValue("and bread");
    expect(calls).toHaveLength(1);
    pass();
    await user.click(send);
    await waitFor(() => expect(calls).toHaveLength(2));
  });

  test("moves who has gone back in the conversation nowhere, until they say something", async () => {
    const { user, stream, log, input } = await asked();
    const scroller = screen.getByRole("log");
    Object.defineProperties(scroller, { scrollHeight: { value: 1000 }, clientHeight: { value: 100 } });
    const scrollTo = (place: number) => {
      scroller.scrollTop = place;
      fireEvent.scroll(scroller);
    };
    scrollTo(900);
    stream.send("text", { text: "I have" });
    await log.findByText("I have");
    await waitFor(() => expect(scroller.scrollTop).toBe(1000));
    scrollTo(300);
    stream.send("text", { text: " added" });
    await log.findByText("I have added");
    stream.send("reply", whole("I have added milk.", []));
    await log.findByText("I have added milk.");
    await screen.findByRole("button", { name: "Send" });
    expect(scroller.scrollTop).toBe(300);
    await user.type(input, "list{Enter}");
    await waitFor(() => expect(scroller.scrollTop).toBe(1000));
  });

  test("that is stopped before anything came of it gives the message back", async () => {
    const { log, user, input } = await asked(() => [404, { detail: "no answer is kept" }]);
    await user.click(stop());
    await waitFor(() => expect(input).toHaveValue("add milk"));
    expect(log.queryByText("add milk")).not.toBeInTheDocument();
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
    expect(await screen.findByRole("button", { name: "Send" })).toBeEnabled();
  });

  describe("that fails after it acted", () => {
    const FAILED = { status: 502, detail: "The model failed.", actions: [ADDED] };
    const said = (calls: FakeCall[]) => calls.map(({ body }) => (body as { message: string }).message);
    const again = () => screen.getByRole("button", { name: "Send again" });

    test("stands in the conversation with what was done, and not in the field", async () => {
      const { log, stream, input } = await asked();
      stream.send("action", ADDED);
      stream.send("problem", FAILED);
      expect(await screen.findByRole("alert")).toHaveTextContent("The model failed.");
      expect(input).toHaveValue("");
      expect(log.getByText("add milk")).toBeVisible();
      expect(log.getByText("milk")).toBeVisible();
      expect(log.getByText(/Not answered/)).toBeVisible();
    });

    test("says what was done when it is sent again, under another key: the first gives the failure again", async () => {
      const { log, stream, user, calls } = await asked(() => reply("There is no bread to be had."));
      stream.send("problem", FAILED);
      await screen.findByRole("alert");
      await user.click(again());
      await log.findByText("There is no bread to be had.");
      expect(said(calls)).toEqual([
        "add milk",
        "add milk\n\n(Done already, and not to be done again: Added 3: milk.)",
      ]);
      expect(calls[1]!.key).not.toBe(calls[0]!.key);
      expect(screen.queryByText(/Not answered/)).not.toBeInTheDocument();
    });

    test("says all that was done when it fails once more", async () => {
      const BREAD = { tool: "add_todo", todo: { id: "2", number: 4, title: "bread" } };
      const { log, stream, user, calls } = await asked(() =>
        calls.length === 2 ? [502, { ...FAILED, actions: [BREAD] }] : reply("Done."),
      );
      stream.send("problem", FAILED);
      await screen.findByRole("alert");
      await user.click(again());
      await log.findByText("bread");
      expect(log.getByText("milk")).toBeVisible();
      await user.click(again());
      await log.findByText("Done.");
      expect(said(calls)[2]).toBe(
        "add milk\n\n(Done already, and not to be done again: Added 3: milk; Added 4: bread.)",
      );
    });

    test("is there after a reload, and can be dismissed", async () => {
      const { stream, unmount } = await asked();
      stream.send("problem", FAILED);
      await screen.findByRole("alert");
      unmount();
      const { log, user, input } = await open();
      expect(log.getByText("milk")).toBeVisible();
      expect(input).toHaveValue("");
      await user.click(screen.getByRole("button", { name: "Dismiss" }));
      expect(log.queryByText("add milk")).not.toBeInTheDocument();
      expect(log.queryByRole("list", { name: "Done to your list" })).not.toBeInTheDocument();
    });

    test("stays when it is stopped before anything more came of it", async () => {
      let stream = new FakeStream();
      const calls = fakeServer((call) => (call.method === "GET" ? [404, {}] : stream));
      const { user, log, input } = await open();
      await user.type(input, "add milk{Enter}");
      stream.send("problem", FAILED);
      await screen.findByRole("alert");
      stream = new FakeStream();
      await user.click(again());
      await waitFor(() => expect(calls).toHaveLength(2));
      await user.click(stop());
      expect(await log.findByText(/Not answered/)).toBeVisible();
      expect(log.getByText("milk")).toBeVisible();
      expect(input).toHaveValue("");
    });

    test("is beside another conversation, with what was done", async () => {
      const { stream, user } = await asked(() => reply("Nothing."));
      stream.send("problem", FAILED);
      await screen.findByRole("alert");
      kept = { [CONVERSATION]: [{ role: "user", content: "list" }] };
      await user.click(screen.getByRole("button", { name: "Conversations" }));
      await user.click(await within(screen.getByRole("dialog")).findByRole("button", { name: /^list/ }));
      expect((await screen.findByText(/^Not answered: “/)).textContent).toBe("Not answered: “add milk”");
      expect(screen.getByText("milk")).toBeVisible();
    });

    test("or is cut off then, is asked for again under its key, which does nothing twice", async () => {
      const { log, stream, user, input, calls } = await asked(() =>
        calls.length === 2 ? undefined : reply("Added."),
      );
      stream.send("action", ADDED);
      await log.findByText("milk");
      stream.end();
      expect(await screen.findByRole("alert")).toHaveTextContent("The connection was lost");
      expect(input).toHaveValue("");
      expect(log.getByText("milk")).toBeVisible();
      await user.click(again());
      expect(await screen.findByText(/The server cannot be reached/)).toBeVisible();
      expect(log.getByText("milk")).toBeVisible();
      await user.click(again());
      await log.findByText("Added.");
      expect(calls).toEqual(Array(3).fill(calls[0]));
    });
  });

  test("that asks to wait says for how long", async () => {
    const { stream } = await asked();
    stream.send("problem", { status: 429, detail: "Too many.", retry_after: 20, actions: [] });
    expect(await screen.findByRole("alert")).toHaveTextContent("Too many. Try again in 20 seconds.");
  });

  test("that is cut off is asked for again under its key, and the message is not lost", async () => {
    const { log, stream, user, input, calls } = await asked(() => reply("Added."));
    stream.send("text", { text: "I ha" });
    await log.findByText("I ha");
    stream.end();
    expect(await screen.findByRole("alert")).toHaveTextContent("The connection was lost");
    expect(log.queryByText("I ha")).not.toBeInTheDocument();
    expect(input).toHaveValue("add milk");
    await user.type(input, "{Enter}");
    await log.findByText("Added.");
    expect(calls[1]!.key).toBe(calls[0]!.key);
  });

  test("is left when its page is, and nothing more is asked", async () => {
    const { stream, unmount, calls, onActed } = await asked();
    unmount();
    await waitFor(() => expect(stream.left).toHaveBeenCalledOnce());
    await asLongAsItIsAskedAgain();
    expect(calls).toHaveLength(1);
    expect(onActed).not.toHaveBeenCalled();
  });

  test("that was stopped is left when its page is, and nothing more is asked", async () => {
    const { stream, unmount, user, calls, onActed } = await asked();
    await user.click(stop());
    await waitFor(() => expect(stream.left).toHaveBeenCalledOnce());
    unmount();
    await asLongAsItIsAskedAgain();
    expect(calls).toHaveLength(1);
    expect(onActed).not.toHaveBeenCalled();
  });
});

describe("what is typed", () => {
  test("stays when a suggestion is pressed", async () => {
    fakeServer(() => reply("Nothing."));
    const { user, log, input } = await open();
    await user.type(input, "add call the");
    await user.click(screen.getByRole("button", { name: "list" }));
    await log.findByText("Nothing.");
    expect(input).toHaveValue("add call the");
  });

  test("is there again after the page was left, for its user alone", async () => {
    fakeServer(() => undefined);
    const { user, input, unmount } = await open();
    await user.type(input, "add call the plumber");
    unmount();
    const other = await open("bob");
    expect(other.input).toHaveValue("");
    other.unmount();
    expect((await open()).input).toHaveValue("add call the plumber");
  });

  test("is there again after the session was over, and is the same message", async () => {
    // What is said, without the conversations that are read.
    const calls: FakeCall[] = [];
    fakeServer((call) => {
      if ((call.body as { message?: string } | undefined)?.message !== "add bread and milk") return undefined;
      calls.push(call);
      return calls.length === 1 ? [502] : calls.length === 2 ? [401] : reply("Added.");
    });
    const { user, input, unmount, onExpired } = await open();
    await user.type(input, "add bread and milk{Enter}");
    await screen.findByRole("alert");
    unmount();
    const later = await open();
    expect(later.input).toHaveValue("add bread and milk");
    await user.type(later.input, "{Enter}");
    await waitFor(() => expect(later.onExpired).toHaveBeenCalledOnce());
    await waitFor(() => expect(later.input).toHaveValue("add bread and milk"));
    later.unmount();
    expect((await open()).input).toHaveValue("add bread and milk");
    expect(calls[0]!.key).toBe(calls[1]!.key);
    expect(onExpired).not.toHaveBeenCalled();
  });

  test("is not sent by the Enter that takes what an input method proposes, in Safari neither", async () => {
    const calls = fakeServer(() => reply("Added."));
    const { user, input } = await open();
    await user.type(input, "milk");
    fireEvent.keyDown(input, { key: "Enter", isComposing: true });
    fireEvent.keyDown(input, { key: "Enter", keyCode: 229 });
    expect(calls).toEqual([]);
    expect(input).toHaveValue("milk");
  });

  test("is sent with the time zone that the browser is in by now", async () => {
    const calls = fakeServer(() => reply("Added."));
    const { user, log, input } = await open();
    for (const zone of ["Asia/Tokyo", "America/Lima"]) {
      vi.stubEnv("TZ", zone);
      await user.type(input, `${zone}{Enter}`);
      await log.findByText(zone);
    }
    await waitFor(() => expect(calls).toHaveLength(2));
    for (const { body } of calls)
      expect(body).toMatchObject({ time_zone: (body as { message: string }).message });
  });

  test("has more than one line, and is sent by Enter alone", async () => {
    const calls = fakeServer(() => reply("Added."));
    const { user, input } = await open();
    await user.type(input, "add milk{Shift>}{Enter}{/Shift}and bread");
    expect(calls).toEqual([]);
    await user.type(input, "{Enter}");
    await waitFor(() => expect(calls).toMatchObject([{ body: { message: "add milk\nand bread" } }]));
  });
});

describe("conversations that there were", () => {
  const OTHER = "9c2f3f0e-51c4-4b0e-9f57-1f8f6a5f1c22";
  const turns = (...contents: string[]): Message[] =>
    contents.map((content, index) => ({ role: index % 2 ? "assistant" : "user", content }));
  const button = (name: string) => screen.getByRole("button", { name });
  const drawer = () => within(screen.getByRole("dialog", { name: "Conversations" }));

  beforeEach(() => {
    kept = { [CONVERSATION]: turns("add milk", "Added 1: milk"), [OTHER]: turns("help", "I understand") };
  });

  test("the one that was used last is on the screen after a reload, and goes on", async () => {
    const calls = fakeServer(() => reply("Nothing."));
    const { user, log, input } = await open();
    expect(log.getByText("Added 1: milk")).toBeVisible();
    await user.type(input, "list{Enter}");
    await log.findByText("Nothing.");
    expect(calls).toMatchObject([{ body: { conversation_id: CONVERSATION } }]);
  });

  test("another is opened from the list, by keyboard, and the focus goes to what is typed", async () => {
    const calls = fakeServer(() => reply("Nothing."));
    const { user, log, input } = await open();
    button("Conversations").focus();
    await user.keyboard("{Enter}");
    const row = await drawer().findByRole("button", { name: /^help/ });
    expect(drawer().getByRole("button", { name: /^add milk/ })).toHaveAttribute("aria-current", "true");
    row.focus();
    await user.keyboard("{Enter}");
    expect(await log.findByText("I understand")).toBeVisible();
    expect(log.queryByText("Added 1: milk")).not.toBeInTheDocument();
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(input).toHaveFocus();
    await user.type(input, "list{Enter}");
    await log.findByText("Nothing.");
    expect(calls).toMatchObject([{ body: { conversation_id: OTHER } }]);
  });

  test("a new one is begun, and what is typed stays", async () => {
    const calls = fakeServer(() => reply("Nothing."));
    const { user, log, input } = await open();
    await user.type(input, "list");
    await user.click(button("New conversation"));
    expect(log.queryByText("Added 1: milk")).not.toBeInTheDocument();
    expect(screen.getByRole("log")).toHaveTextContent("Hello Ada!");
    expect(input).toHaveFocus();
    await user.type(input, "{Enter}");
    await log.findByText("Nothing.");
    expect(calls).toMatchObject([{ body: { message: "list", conversation_id: null } }]);
  });

  test("one is deleted after asking, and is off the screen", async () => {
    fakeServer(() => undefined);
    const { user, log } = await open();
    await user.click(button("Conversations"));
    await user.click(await drawer().findByRole("button", { name: "Delete add milk…" }));
    expect(Object.keys(kept)).toEqual([CONVERSATION, OTHER]);
    await user.click(button("Delete conversation"));
    await waitFor(() => expect(Object.keys(kept)).toEqual([OTHER]));
    await waitFor(() => expect(log.queryByText("Added 1: milk")).not.toBeInTheDocument());
    expect(drawer().queryByRole("button", { name: /^add milk/ })).not.toBeInTheDocument();
    expect(drawer().getByRole("heading")).toHaveFocus();
  });

  test("one whose deletion was not waited for answers no question about another", async () => {
    let finish = (_: FakeAnswer) => {};
    const left: string[] = [];
    fakeWholeServer((call) => {
      if (call.method !== "DELETE") return conversations(call);
      left.push(call.path);
      return new Promise<FakeAnswer>((resolve) => (finish = resolve));
    });
    const { user } = await open();
    await user.click(button("Conversations"));
    for (const answer of [[204], [502, { detail: "Away." }]] as FakeAnswer[]) {
      await user.click(await drawer().findByRole("button", { name: "Delete help…" }));
      await user.click(button("Delete conversation"));
      await user.click(button("Cancel"));
      await user.click(await drawer().findByRole("button", { name: "Delete add milk…" }));
      finish(answer);
      await waitFor(() => expect(button("Delete conversation")).toHaveAttribute("aria-disabled", "false"));
      expect(screen.getByRole("dialog", { name: "Delete this conversation?" })).toBeVisible();
      expect(screen.queryByRole("alert")).not.toBeInTheDocument();
      await user.click(button("Cancel"));
      await user.click(button("Close"));
      await user.click(button("Conversations"));
    }
    expect(left).toHaveLength(2);
  });

  test("one that was chosen before the list was read again is taken off it too", async () => {
    fakeServer(() => undefined);
    const { user } = await open();
    await user.click(button("Conversations"));
    await user.click(await drawer().findByRole("button", { name: "Delete add milk…" }));
    await user.click(button("Conversations"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await user.click(button("Delete conversation"));
    await waitFor(() =>
      expect(drawer().queryByRole("button", { name: /^add milk/ })).not.toBeInTheDocument(),
    );
  });

  test("one that is gone takes no other one off the screen, and nothing is said there that was not meant for it", async () => {
    let release = (_: FakeAnswer) => {};
    const calls = fakeServer(() => new Promise<FakeAnswer>((resolve) => (release = resolve)));
    const { user, log, input } = await open();
    await user.type(input, "list{Enter}");
    await user.click(button("Conversations"));
    await user.click(await drawer().findByRole("button", { name: /^help/ }));
    await log.findByText("I understand");
    release([404, { detail: "gone" }]);
    expect(await screen.findByRole("alert")).toHaveTextContent("The conversation of that message is gone.");
    expect(log.getByText("I understand")).toBeVisible();
    expect(input).toHaveValue("");
    await user.click(button("Send again"));
    expect(calls.map(({ body }) => (body as { conversation_id: unknown }).conversation_id)).toEqual([
      CONVERSATION,
      null,
    ]);
    release(reply("Nothing."));
  });

  test("one that was deleted elsewhere takes no more, and what was said begins another", async () => {
    const calls = fakeServer(() => (calls.length === 1 ? [404, { detail: "gone" }] : reply("Nothing.")));
    const { user, log, input } = await open();
    await user.type(input, "list{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("This conversation is gone.");
    expect(input).toHaveValue("list");
    await user.type(input, "{Enter}");
    await log.findByText("Nothing.");
    expect(calls.map(({ body }) => (body as { conversation_id: unknown }).conversation_id)).toEqual([
      CONVERSATION,
      null,
    ]);
  });

  test("an answer is not shown in a conversation that it does not belong to", async () => {
    let release = (_: FakeAnswer) => {};
    fakeServer(() => new Promise<FakeAnswer>((resolve) => (release = resolve)));
    const { user, log, input } = await open();
    await user.type(input, "list{Enter}");
    await user.click(button("Conversations"));
    await user.click(await drawer().findByRole("button", { name: /^help/ }));
    await log.findByText("I understand");
    release(reply("Nothing."));
    await waitFor(() => expect(log.queryByText("The assistant is thinking…")).not.toBeInTheDocument());
    expect(log.queryByText("Nothing.")).not.toBeInTheDocument();
    expect(log.queryByText("list")).not.toBeInTheDocument();
  });

  test("an answer is shown in its conversation, although that was left and opened again meanwhile", async () => {
    let release = (_: FakeAnswer) => {};
    fakeServer(() => new Promise<FakeAnswer>((resolve) => (release = resolve)));
    const { user, log, input } = await open();
    await user.type(input, "list{Enter}");
    for (const title of [/^help/, /^add milk/]) {
      await user.click(button("Conversations"));
      await user.click(await drawer().findByRole("button", { name: title }));
    }
    await log.findByText("Added 1: milk");
    kept[CONVERSATION]!.push(...turns("list", "1: milk"));
    release(reply("1: milk"));
    expect(await log.findByText("1: milk")).toBeVisible();
    expect(log.getAllByText("list")).toHaveLength(1);
  });

  test("while one is opened, Enter neither sends nor takes anything", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const said: FakeCall[] = [];
    fakeWholeServer((call) => {
      if (!call.path.startsWith("/api/conversations")) {
        said.push(call);
        return reply("Nothing.");
      }
      return call.path.endsWith(OTHER) ? held.then(() => conversations(call)) : conversations(call);
    });
    const { user, log, input } = await open();
    await user.type(input, "{Enter}");
    await user.click(button("Conversations"));
    await user.click(await drawer().findByRole("button", { name: /^help/ }));
    await user.type(input, "{Enter}list{Enter}{Enter}");
    expect(input).toHaveValue("list");
    release();
    await log.findByText("I understand");
    expect(input).toHaveValue("list");
    expect(said).toEqual([]);
    await user.type(input, "{Enter}{Enter}");
    await log.findByText("Nothing.");
    expect(said).toMatchObject([{ body: { message: "list", conversation_id: OTHER } }]);
  });

  test("an Enter that is held on the way to the message does not send it", async () => {
    const calls = fakeServer(() => reply("Nothing."));
    const { user, input } = await open();
    await user.type(input, "list");
    await user.click(button("New conversation"));
    fireEvent.keyDown(input, { key: "Enter", repeat: true });
    expect(input).toHaveValue("list");
    expect(calls).toEqual([]);
  });

  test("earlier messages are read at a press", async () => {
    page = 2;
    kept[CONVERSATION] = turns("one", "two", "three", "four", "five", "six");
    fakeServer(() => undefined);
    const { user, log } = await open();
    expect(log.queryByText("four")).not.toBeInTheDocument();
    await user.click(button("Show earlier messages"));
    await log.findByText("three");
    await user.click(button("Show earlier messages"));
    await log.findByText("one");
    expect(log.getByText("six")).toBeVisible();
    expect(screen.queryByRole("button", { name: "Show earlier messages" })).not.toBeInTheDocument();
  });

  test("that cannot be read are said so, and are read again at a press", async () => {
    let away = true;
    fakeWholeServer((call) => (away ? [502, { detail: "Away." }] : conversations(call)));
    const { user, log, input } = await open();
    expect(await screen.findByRole("alert")).toHaveTextContent("Away.");
    away = false;
    await user.click(button("Try again"));
    expect(await log.findByText("Added 1: milk")).toBeVisible();
    expect(input).toHaveFocus();
  });

  test("the one that cannot be read is what is read again, and not the one on the screen", async () => {
    let away = true;
    fakeWholeServer((call) =>
      away && call.path.endsWith(OTHER) ? [502, { detail: "Away." }] : conversations(call),
    );
    const { user, log } = await open();
    await user.click(button("Conversations"));
    await user.click(await drawer().findByRole("button", { name: /^help/ }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Away.");
    away = false;
    await user.click(button("Try again"));
    expect(await log.findByText("I understand")).toBeVisible();
  });
});

test("what is said has its own direction, whoever is said to have said it", async () => {
  fakeServer(() => reply("שלום"));
  const { user, log, input } = await open();
  await user.type(input, "مرحبا{Enter}");
  for (const said of [await log.findByText("שלום"), log.getByText("مرحبا")]) {
    expect(said).toHaveAttribute("dir", "auto");
    // Anything before what is said would decide, unless it has a direction of its own.
    expect([...said.children].map((before) => before.getAttribute("dir"))).toEqual(["ltr"]);
  }
});

test("a name or a title inside a sentence has its own direction", async () => {
  kept = { [CONVERSATION]: [{ role: "user", content: "חלב" }] };
  const MILK = { id: "1", number: 3, title: "לקנות חלב" };
  fakeServer(() => [502, { detail: "Away.", actions: [{ tool: "add_todo", todo: MILK }] }]);
  render(<Chat userId="ada" name="עדה" onActed={vi.fn()} onExpired={vi.fn()} />);
  const user = userEvent.setup({ delay: null });
  const own = (text: string) => expect(screen.getByText(text).tagName).toBe("BDI");
  await screen.findByText("חלב");
  own("עדה");
  await user.type(screen.getByRole("textbox", { name: "Message" }), "שלום{Enter}");
  await screen.findByRole("alert");
  own("לקנות חלב");
  await user.click(screen.getByRole("button", { name: "New conversation" }));
  own("שלום");
  await user.click(screen.getByRole("button", { name: "Conversations" }));
  await user.click(await screen.findByRole("button", { name: "Delete חלב…" }));
  const question = within(screen.getByRole("dialog", { name: "Delete this conversation?" }));
  expect(question.getByText("חלב").tagName).toBe("BDI");
});
