import { expect, test } from "vitest";

import type { Action } from "@/lib/api";

import { inWords } from "./actions";

const todo = (number: number, title: string) => ({ number, title }) as Action["todo"];
const ACTIONS: Action[] = [
  { tool: "add_todo", todo: todo(3, "milk") },
  { tool: "complete_todo", todo: todo(4, "bread") },
];

test("what was done is told with its titles, and without them where that is too long", () => {
  const whole = "Added 3: milk; Completed 4: bread";
  expect(inWords(ACTIONS, { most: whole.length })).toBe(whole);
  expect(inWords(ACTIONS, { most: whole.length - 1 })).toBe("Added 3; Completed 4");
});
