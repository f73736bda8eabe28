import type { Todo } from "@/lib/api";

/** Which todos are shown, by what each choice is called. */
export const FILTERS = { all: "All", open: "Open", done: "Done" };

/** In which order, likewise. */
export const SORTS = {
  number: "By number",
  newest: "Newest first",
  title: "By title",
  open: "Open first",
  due: "Due first",
  priority: "By priority",
};

/** What of the list is shown, and in which order. */
export interface Arrangement {
  /** Words of the title, in any order, or a number. */
  search: string;
  filter: keyof typeof FILTERS;
  sort: keyof typeof SORTS;
}

const ORDER: Record<Arrangement["sort"], (one: Todo, other: Todo) => number> = {
  number: (one, other) => one.number - other.number,
  newest: (one, other) => other.number - one.number,
  title: (one, other) => COLLATOR.compare(one.title, other.title) || one.number - other.number,
  due: (one, other) => due(one) - due(other) || one.number - other.number,
  priority: (one, other) =>
    PRIORITIES.indexOf(one.priority) - PRIORITIES.indexOf(other.priority) || one.number - other.number,
  open: (one, other) => Number(one.completed) - Number(other.completed) || one.number - other.number,
};

const PRIORITIES: Todo["priority"][] = ["high", "normal", "low"];

/** What is due at no time, or done, comes last. */
function due({ due_at, completed }: Todo): number {
  return due_at && !completed ? Date.parse(due_at) : Number.MAX_SAFE_INTEGER;
}

/** In the user's own alphabet; "item 2" comes before "item 10". */
const COLLATOR = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** The todos that are to be shown, in order. */
export function arrange(todos: Todo[], { search, filter, sort }: Arrangement): Todo[] {
  const words = folded(search).split(/\s+/).filter(Boolean);
  return todos
    .filter(({ completed }) => filter === "all" || completed === (filter === "done"))
    .filter(({ title, number }) => {
      const text = folded(title);
      return words.every((word) => text.includes(word) || word.replace(/^#/, "") === String(number));
    })
    .sort(ORDER[sort]);
}

/** Without the differences that who searches does not mean: capitals and accents. */
function folded(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
}
