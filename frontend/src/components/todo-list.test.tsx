import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Todo } from "@/lib/api";

import { fakeServer, type FakeAnswer, type FakeCall } from "../../test/fetch";
import { TodoList } from "./todo-list";
import { useTodos } from "./use-todos";

/** The same function at each render, as the application has it. */
const ignore = () => undefined;

/** The list as the application puts it together, on a server that keeps todos. */
function List({ onExpired = ignore }: { onExpired?: () => void }) {
  return <TodoList {...useTodos(onExpired)} />;
}

let stored: Todo[];
let failure: FakeAnswer | undefined;

function serve({ method, path, query, body }: FakeCall): FakeAnswer {
  if (failure) return failure;
  const id = path.split("/")[3];
  const found = stored.find((todo) => todo.id === id);
  if (method === "GET") {
    const { completed } = query ?? {};
    return [200, stored.filter((todo) => !completed || String(todo.completed) === completed)];
  }
  if (method === "POST") {
    const { title } = body as Pick<Todo, "title">;
    stored = [...stored, { id: "new", number: stored.length + 10, title, completed: false }];
    return [201, stored.at(-1)];
  }
  if (!found) return [404, { detail: "no such todo" }];
  if (method === "DELETE") {
    stored = stored.filter((todo) => todo !== found);
    return [204];
  }
  stored = stored.map((todo) => (todo === found ? { ...todo, ...(body as Partial<Todo>) } : todo));
  return [200, { ...found, ...(body as Partial<Todo>) }];
}

beforeEach(() => {
  failure = undefined;
  stored = [
    { id: "a", number: 1, title: "buy milk", completed: false },
    { id: "b", number: 4, title: "call the plumber", completed: true },
  ];
});

afterEach(() => vi.unstubAllGlobals());

const milk = () => screen.findByRole("checkbox", { name: /buy milk/ });

describe("the list of todos", () => {
  test("shows each with its number and whether it is done", async () => {
    fakeServer(serve);
    render(<List />);
    expect(await milk()).not.toBeChecked();
    expect(screen.getByRole("checkbox", { name: "4 call the plumber" })).toBeChecked();
    expect(screen.getByRole("status")).toHaveTextContent("1 open");
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
    expect(screen.getByRole("status")).toHaveTextContent("All done");
    expect(calls).toContainEqual({ method: "PATCH", path: "/api/todos/a", body: { completed: true } });
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
    await waitFor(() => expect(screen.queryByText("buy milk")).not.toBeInTheDocument());
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
    stored = [...stored, { id: "c", number: 5, title: "sweep", completed: false }];
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

  test("is cleared of what is done, after asking, and says what went wrong", async () => {
    const calls = fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await milk();
    await user.click(screen.getByRole("button", { name: "Clear done…" }));
    expect(calls.some(({ method }) => method === "DELETE")).toBe(false);
    failure = [502, { detail: "Away." }];
    await user.click(screen.getByRole("button", { name: "Clear done" }));
    expect(await within(screen.getByRole("dialog")).findByRole("alert")).toHaveTextContent("Away.");
    failure = undefined;
    await user.click(screen.getByRole("button", { name: "Clear done" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(stored.map(({ title }) => title)).toEqual(["buy milk"]);
    await waitFor(() => expect(screen.queryByText("call the plumber")).not.toBeInTheDocument());
    expect(screen.queryByRole("button", { name: "Clear done…" })).not.toBeInTheDocument();
    expect(screen.getByRole("heading", { name: "Your todos" })).toHaveFocus();
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

  test("is read again when another tab has changed it", async () => {
    fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    const { container } = render(<List />);
    const there = await within(container).findByRole("checkbox", { name: /buy milk/ });
    await user.click((await screen.findAllByRole("checkbox", { name: /buy milk/ }))[0]!);
    await waitFor(() => expect(there).toBeChecked());
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

  test("ignores an answer that a later one has overtaken", async () => {
    const waiting: ((answer: FakeAnswer) => void)[] = [];
    fakeServer(() => new Promise<FakeAnswer>((resolve) => waiting.push(resolve)));
    function Probe() {
      const todos = useTodos(ignore);
      return (
        <>
          <button type="button" onClick={() => void todos.reload()}>
            reload
          </button>
          <TodoList {...todos} />
        </>
      );
    }
    render(<Probe />);
    await userEvent.click(screen.getByRole("button", { name: "reload" }));
    await waitFor(() => expect(waiting).toHaveLength(2));
    waiting[1]!([200, stored]);
    await milk();
    waiting[0]!([200, []]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await milk()).toBeVisible();
  });
});

describe("a long list", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      id: `t${index + 1}`,
      number: index + 1,
      title: `todo ${index + 1}`,
      completed: index % 2 === 1,
    }));
  const shown = () => screen.getAllByRole<HTMLInputElement>("checkbox").length;

  /** A backend with pages of 200. */
  const paged = ({ query }: FakeCall): FakeAnswer => {
    const from = Number(query?.cursor ?? 0);
    const rest = stored.length > from + 200;
    return [200, { todos: stored.slice(from, from + 200), next_cursor: rest ? String(from + 200) : null }];
  };

  test("is never cleared of what is open, whatever the backend answers", async () => {
    stored = many(4);
    fakeServer((call) => (call.method === "GET" ? [200, stored] : serve(call)));
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await screen.findByRole("checkbox", { name: /todo 1$/ });
    await user.click(screen.getByRole("button", { name: "Clear done…" }));
    await user.click(screen.getByRole("button", { name: "Clear done" }));
    await waitFor(() => expect(stored.map(({ id }) => id)).toEqual(["t1", "t3"]));
  });

  test("is drawn as far as it is looked at", async () => {
    stored = many(250);
    fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await screen.findByRole("checkbox", { name: /todo 1$/ });
    expect(shown()).toBe(100);
    expect(screen.getByRole("status")).toHaveTextContent("125 open");
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
    expect(screen.getByRole("status")).toHaveTextContent("100+ open");
    await user.click(screen.getByRole("button", { name: "Show more" }));
    await user.click(screen.getByRole("button", { name: "Show more" }));
    await waitFor(() => expect(shown()).toBe(300));
    expect(calls.map(({ query }) => query)).toEqual([{ limit: "200" }, { limit: "200", cursor: "200" }]);
  });

  test("is read to its end when it is searched", async () => {
    stored = many(450);
    fakeServer(paged);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await screen.findByRole("checkbox", { name: /todo 1$/ });
    await user.type(screen.getByRole("searchbox", { name: "Search todos" }), "450");
    expect(await screen.findByRole("checkbox", { name: /todo 450/ })).toBeVisible();
    expect(shown()).toBe(1);
  });

  test("is narrowed and ordered by two choices", async () => {
    stored = many(3);
    fakeServer(serve);
    const user = userEvent.setup({ delay: null });
    render(<List />);
    await screen.findByRole("checkbox", { name: /todo 1$/ });
    await user.selectOptions(screen.getByRole("combobox", { name: "Show" }), "Open");
    await user.selectOptions(screen.getByRole("combobox", { name: "Order" }), "Newest first");
    expect(
      screen.getAllByRole<HTMLInputElement>("checkbox").map(({ labels }) => labels?.[0]?.textContent),
    ).toEqual(["3 todo 3", "1 todo 1"]);
    await user.type(screen.getByRole("searchbox", { name: "Search todos" }), "2");
    expect(screen.getByText("No todo is like that.")).toBeVisible();
  });
});
