import type { Todo, TodoPage } from "@/lib/api";

/** Where a page of the list begins. */
export interface PageStart {
  /** What it is asked for by; the first page needs none. */
  cursor?: string;
  /** The todo that it begins with. */
  id?: string;
}

/** The start of the page that the todo at `place` is on, and the place of that start. */
export function startBefore(
  place: number,
  starts: PageStart[],
  todos: Todo[],
): PageStart & { place: number } {
  let found: PageStart & { place: number } = { place: 0 };
  for (const start of starts) {
    const at = start.cursor ? todos.findIndex(({ id }) => id === start.id) : 0;
    if (at !== -1 && at <= place && at >= found.place) found = { ...start, place: at };
  }
  return found;
}

/** The list once what begins at `place` was read again: before and after that it is as it was. */
export function reread(list: TodoPage, place: number, read: TodoPage): TodoPage {
  const ids = new Set(read.todos.map(({ id }) => id));
  const without = (todos: Todo[]) => todos.filter(({ id }) => !ids.has(id));
  const before = new Map(list.todos.map((todo, index) => [todo.id, { index, version: todo.version }]));
  // What did not change has not moved either: what came after it still does.
  const same = read.todos.findLast(({ id, version }) => before.get(id)?.version === version);
  const rest = read.next && same ? without(list.todos.slice(before.get(same.id)!.index + 1)) : [];
  return {
    todos: [...without(list.todos.slice(0, place)), ...read.todos, ...rest],
    next: rest.length ? list.next : read.next,
  };
}
