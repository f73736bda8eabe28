import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { MOST_RESTORED, type Todo, type TodoSummary } from "@/lib/api";

import { fakeServer, FakeStream, type FakeAnswer, type FakeCall } from "../../test/fetch";
import { TodoList } from "./todo-list";
import { useTodos } from "./use-todos";

/** The same function at each render, as the application has it. */
const ignore = () => undefined;

/** The list as the application puts it together, on a server that keeps todos. */
function List({ onExpired = ignore }: { onExpired?: () => void }) {
  return <TodoList userId="ada" {...useTodos(onExpired)} />;
}

const NOON = "2026-11-20T12:00:00Z";
const PLAIN = {
  due_at: null,
  priority: "normal",
  version: 1,
  tags: [] as string[],
  created_at: NOON,
  updated_at: NOON,
} as const;

let stored: Todo[];
/** What was deleted and can be brought back. */
let bin: Todo[];
let failure: FakeAnswer | undefined;
/** How many todos one request clears, and what was answered under which key. */
let atOnce: number;
let answered: Record<string, FakeAnswer>;

function clear(key: string): FakeAnswer {
  const done = stored.filter(({ completed }) => completed).slice(0, atOnce);
  bin = [...bin, ...done];
  stored = stored.filter((todo) => !done.includes(todo));
  return (answered[key] ??= [200, { ids: done.map(({ id }) => id), more: done.length === atOnce }]);
}

function restore(ids: string[]): FakeAnswer {
  if (ids.length > MOST_RESTORED) return [413, { detail: "The body is longer than 32768 bytes." }];
  const back = bin.filter(({ id }) => ids.includes(id));
  bin = bin.filter((todo) => !back.includes(todo));
  stored = [...stored, ...back].sort((one, other) => one.number - other.number);
  return [200, stored.filter(({ id }) => ids.includes(id))];
}

function serve({ method, path, query, body, key }: FakeCall): FakeAnswer {
  if (failure) return failure;
  if (method === "DELETE" && path === "/api/todos") return answered[key!] ?? clear(key!);
  if (path === "/api/todos/restore") return restore((body as { ids: string[] }).ids);
  const id = path.split("/")[3];
  const found = stored.find((todo) => todo.id === id);
  if (id === "summary") return [200, summary()];
  if (method === "GET") {
    const { completed } = query ?? {};
    return [200, stored.filter((todo) => !completed || String(todo.completed) === completed)];
  }
  if (method === "POST") {
    const { title } = body as Pick<Todo, "title">;
    stored = [...stored, { ...PLAIN, id: "new", number: stored.length + 10, title, completed: false }];
    return [201, stored.at(-1)];
  }
  if (!found) return [404, { detail: "no such todo" }];
  const { version, ...changes } = (body ?? {}) as Partial<Todo>;
  const of = version ?? query?.version;
  if (of !== undefined && Number(of) !== found.version)
    return [409, { detail: "It was changed.", todo: found }];
  if (method === "DELETE") {
    bin = [...bin, found];
    stored = stored.filter((todo) => todo !== found);
    return [204];
  }
  const changed = { ...found, ...changes, version: found.version + 1 };
  stored = stored.map((todo) => (todo === found ? changed : todo));
  return [200, changed];
}

function summary(): TodoSummary {
  const completed = stored.filter((todo) => todo.completed).length;
  const tags = [...new Set(stored.flatMap(({ tags }) => tags))].map((tag) => ({ tag, count: 1 }));
  return { open: stored.length - completed, completed, tags };
}

/** The calls that clear what is done. */
const clears = (calls: FakeCall[]) =>
  calls.filter(({ method, path }) => method === "DELETE" && path === "/api/todos");

/** The calls that ask for the list itself. */
const lists = (calls: FakeCall[]) =>
  calls.filter(({ method, path }) => method === "GET" && path === "/api/todos");

beforeEach(() => {
  failure = undefined;
  atOnce = 1000;
  answered = {};
  bin = [];
  stored = [
    { ...PLAIN, id: "a", number: 1, title: "buy milk", completed: false },
    { ...PLAIN, id: "b", number: 4, title: "call the plumber", completed: true },
  ];
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  sessionStorage.clear();
});

const milk = () => screen.findByRole("checkbox", { name: /buy milk/ });

