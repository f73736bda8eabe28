import { describe, expect, test } from "vitest";

import type { Todo } from "@/lib/api";

import { arrange, type Arrangement } from "./arrange";

const NOON = "2026-11-20T12:00:00Z";
const PLAIN = { version: 1, priority: "normal", due_at: null, created_at: NOON, updated_at: NOON } as const;

const TODOS: Todo[] = [
  {
    ...PLAIN,
    ...{ id: "a", number: 1, title: "Buy milk", completed: true, due_at: "2026-11-26T07:00:00Z" },
  },
  { ...PLAIN, id: "b", number: 2, title: "Café with Zoë, item 10", completed: false, priority: "low" },
  {
    ...PLAIN,
    ...{ id: "c", number: 12, title: "buy bread, item 2", completed: false, due_at: "2026-11-27T07:00:00Z" },
  },
];

const arranged = (arrangement: Partial<Arrangement>) =>
  arrange(TODOS, { search: "", filter: "all", sort: "number", ...arrangement }).map(({ number }) => number);

describe("the list is searched", () => {
  test.each([
    ["for nothing", "", [1, 2, 12]],
    ["for a word, whatever its capitals", "BUY", [1, 12]],
    ["for a word without its accents", "cafe zoe", [2]],
    ["for a word with accents that are not there", "mílk", [1]],
    ["for all words, in any order", "bread buy", [12]],
    ["for a part of a word", "rea", [12]],
    ["for a number", "12", [12]],
    ["for a number as it is written", "#1", [1]],
    ["for what is not there", "bread milk", []],
    ["for text and not for a pattern", ".*", []],
  ])("%s", (_, search, numbers) => {
    expect(arranged({ search })).toEqual(numbers);
  });
});

describe("the list is narrowed and ordered", () => {
  test.each<[string, Partial<Arrangement>, number[]]>([
    ["to what is open", { filter: "open" }, [2, 12]],
    ["to what is done", { filter: "done" }, [1]],
    ["newest first", { sort: "newest" }, [12, 2, 1]],
    ["by title, as people read it", { sort: "title" }, [12, 1, 2]],
    ["open first", { sort: "open" }, [2, 12, 1]],
    ["what is due first first, and what is done last", { sort: "due" }, [12, 1, 2]],
    ["by priority", { sort: "priority" }, [1, 12, 2]],
    ["all at once", { search: "item", filter: "open", sort: "newest" }, [12, 2]],
  ])("%s", (_, arrangement, numbers) => {
    expect(arranged(arrangement)).toEqual(numbers);
  });

  test("and is itself left as it was", () => {
    arranged({ sort: "newest" });
    expect(TODOS.map(({ number }) => number)).toEqual([1, 2, 12]);
  });
});
