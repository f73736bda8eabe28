import { expect, test } from "vitest";

import { fakeServer, type FakeCall } from "../../test/fetch";
import { addTodo, deleteAccount, listConversations, listTodos, readConversation } from "./api";

test.each<[string, () => Promise<unknown>, FakeCall]>([
  ["the first page", () => listTodos(), { method: "GET", path: "/api/todos", query: { limit: "200" } }],
  [
    "a later page of those that are open",
    () => listTodos({ cursor: "200", completed: false }),
    { method: "GET", path: "/api/todos", query: { limit: "200", cursor: "200", completed: "false" } },
  ],
  [
    "what has no cursor yet",
    () => listConversations(30, null),
    { method: "GET", path: "/api/conversations", query: { limit: "30" } },
  ],
  [
    "an id that is none",
    () => readConversation("../me?x"),
    { method: "GET", path: "/api/conversations/..%2Fme%3Fx", query: { limit: "50" } },
  ],
  [
    "something new, under a key",
    () => addTodo("buy milk", "k1"),
    { method: "POST", path: "/api/todos", key: "k1", body: { title: "buy milk" } },
  ],
  ["what takes nothing", () => deleteAccount(), { method: "DELETE", path: "/api/me" }],
])("asks for %s as the API's description spells it", async (_, ask, call) => {
  const calls = fakeServer(() => [200, { todos: [], next_cursor: null }]);
  await ask();
  expect(calls).toEqual([call]);
});
