import { expect, test } from "vitest";

import type { Todo, TodoPage } from "@/lib/api";

import { reread, startBefore } from "./reread";

/** A todo for each letter; a capital is one that has changed. */
const list = (letters: string, next: string | null = null): TodoPage => ({
  todos: [...letters].map((letter) => {
    const id = letter.toLowerCase();
    return { id, version: letter === id ? 1 : 2 } as Todo;
  }),
  next,
});
const letters = ({ todos }: TodoPage) =>
  todos.map(({ id, version }) => (version === 1 ? id : id.toUpperCase())).join("");

test.each<[string, TodoPage, number, TodoPage, string, string | null]>([
  ["the whole", list("abc"), 0, list("abC"), "abC", null],
  ["a part of which one is gone", list("abcdefgh", "h"), 2, list("cef", "f"), "abcefgh", "h"],
  ["a part to which one has come", list("abcdefgh", "h"), 2, list("cXd", "d"), "abcXdefgh", "h"],
  ["a part to whose end one has come", list("abcdefgh", "h"), 2, list("cdX", "x"), "abcdXefgh", "h"],
  ["a part to which one has moved from below", list("abcdefgh", "h"), 2, list("cGd", "d"), "abcGdefh", "h"],
  [
    "a part to whose end one has moved from below",
    list("abcdefgh", "h"),
    2,
    list("cdG", "g"),
    "abcdGefh",
    "h",
  ],
  ["a part to which one has moved from above", list("abcdefgh", "h"), 2, list("cAd", "d"), "bcAdefgh", "h"],
  ["a part that has nothing more after it", list("abcdefgh", "h"), 2, list("cd"), "abcd", null],
  ["a part of which nothing is as it was", list("abcdefgh", "h"), 2, list("CD", "d"), "abCD", "d"],
  ["the end, which goes on", list("abcd", "d"), 4, list("ef", "f"), "abcdef", "f"],
])("%s is read again, and the rest stays", (_, before, place, read, after, next) => {
  const page = reread(before, place, read);
  expect(letters(page)).toBe(after);
  expect(page.next).toBe(next);
});

test("a page begins where its first todo is by now, and one without it is part of the one before", () => {
  const starts = [{}, { cursor: "b", id: "c" }, { cursor: "d", id: "gone" }, { cursor: "f", id: "g" }];
  const { todos } = list("abcdefgh");
  const cursorOf = (place: number) => startBefore(place, starts, todos).cursor;
  expect([0, 1, 2, 5, 6, 7].map(cursorOf)).toEqual([undefined, undefined, "b", "b", "f", "f"]);
});
