import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Todo } from "@/lib/api";

import { fakeServer, type FakeAnswer, type FakeCall } from "../../test/fetch";
import { TodoList } from "./todo-list";
import { useTodos } from "./use-todos";

/** The list as the application puts it together, on a server that keeps todos. */
function List({ onExpired = () => undefined }: { onExpired?: () => void }) {
  return <TodoList {...useTodos(onExpired)} />;
}

let stored: Todo[];
let failure: FakeAnswer | undefined;

function serve({ method, path, body }: FakeCall): FakeAnswer {
  if (failure) return failure;
  const id = path.split("/")[3];
  const found = stored.find((todo) => todo.id === id);
  if (method === "GET") return [200, stored];
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
    await waitFor(async () => expect(await milk()).toBeEnabled());
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

  test("ignores an answer that a later one has overtaken", async () => {
    const waiting: ((answer: FakeAnswer) => void)[] = [];
    fakeServer(() => new Promise<FakeAnswer>((resolve) => waiting.push(resolve)));
    function Probe() {
      const todos = useTodos(() => undefined);
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