describe("the list of todos", () => {
  test("shows each with its number and whether it is done", async () => {
    fakeServer(serve);
    render(<List />);
    expect(await milk()).not.toBeChecked();
    expect(screen.getByRole("checkbox", { name: "4 call the plumber" })).toBeChecked();
    expect(screen.getAllByRole("status")[0]).toHaveTextContent("1 open");
  });

  test("says when there is nothing to do", async () => {
    stored = [];
    fakeServer(serve);
    render(<List />);
    expect(await screen.findByText(/Nothing to do/)).toBeVisible();
  });

  test("marks a todo as done, and as not done again", async () => {
    const calls = fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await user.click(await milk());
    await waitFor(async () => expect(await milk()).toBeChecked());
    expect(screen.getAllByRole("status")[0]).toHaveTextContent("All done");
    expect(calls).toContainEqual({
      method: "PATCH",
      path: "/api/todos/a",
      body: { completed: true, version: 1 },
    });
    await waitFor(async () => expect(await milk()).toHaveAttribute("aria-disabled", "false"));
    await user.click(await milk());
    await waitFor(async () => expect(await milk()).not.toBeChecked());
  });

  test("deletes a todo, by keyboard too", async () => {
    fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await milk();
    screen.getByRole("button", { name: "Delete buy milk" }).focus();
    await user.keyboard("{Enter}");
    // Its title is still there, in what can be undone.
    await waitFor(() =>
      expect(screen.queryByRole("button", { name: "Delete buy milk" })).not.toBeInTheDocument(),
    );
    expect(screen.getByText("call the plumber")).toBeVisible();
  });

  test("takes a todo off that was deleted elsewhere, without an error", async () => {
    fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    const box = await milk();
    stored = stored.slice(1);
    await user.click(box);
    await waitFor(() => expect(screen.queryByText("buy milk")).not.toBeInTheDocument());
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  test("says that the backend is down, keeps what it knew, and recovers at a press", async () => {
    fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    failure = [502, { detail: "The todo service cannot be reached." }];
    await user.click(await milk());
    expect(await screen.findByRole("alert")).toHaveTextContent("The todo service cannot be reached.");
    expect(await milk()).not.toBeChecked();
    failure = undefined;
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(screen.queryByRole("alert")).not.toBeInTheDocument());
  });

  test("hands over when the session is over", async () => {
    failure = [401, { detail: "Sign in first." }];
    fakeServer(serve);
    const onExpired = vi.fn();
    render(<List onExpired={onExpired} />);
    await waitFor(() => expect(onExpired).toHaveBeenCalledOnce());
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  test("leaves the focus where it is when a todo is marked, also while that is under way", async () => {
    const waiting: (() => void)[] = [];
    fakeServer(async (call) => {
      if (call.method === "PATCH") await new Promise<void>((resolve) => waiting.push(resolve));
      return serve(call);
    });
    const user = userEvent.setup({ delay: null });
    render(<List />);
    (await milk()).focus();
    await user.keyboard(" ");
    expect(await milk()).toBeChecked();
    expect(await milk()).toHaveFocus();
    await user.keyboard(" ");
    expect(waiting).toHaveLength(1);
    waiting[0]!();
    await waitFor(async () => expect(await milk()).toHaveAttribute("aria-disabled", "false"));
    expect(await milk()).toHaveFocus();
    expect(await milk()).toBeChecked();
  });

  test("hands the focus of a deleted todo to the next one, then the one before, then the heading", async () => {
    stored = [...stored, { ...PLAIN, id: "c", number: 5, title: "sweep", completed: false }];
    fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await milk();
    const remove = (title: string) => screen.getByRole("button", { name: `Delete ${title}` });
    remove("call the plumber").focus();
    await user.keyboard("{Enter}");
    expect(remove("sweep")).toHaveFocus();
    await user.keyboard("{Enter}");
    expect(remove("buy milk")).toHaveFocus();
    await user.keyboard("{Enter}");
    expect(screen.getByRole("heading", { name: "Your todos" })).toHaveFocus();
  });

  describe("in which somebody is at work with the keyboard", () => {
    const SWEEP = { ...PLAIN, id: "c", number: 5, title: "sweep", completed: false };
    const button = (name: string) => screen.getByRole("button", { name });
    const gone = (title: string) =>
      waitFor(() => expect(screen.queryByRole("button", { name: `Edit ${title}` })).not.toBeInTheDocument());
    beforeEach(() => void (stored = [...stored, SWEEP]));

    test("gives the focus of what is done to the next that is open", async () => {
      fakeServer(serve);
      const user = userEvent.setup({ delay: null });
      render(<List />);
      await milk();
      await user.selectOptions(screen.getByRole("combobox", { name: "Show" }), "Open");
      await gone("call the plumber");
      (await milk()).focus();
      await user.keyboard(" ");
      await gone("buy milk");
      expect(screen.getByRole("checkbox", { name: /sweep/ })).toHaveFocus();
      await user.keyboard(" ");
      await gone("sweep");
      expect(screen.getByRole("heading", { name: "Your todos" })).toHaveFocus();
    });

    test("gives the focus of what was deleted elsewhere to the same button of the next, or of the one before", async () => {
      const stream = new FakeStream();
      fakeServer(serve, () => stream);
      render(<List />);
      await milk();
      button("Edit call the plumber").focus();
      // Another window is looked at.
      fireEvent.blur(button("Edit call the plumber"));
      for (const [title, next] of [
        ["call the plumber", "sweep"],
        ["sweep", "buy milk"],
      ] as const) {
        stored = stored.filter((todo) => todo.title !== title);
        stream.send("changed", {});
        await gone(title);
        expect(button(`Edit ${next}`)).toHaveFocus();
      }
    });

    test("gives the focus of what was edited and is not asked for any more to the next", async () => {
      fakeServer((call) => {
        const answer = serve(call);
        if (call.method === "PATCH") stored = stored.filter(({ id }) => id !== "a");
        return answer;
      });
      const user = userEvent.setup({ delay: null });
      render(<List />);
      await milk();
      button("Edit buy milk").focus();
      await user.keyboard("{Enter}");
      await user.type(within(await screen.findByRole("dialog")).getByLabelText("Title"), "!{Enter}");
      await gone("buy milk");
      await waitFor(() => expect(button("Edit call the plumber")).toHaveFocus());
    });

    test("takes the focus from nobody who has gone on", async () => {
      const stream = new FakeStream();
      fakeServer(serve, () => stream);
      const user = userEvent.setup({ delay: null });
      render(<List />);
      await milk();
      for (const goOn of [
        () => user.click(screen.getByLabelText("New todo")),
        () => user.click(document.body),
      ]) {
        button("Edit sweep").focus();
        await goOn();
        const focused = document.activeElement;
        stored = stored.filter(({ id }) => id !== "c");
        stream.send("changed", {});
        await gone("sweep");
        expect(focused).toHaveFocus();
        stored = [...stored, SWEEP];
        stream.send("changed", {});
        await screen.findByRole("button", { name: "Edit sweep" });
      }
    });
  });

  test("hands the focus on when what could not be read is asked for again", async () => {
    fakeServer(serve);
    failure = [502, { detail: "Away." }];
    const user = userEvent.setup({ delay: null });
    render(<List />);
    (await screen.findByRole("button", { name: "Try again" })).focus();
    failure = undefined;
    await user.keyboard("{Enter}");
    await milk();
    await waitFor(() => expect(screen.getByRole("heading", { name: "Your todos" })).toHaveFocus());
  });

  test("puts back what could not be deleted", async () => {
    fakeServer((call) => (call.method === "DELETE" ? [502, { detail: "Away." }] : serve(call)));
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await milk();
    await user.click(screen.getByRole("button", { name: "Delete buy milk" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Away.");
    expect(
      screen.getAllByRole<HTMLInputElement>("checkbox").map(({ labels }) => labels?.[0]?.textContent),
    ).toEqual(["1 buy milk", "4 call the plumber"]);
  });

  test("is read again when the user comes back to it", async () => {
    fakeServer(serve);
    render(<List />);
    await milk();
    stored = stored.slice(1);
    vi.setSystemTime(Date.now() + 1_001);
    try {
      window.dispatchEvent(new Event("focus"));
      await waitFor(() => expect(screen.queryByText("buy milk")).not.toBeInTheDocument());
    } finally {
      vi.useRealTimers();
    }
  });

  test("is read again when it was changed elsewhere, once for many changes", async () => {
    const live = new FakeStream();
    const calls = fakeServer(serve, () => live);
    render(<List />);
    expect(await milk()).not.toBeChecked();
    stored[0]!.completed = true;
    stored[0]!.version = 2;
    for (let times = 0; times < 5; times++) live.send("changed", { kind: "todos" });
    await waitFor(async () => expect(await milk()).toBeChecked());
    expect(lists(calls)).toHaveLength(2);
  });

  test("is watched again after the connection was lost, and not while it cannot be seen", async () => {
    const streams: FakeStream[] = [];
    fakeServer(serve, () => {
      // The second time nobody answers.
      streams.push(new FakeStream());
      return streams.length === 2 ? undefined : streams.at(-1);
    });
    const { unmount } = render(<List />);
    await milk();
    streams[0]!.end();
    await waitFor(() => expect(streams).toHaveLength(3));
    const visibility = vi.spyOn(document, "visibilityState", "get");
    visibility.mockReturnValue("hidden");
    document.dispatchEvent(new Event("visibilitychange"));
    expect(streams[2]!.left).toHaveBeenCalledOnce();
    visibility.mockReturnValue("visible");
    document.dispatchEvent(new Event("visibilitychange"));
    await waitFor(() => expect(streams).toHaveLength(4));
    visibility.mockRestore();
    unmount();
    expect(streams[3]!.left).toHaveBeenCalledOnce();
  });

  test("that is watched after the session is over hands over", async () => {
    const onExpired = vi.fn();
    const live = new FakeStream();
    fakeServer(serve, () => live);
    render(<List onExpired={onExpired} />);
    await milk();
    failure = [401, { detail: "Sign in first." }];
    live.send("changed", { kind: "todos" });
    await waitFor(() => expect(onExpired).toHaveBeenCalledOnce());
  });

  test("takes a todo without the chat, and keeps the words and their key when that fails", async () => {
    const calls = fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await milk();
    const field = screen.getByRole("textbox", { name: "New todo" });
    failure = [502, { detail: "Away." }];
    await user.type(field, " sweep {Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("Away.");
    expect(field).toHaveValue(" sweep ");
    failure = undefined;
    await user.type(field, "{Enter}");
    expect(await screen.findByRole("checkbox", { name: /sweep/ })).not.toBeChecked();
    expect(field).toHaveValue("");
    const [first, second] = calls.filter(({ method }) => method === "POST");
    expect(first).toEqual({
      method: "POST",
      path: "/api/todos",
      body: { title: "sweep" },
      key: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    expect(second).toEqual(first);
  });

  test("takes a todo once whose answer is lost twice, and anew what is typed anew", async () => {
    const kept: Record<string, FakeAnswer> = {};
    let lost = true;
    const calls = fakeServer((call) => {
      if (call.method !== "POST") return serve(call);
      const answer = (kept[call.key!] ??= serve(call));
      return lost ? undefined : answer;
    });
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await milk();
    const field = screen.getByRole("textbox", { name: "New todo" });
    for (const typed of ["sweep{Enter}", "{Enter}"]) {
      await user.type(field, typed);
      await waitFor(() => expect(screen.getByRole("button", { name: "Add" })).toBeEnabled());
    }
    expect(calls.filter(({ method }) => method === "POST")).toHaveLength(2);
    expect(stored).toHaveLength(3);
    stored = stored.slice(0, 2);
    lost = false;
    await user.clear(field);
    await user.type(field, "sweep{Enter}");
    expect(await screen.findByRole("checkbox", { name: /sweep/ })).not.toBeChecked();
  });

  test("takes a todo once whose answer was lost, also after a reload", async () => {
    const kept: Record<string, FakeAnswer> = {};
    let lost = true;
    fakeServer((call) => {
      if (call.method !== "POST") return serve(call);
      const answer = (kept[call.key!] ??= serve(call));
      return lost ? undefined : answer;
    });
    const user = userEvent.setup({ delay: null });
    const { unmount } = render(<List />);
    await milk();
    await user.type(screen.getByRole("textbox", { name: "New todo" }), "sweep{Enter}");
    await screen.findByRole("alert");
    unmount();
    lost = false;
    render(<List />);
    await milk();
    await user.type(screen.getByRole("textbox", { name: "New todo" }), "{Enter}");
    await waitFor(() => expect(screen.getByRole("textbox", { name: "New todo" })).toHaveValue(""));
    expect(stored.map(({ title }) => title)).toEqual(["buy milk", "call the plumber", "sweep"]);
    expect(sessionStorage).toHaveLength(0);
  });

  test.each<[string, FakeAnswer]>([
    ["an answer", [200, []]],
    ["a failure", [502, { detail: "Away." }]],
  ])("ignores %s that a later answer has overtaken", async (_, late) => {
    const waiting: ((answer: FakeAnswer) => void)[] = [];
    fakeServer((call) =>
      call.path === "/api/todos" ? new Promise<FakeAnswer>((resolve) => waiting.push(resolve)) : serve(call),
    );
    function Probe() {
      const todos = useTodos(ignore);
      return (
        <>
          <button type="button" onClick={() => void todos.reload()}>
            reload
          </button>
          <TodoList userId="ada" {...todos} />
        </>
      );
    }
    render(<Probe />);
    await userEvent.click(screen.getByRole("button", { name: "reload" }));
    await waitFor(() => expect(waiting).toHaveLength(2));
    waiting[1]!([200, stored]);
    await milk();
    waiting[0]!(late);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await milk()).toBeVisible();
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });
});

/** Todos of which each second is done. */
const many = (count: number): Todo[] =>
  Array.from({ length: count }, (_, index) => ({
    ...PLAIN,
    id: `t${index + 1}`,
    number: index + 1,
    title: `todo ${index + 1}`,
    completed: index % 2 === 1,
  }));

/** A backend with pages, each after the number that its cursor names. */
const paged = ({ path, query }: FakeCall): FakeAnswer => {
  if (path.endsWith("/summary")) return [200, summary()];
  const rest = stored.filter(({ number }) => number > Number(query?.cursor ?? 0));
  const todos = rest.slice(0, Number(query?.limit));
  return [200, { todos, next_cursor: rest.length > todos.length ? String(todos.at(-1)!.number) : null }];
};

describe("what is done", () => {
  const PLUMBER = { name: "4 call the plumber" };
  const heading = () => screen.getByRole("heading", { name: "Your todos" });

  /** Presses the button of the list, and the one of the question. */
  async function clearDone(user: UserEvent) {
    await user.click(await screen.findByRole("button", { name: "Clear done…" }));
    await user.click(screen.getByRole("button", { name: "Clear done" }));
  }

  /** What was deleted, as it is told. */
  const told = async () => (await screen.findByText(/^Deleted/)).textContent;

  /** What is told of a failure in the question. */
  const refused = () => within(screen.getByRole("dialog")).findByRole("alert");

  /** A server that clears, and whose answer to that is lost while it is away. */
  function losingAnswers() {
    const server = { away: true, calls: [] as FakeCall[] };
    server.calls = fakeServer((call) => {
      const answer = serve(call);
      return server.away && clears([call]).length ? undefined : answer;
    });
    return server;
  }

  test("is cleared after asking, counted, and brought back as it was by Undo", async () => {
    stored[1] = { ...stored[1]!, due_at: NOON, priority: "high", tags: ["home"] };
    const before = structuredClone(stored);
    const calls = fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await user.click(await screen.findByRole("button", { name: "Clear done…" }));
    expect(clears(calls)).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Clear done" }));
    expect(await told()).toBe("Deleted 1 todo.");
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(stored).toEqual(before.slice(0, 1));
    expect(screen.queryByRole("checkbox", { name: /plumber/ })).not.toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Clear done…" })).not.toBeInTheDocument();
    expect(heading()).toHaveFocus();

    screen.getByRole("button", { name: "Undo" }).focus();
    await user.keyboard("{Enter}");
    expect(await screen.findByRole("checkbox", { name: /^4 call the plumber Due .* #home$/ })).toBeChecked();
    await waitFor(() => expect(screen.queryByText(/^Deleted/)).not.toBeInTheDocument());
    expect(heading()).toHaveFocus();
    expect(stored).toEqual(before);
    expect(calls).toContainEqual({ method: "POST", path: "/api/todos/restore", body: { ids: ["b"] } });
  });

  test("is cleared and brought back by as many requests as it takes, seen or not", async () => {
    stored = many(4_100);
    const before = stored;
    const calls = fakeServer((call) => (call.method === "GET" ? paged(call) : serve(call)));
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await clearDone(user);
    expect(await told()).toBe("Deleted 2050 todos.");
    expect(stored.some(({ completed }) => completed)).toBe(false);
    expect(clears(calls)).toHaveLength(3);
    expect(new Set(clears(calls).map(({ key }) => key)).size).toBe(3);
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await waitFor(() => expect(screen.queryByText(/^Deleted/)).not.toBeInTheDocument());
    expect(stored).toEqual(before);
    expect(calls.filter(({ path }) => path === "/api/todos/restore")).toHaveLength(3);
  });

  test("stays where it cannot be cleared, and says so where that was asked", async () => {
    fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await screen.findByRole("checkbox", PLUMBER);
    failure = [502, { detail: "Away." }];
    await clearDone(user);
    expect(await refused()).toHaveTextContent("Clearing failed. Away.");
    failure = undefined;
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(screen.getByRole("checkbox", PLUMBER)).toBeChecked();
    expect(screen.queryByRole("button", { name: "Undo" })).not.toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Clear done…" })).toHaveFocus();
  });

  test("is brought back also where the answer was lost, for which it is asked again", async () => {
    const server = losingAnswers();
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await clearDone(user);
    expect(await refused()).toHaveTextContent("Clearing failed. The server cannot be reached.");
    // It is gone, and what was not told can still be asked for.
    await waitFor(() => expect(screen.queryByRole("checkbox", PLUMBER)).not.toBeInTheDocument());
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(screen.getByRole("button", { name: "Clear done…" })).toHaveFocus();
    stored[0] = { ...stored[0]!, completed: true, version: 2 };
    server.away = false;
    await clearDone(user);
    expect(await told()).toBe("Deleted 2 todos.");
    const [first, again, more] = clears(server.calls).map(({ key }) => key);
    expect([first === again, first === more]).toEqual([true, false]);
    await waitFor(() =>
      expect(screen.queryByRole("button", { name: "Clear done…" })).not.toBeInTheDocument(),
    );
    await user.click(screen.getByRole("button", { name: "Undo" }));
    expect(await screen.findByRole("checkbox", PLUMBER)).toBeChecked();
    expect(await milk()).toBeChecked();
  });

  test("can be asked for again after a lost answer also where nothing is left in the list", async () => {
    stored = stored.slice(1);
    const server = losingAnswers();
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await clearDone(user);
    await refused();
    expect(await screen.findByText(/Nothing to do/)).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(screen.getByRole("button", { name: "Clear done…" })).toHaveFocus();
    server.away = false;
    await clearDone(user);
    expect(await told()).toBe("Deleted 1 todo.");
  });

  test("that was cleared in part is brought back whole, also after the rest was cleared", async () => {
    stored = many(10);
    atOnce = 3;
    let allowed = 1;
    fakeServer((call) => (clears([call]).length && !allowed-- ? [502, { detail: "Away." }] : serve(call)));
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await clearDone(user);
    expect(await refused()).toHaveTextContent("Clearing failed. Away.");
    expect(await told()).toBe("Deleted 3 todos.");
    await user.click(screen.getByRole("button", { name: "Clear done" }));
    await waitFor(async () => expect(await told()).toBe("Deleted 5 todos."));
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await waitFor(() => expect(stored).toHaveLength(10));
  });

  test("is offered again where Undo fails, with what is not back yet", async () => {
    stored = many(3_000);
    let allowed = 1;
    fakeServer((call) => {
      if (call.path === "/api/todos/restore" && !allowed--) return [503, { detail: "Away." }];
      return call.method === "GET" ? paged(call) : serve(call);
    });
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await clearDone(user);
    expect(await told()).toBe("Deleted 1500 todos.");
    screen.getByRole("button", { name: "Undo" }).focus();
    await user.keyboard("{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("Undo failed. Away.");
    expect(await told()).toBe("Deleted 700 todos.");
    expect(screen.getByRole("button", { name: "Undo" })).toHaveFocus();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.queryByText(/^Deleted/)).not.toBeInTheDocument());
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
    expect(stored).toHaveLength(3_000);
  });

  test("and was deleted too long ago is not brought back, and that is said", async () => {
    stored = many(4);
    fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await clearDone(user);
    expect(await told()).toBe("Deleted 2 todos.");
    bin = bin.slice(1);
    await user.click(screen.getByRole("button", { name: "Undo" }));
    expect(await screen.findByRole("alert")).toHaveTextContent(
      "Undo failed. What is deleted is kept for a day only.",
    );
    expect(await told()).toBe("Deleted 1 todo.");
    expect(await screen.findByRole("checkbox", { name: "4 todo 4" })).toBeChecked();
  });

  test("and was cleared elsewhere meanwhile takes no Undo away, and no focus", async () => {
    const live = new FakeStream();
    fakeServer(serve, () => live);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await milk();
    await user.click(screen.getByRole("button", { name: "Delete buy milk" }));
    expect(await told()).toBe("Deleted “buy milk”.");
    await user.click(await screen.findByRole("button", { name: "Clear done…" }));
    stored = [];
    live.send("changed", {});
    await waitFor(() => expect(screen.queryByText("Clear done…")).not.toBeInTheDocument());
    await user.click(screen.getByRole("button", { name: "Clear done" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(heading()).toHaveFocus();
    expect(await told()).toBe("Deleted “buy milk”.");
  });

  test("is asked for in vain where another window was faster, and Cancel leaves the focus in the list", async () => {
    const live = new FakeStream();
    fakeServer(serve, () => live);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await milk();
    await user.click(screen.getByRole("button", { name: "Clear done…" }));
    stored = stored.slice(0, 1);
    live.send("changed", {});
    await waitFor(() => expect(screen.queryByText("Clear done…")).not.toBeInTheDocument());
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    await waitFor(() => expect(heading()).toHaveFocus());
  });
});

test("what was deleted can still be brought back where the next deletion fails", async () => {
  fakeServer(serve);
  const user = userEvent.setup({ delay: null });
  render(<List />);
  await milk();
  await user.click(screen.getByRole("button", { name: "Delete buy milk" }));
  await screen.findByText(/^Deleted/);
  failure = [502, { detail: "Away." }];
  await user.click(screen.getByRole("button", { name: "Delete call the plumber" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Away.");
  failure = undefined;
  await user.click(screen.getByRole("button", { name: "Undo" }));
  expect(await milk()).toBeVisible();
});

describe("a long list", () => {
  const shown = () => screen.getAllByRole<HTMLInputElement>("checkbox").length;

  test("is drawn as far as it is looked at", async () => {
    stored = many(250);
    fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await screen.findByRole("checkbox", { name: /todo 1$/ });
    expect(shown()).toBe(100);
    expect(screen.getAllByRole("status")[0]).toHaveTextContent("125 open");
    await user.click(screen.getByRole("button", { name: "Show more" }));
    await user.click(screen.getByRole("button", { name: "Show more" }));
    expect(shown()).toBe(250);
    expect(screen.queryByRole("button", { name: "Show more" })).not.toBeInTheDocument();
  });

  test("is read as far as it is looked at", async () => {
    stored = many(450);
    const calls = fakeServer(paged);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await screen.findByRole("checkbox", { name: /todo 1$/ });
    expect(screen.getAllByRole("status")[0]).toHaveTextContent("225 open");
    await user.click(screen.getByRole("button", { name: "Show more" }));
    await user.click(screen.getByRole("button", { name: "Show more" }));
    await waitFor(() => expect(shown()).toBe(300));
    expect(lists(calls).map(({ query }) => query)).toEqual([
      { limit: "200" },
      { limit: "200", cursor: "200" },
    ]);
  });

  test("is not read on from what it was while it is read again", async () => {
    stored = many(450);
    const live = new FakeStream();
    let held: (() => void)[] | undefined;
    fakeServer(
      async (call) => {
        const answer = paged(call);
        if (held && !call.query?.cursor) await new Promise<void>((resolve) => held!.push(resolve));
        return answer;
      },
      () => live,
    );
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await screen.findByRole("checkbox", { name: /todo 1$/ });
    await user.click(screen.getByRole("button", { name: "Show more" }));
    stored = stored.slice(100);
    held = [];
    live.send("changed", {});
    await waitFor(() => expect(held).toHaveLength(2));
    await user.click(screen.getByRole("button", { name: "Show more" }));
    held.forEach((release) => release());
    held = undefined;
    await waitFor(() => expect(screen.queryByText("todo 1")).not.toBeInTheDocument());
    await waitFor(() => expect(shown()).toBe(300));
  });

  describe("that was scrolled far", () => {
    /** Has the todo of that number at the top of the window. */
    function scrollTo(top: number) {
      vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockImplementation(function (
        this: HTMLElement,
      ) {
        const place = this.dataset.id ? Number(this.dataset.id.slice(1)) - top : 0;
        return { top: place * 40, bottom: place * 40 + 40 } as DOMRect;
      });
      document.dispatchEvent(new Event("scroll"));
    }

    afterEach(() => vi.restoreAllMocks());

    async function scrolled() {
      stored = many(1_000);
      const live = new FakeStream();
      const calls = fakeServer(
        (call) => (call.method === "GET" ? paged(call) : serve(call)),
        () => live,
      );
      const user = userEvent.setup({ delay: null });
      render(<List />);
      await screen.findByRole("checkbox", { name: /todo 1$/ });
      for (let drawn = 100; drawn < 1_000; drawn += 100) {
        await user.click(screen.getByText("Show more"));
        await waitFor(() => expect(document.querySelectorAll("li[data-id]")).toHaveLength(drawn + 100));
      }
      scrollTo(650);
      const begun = calls.length;
      return { live, user, since: () => lists(calls.slice(begun)).map(({ query }) => query) };
    }

    test("is read again where it is seen, by one request for a change", async () => {
      const { live, since } = await scrolled();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(since(), "nothing has changed").toEqual([]);
      stored[0] = { ...stored[0]!, title: "first", version: 2 };
      stored[699] = { ...stored[699]!, title: "seen", version: 2 };
      stored = stored.filter(({ id }) => id !== "t701");
      live.send("changed", {});
      expect(await screen.findByText("seen")).toBeVisible();
      expect(since()).toEqual([{ limit: "500", cursor: "600" }]);
      expect(screen.queryByText("todo 701")).not.toBeInTheDocument();
      expect(screen.getByText("todo 1")).toBeVisible();
      expect(document.querySelectorAll("li[data-id]")).toHaveLength(999);

      // What comes into view is read then.
      scrollTo(1);
      expect(await screen.findByText("first")).toBeVisible();
      expect(since()).toEqual([{ limit: "500", cursor: "600" }, { limit: "500" }]);
      expect(document.querySelectorAll("li[data-id]")).toHaveLength(999);
    });
  });

  test("is searched, narrowed and put in order by the server, from its beginning", async () => {
    stored = many(450);
    const calls = fakeServer(paged);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await screen.findByRole("checkbox", { name: /todo 1$/ });
    await user.click(screen.getByRole("button", { name: "Show more" }));
    await user.selectOptions(screen.getByRole("combobox", { name: "Show" }), "Open");
    await user.selectOptions(screen.getByRole("combobox", { name: "Order" }), "Newest first");
    await user.type(screen.getByRole("searchbox", { name: "Search todos" }), " 45");
    await waitFor(() => expect(lists(calls).at(-1)?.query).toHaveProperty("search"));
    expect(lists(calls).at(-1)?.query).toEqual({
      limit: "200",
      completed: "false",
      search: "45",
      sort: "newest",
    });
    // Not at each letter.
    expect(lists(calls).filter(({ query }) => query?.search === "4")).toEqual([]);
  });

  test("in which nothing is like what is searched says so, and is left again", async () => {
    fakeServer((call) => (call.query?.search ? [200, { todos: [], next_cursor: null }] : serve(call)));
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await milk();
    const search = screen.getByRole("searchbox", { name: "Search todos" });
    await user.type(search, "x");
    expect(await screen.findByText("No todo is like that.")).toBeVisible();
    await user.clear(search);
    expect(await milk()).toBeVisible();
  });

  test("that is searched forgets an answer to what was asked before", async () => {
    const waiting: ((answer: FakeAnswer) => void)[] = [];
    fakeServer((call) =>
      call.query?.sort ? new Promise<FakeAnswer>((resolve) => waiting.push(resolve)) : serve(call),
    );
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await milk();
    const order = screen.getByRole("combobox", { name: "Order" });
    await user.selectOptions(order, "Newest first");
    await waitFor(() => expect(waiting).toHaveLength(1));
    await user.selectOptions(order, "By number");
    waiting[0]!([200, []]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await milk()).toBeVisible();
  });
});

describe("tags", () => {
  test("are shown, chosen among, and sent to the server", async () => {
    stored[0]!.tags = ["food", "home"];
    const calls = fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    expect(within(await screen.findByRole("list")).getByText("#home")).toBeVisible();
    const tag = await screen.findByRole("combobox", { name: "Tag" });
    expect(
      within(tag)
        .getAllByRole("option")
        .map(({ textContent }) => textContent),
    ).toEqual(["Any tag", "#food", "#home"]);
    await user.selectOptions(tag, "#home");
    await waitFor(() => expect(lists(calls).at(-1)?.query).toEqual({ limit: "200", tag: "home" }));
  });

  test("are not asked for where there are none", async () => {
    fakeServer(serve);
    render(<List />);
    await milk();
    expect(screen.queryByRole("combobox", { name: "Tag" })).not.toBeInTheDocument();
  });

  test.each([
    ["food #Home,  garden", ["food", "garden", "home"]],
    ["", []],
  ])("are edited as words: %j", async (typed, tags) => {
    stored[0]!.tags = ["food"];
    const calls = fakeServer(serve);
    render(<List />);
    const user = userEvent.setup({ delay: null });
    await user.click(await screen.findByRole("button", { name: "Edit buy milk" }));
    const field = screen.getByLabelText("Tags");
    expect(field).toHaveValue("food");
    await user.clear(field);
    if (typed) await user.type(field, typed);
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() =>
      expect(calls).toContainEqual({ method: "PATCH", path: "/api/todos/a", body: { tags, version: 1 } }),
    );
  });
});

describe("editing by hand", () => {
  const edit = async (title = "buy milk") => {
    const user = userEvent.setup({ delay: null });
    await user.click(await screen.findByRole("button", { name: `Edit ${title}` }));
    return { user, dialog: within(await screen.findByRole("dialog", { name: "Edit todo" })) };
  };

  test("is said not to be possible where the editor does not come, and is once it does", async () => {
    let away = true;
    vi.doMock("./todo-editor", async (original) => {
      if (away) throw new TypeError("Failed to fetch");
      return original();
    });
    vi.resetModules();
    try {
      fakeServer(serve);
      const user = userEvent.setup({ delay: null });
      render(<List />);
      await user.click(await screen.findByRole("button", { name: "Edit buy milk" }));
      expect(await screen.findByRole("alert")).toHaveTextContent("The server cannot be reached.");
      away = false;
      const { dialog } = await edit();
      expect(dialog.getByLabelText("Title")).toHaveValue("buy milk");
      expect(screen.queryByRole("alert")).not.toBeInTheDocument();
    } finally {
      vi.doUnmock("./todo-editor");
    }
  });

  test("changes what was changed, of the version that was seen", async () => {
    const calls = fakeServer(serve);
    render(<List />);
    const { user, dialog } = await edit();
    await user.clear(dialog.getByLabelText("Title"));
    await user.type(dialog.getByLabelText("Title"), " buy oats ");
    await user.selectOptions(dialog.getByLabelText("Priority"), "High");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(await screen.findByRole("checkbox", { name: "1 buy oats High priority" })).toBeVisible();
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(calls.filter(({ method }) => method === "PATCH")).toEqual([
      { method: "PATCH", path: "/api/todos/a", body: { title: "buy oats", priority: "high", version: 1 } },
    ]);
  });

  test("sets a due date with a time or without, and takes it away", async () => {
    fakeServer(serve);
    render(<List />);
    let { user, dialog } = await edit();
    expect(dialog.getByLabelText("Time")).toBeDisabled();
    await user.type(dialog.getByLabelText("Due date"), "2030-11-27");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(stored[0]!.due_at).toBe(new Date("2030-11-27T23:59").toISOString()));
    expect(await screen.findByText("Due Nov 27, 2030")).toBeVisible();
    ({ user, dialog } = await edit());
    await user.type(dialog.getByLabelText("Time"), "17:00");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(stored[0]!.due_at).toBe(new Date("2030-11-27T17:00").toISOString()));
    ({ user, dialog } = await edit());
    // A year may have a digit too many while it is typed.
    fireEvent.change(dialog.getByLabelText("Due date"), { target: { value: "20301-11-28" } });
    expect(dialog.getByLabelText("Due date")).toHaveValue("20301-11-28");
    // A date field is empty while a part of it is being typed anew.
    await user.clear(dialog.getByLabelText("Due date"));
    await user.type(dialog.getByLabelText("Due date"), "2030-11-28");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(stored[0]!.due_at).toBe(new Date("2030-11-28T17:00").toISOString()));
    ({ user, dialog } = await edit());
    await user.clear(dialog.getByLabelText("Due date"));
    await user.click(dialog.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(stored[0]!.due_at).toBeNull());
  });

  test("sends nothing when nothing was changed, and nothing when it is given up", async () => {
    const calls = fakeServer(serve);
    render(<List />);
    let { user, dialog } = await edit();
    await user.click(dialog.getByRole("button", { name: "Save" }));
    ({ user, dialog } = await edit());
    await user.type(dialog.getByLabelText("Title"), "x");
    await user.click(dialog.getByRole("button", { name: "Cancel" }));
    ({ user, dialog } = await edit());
    expect(dialog.getByLabelText("Title")).toHaveValue("buy milk");
    expect(calls.filter(({ method }) => method === "PATCH")).toEqual([]);
  });

  test("loses neither what was typed nor what was changed elsewhere meanwhile", async () => {
    fakeServer(serve);
    render(<List />);
    const { user, dialog } = await edit();
    stored[0] = { ...stored[0]!, title: "buy rye", priority: "low", version: 2 };
    await user.type(dialog.getByLabelText("Title"), " and bread");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(await dialog.findByRole("alert")).toHaveTextContent("It is now “buy rye”");
    expect(stored[0]).toMatchObject({ title: "buy rye", version: 2 });
    expect(dialog.getByLabelText("Title")).toHaveValue("buy milk and bread");
    expect(dialog.getByLabelText("Priority")).toHaveValue("low");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(stored[0]).toMatchObject({ title: "buy milk and bread", priority: "low" }));
  });

  test("keeps what was typed when the session ends, or the page is left, until it is saved or given up", async () => {
    fakeServer(serve);
    const onExpired = vi.fn();
    let page = render(<List onExpired={onExpired} />);
    let { user, dialog } = await edit();
    failure = [401, { detail: "Sign in first." }];
    await user.type(dialog.getByLabelText("Title"), " and bread");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(onExpired).toHaveBeenCalled());
    page.unmount();
    failure = undefined;
    // Meanwhile somebody else was at it.
    stored[0] = { ...stored[0]!, priority: "low", version: 2 };

    page = render(<List />);
    ({ user, dialog } = await edit("call the plumber"));
    expect(dialog.getByLabelText("Title")).toHaveValue("call the plumber");
    await user.click(dialog.getByRole("button", { name: "Cancel" }));
    ({ user, dialog } = await edit());
    expect(dialog.getByLabelText("Title")).toHaveValue("buy milk and bread");
    page.unmount();

    render(<List />);
    ({ user, dialog } = await edit());
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(await dialog.findByRole("alert")).toHaveTextContent("This todo was changed meanwhile.");
    expect(stored[0]).toMatchObject({ title: "buy milk", priority: "low" });
    await user.click(dialog.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(stored[0]).toMatchObject({ title: "buy milk and bread", priority: "low" }));
    ({ user, dialog } = await edit("buy milk and bread"));
    await user.type(dialog.getByLabelText("Title"), "!");
    await user.click(dialog.getByRole("button", { name: "Cancel" }));
    expect(sessionStorage).toHaveLength(0);
  });

  test("says what went wrong and keeps what was typed", async () => {
    fakeServer(serve);
    render(<List />);
    const { user, dialog } = await edit();
    failure = [502, { detail: "Away." }];
    await user.type(dialog.getByLabelText("Title"), "!");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(await dialog.findByRole("alert")).toHaveTextContent("Away.");
    expect(dialog.getByLabelText("Title")).toHaveValue("buy milk!");
  });
});

test("a todo that was changed elsewhere is neither marked nor deleted, and is shown as it is now", async () => {
  fakeServer(serve);
  const user = userEvent.setup({ delay: null });
  render(<List />);
  await milk();
  stored[0] = { ...stored[0]!, title: "buy rye", version: 2 };
  await user.click(screen.getByRole("button", { name: "Delete buy milk" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("It was changed.");
  expect(await screen.findByRole("checkbox", { name: "1 buy rye" })).not.toBeChecked();
  expect(stored).toHaveLength(2);
});

test("what was deleted is brought back by Undo", async () => {
  const calls = fakeServer(serve);
  const user = userEvent.setup({ delay: null });
  render(<List />);
  await milk();
  await user.click(screen.getByRole("button", { name: "Delete buy milk" }));
  expect((await screen.findByText(/^Deleted/)).textContent).toBe("Deleted “buy milk”.");
  expect(calls).toContainEqual({ method: "DELETE", path: "/api/todos/a", query: { version: "1" } });
  await user.click(screen.getByRole("button", { name: "Undo" }));
  expect(await milk()).toBeVisible();
  expect(screen.queryByText(/^Deleted/)).not.toBeInTheDocument();
  expect(screen.getByRole("heading", { name: "Your todos" })).toHaveFocus();
});

test("a title inside a sentence has its own direction", async () => {
  stored[0] = { ...stored[0]!, title: "לקנות חלב" };
  fakeServer(serve);
  const user = userEvent.setup({ delay: null });
  render(<List />);
  await user.click(await screen.findByRole("button", { name: "Edit לקנות חלב" }));
  stored[0] = { ...stored[0]!, title: "לקנות לחם", tags: ["בית"], version: 2 };
  await user.type(await screen.findByLabelText("Title"), "!");
  await user.click(screen.getByRole("button", { name: "Save" }));
  const notice = within(await screen.findByRole("alert"));
  for (const own of ["לקנות לחם", "#בית"]) expect(notice.getByText(own).tagName).toBe("BDI");
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  await user.click(screen.getByRole("button", { name: "Delete לקנות לחם" }));
  const deleted = await screen.findByText(/^Deleted/);
  expect(within(deleted).getByText("לקנות לחם").tagName).toBe("BDI");
});

test("what is due is shown in the time zone that the browser is in by now", async () => {
  fakeServer(serve);
  stored[0]!.due_at = "2030-11-27T20:00:00Z";
  for (const [zone, due] of [
    ["Asia/Tokyo", /Nov 28, 2030, 5:00\sAM/],
    ["America/Lima", /Nov 27, 2030, 3:00\sPM/],
  ] as const) {
    vi.stubEnv("TZ", zone);
    const { unmount } = render(<List />);
    expect(await screen.findByText(due)).toBeVisible();
    unmount();
  }
});

test("what is overdue says so, unless it is done", async () => {
  const due_at = new Date("2020-11-27T17:00").toISOString();
  stored = stored.map((todo) => ({ ...todo, due_at }));
  fakeServer(serve);
  render(<List />);
  expect(await screen.findByRole("checkbox", { name: /buy milk Overdue Nov 27, 2020, 5:00/ })).toBeVisible();
  expect(screen.getByRole("checkbox", { name: /plumber Due Nov 27, 2020, 5:00/ })).toBeVisible();
});

describe("an open page", () => {
  const due_at = new Date("2026-12-31T17:00").toISOString();

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"], now: new Date("2026-12-31T16:59") });
    stored = stored.map((todo) => ({ ...todo, due_at }));
    fakeServer(serve);
  });

  afterEach(() => vi.useRealTimers());

  const pass = (minutes: number) => act(() => vi.advanceTimersByTime(minutes * 60_000));
  const due = () =>
    screen.getAllByText(/^(Due|Overdue) .*Dec/).map(({ textContent }) => textContent.split(", 5:00")[0]);
  const [open, late] = ["Due Thu, Dec 31", "Overdue Thu, Dec 31"];

  test("says by itself what is overdue by now, and the year that is none of this one any more", async () => {
    const { unmount } = render(<List />);
    await milk();
    expect(due()).toEqual([open, open]);
    pass(2);
    expect(due()).toEqual([late, open]);
    pass(8 * 60);
    expect(due()).toEqual(["Overdue Dec 31, 2026", "Due Dec 31, 2026"]);
    unmount();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("looks at the clock once it is seen again, and not while it cannot be seen", async () => {
    render(<List />);
    await milk();
    const visibility = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
    pass(2);
    expect(due()).toEqual([open, open]);
    visibility.mockRestore();
    act(() => void document.dispatchEvent(new Event("visibilitychange")));
    expect(due()).toEqual([late, open]);
  });

  test("says what is overdue by now when it reads the list again", async () => {
    const live = new FakeStream();
    fakeServer(serve, () => live);
    render(<List />);
    await milk();
    vi.setSystemTime(new Date("2026-12-31T20:00"));
    live.send("changed", { kind: "todos" });
    await waitFor(() => expect(due()[0]).toMatch(/^Overdue/));
  });
});
