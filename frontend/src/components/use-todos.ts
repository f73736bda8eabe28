"use client";

import { useCallback, useEffect, useRef, useState } from "react";

import {
  addTodo,
  ApiError,
  clearDone,
  deleteTodo,
  editTodo,
  errorMessage,
  LARGEST_PAGE,
  listTodos,
  MOST_RESTORED,
  newKey,
  PAGE,
  restoreTodos,
  setCompleted,
  summarizeTodos,
  type Todo,
  type TodoEdit,
  type TodoPage,
  type TodoQuery,
  type TodoSummary,
} from "@/lib/api";
import { watchChanges } from "@/lib/changes";

import { WHOLE, type Arrangement } from "./arrange";
import { reread, startBefore, type PageStart } from "./reread";

/** The user's todos and what can be done to them. */
export interface Todos {
  /** Those that are asked for, in order; undefined until they have been read for the first time. */
  todos: Todo[] | undefined;
  /** Which are asked for, and in which order. */
  arrangement: Arrangement;
  /** Asks for others, or for another order. */
  arrange: (change: Partial<Arrangement>) => void;
  /** What there is in all; undefined until it has been read. */
  summary: TodoSummary | undefined;
  /** Whether there are more of them than have been read. */
  more: boolean;
  /** What went wrong last, if nothing has gone right since. */
  error: string | undefined;
  /** The todos that a request is under way for. */
  pending: ReadonlySet<string>;
  /** Reads them again: something may have changed them. */
  reload: () => Promise<void>;
  /** Reads the next page. */
  readOn: () => Promise<void>;
  /** Told which place of the list is the first that is seen: what changed there meanwhile is read again. */
  look: (place: number) => void;
  toggle: (todo: Todo) => Promise<void>;
  remove: (todo: Todo) => Promise<void>;
  /** What was deleted last, and can be brought back. */
  deleted: Deletion | undefined;
  /** Brings that back. */
  restore: () => Promise<void>;
  /** Edits one; gives what went wrong, in words for the user, none where the session is over, and what the todo is by now where that is the reason. */
  edit: (todo: Todo, edit: TodoEdit) => Promise<EditFailure | undefined>;
  /** Adds one, once for its key, and tells whether that succeeded. */
  add: (title: string, key: string) => Promise<boolean>;
  /** Deletes all that are done, read or not, and gives what went wrong, in words for the user. */
  clear: () => Promise<string | undefined>;
  /** Whether it is not known what became of that: asked again, it says what was deleted. */
  unanswered: boolean;
}

/** Todos that were deleted together. */
export interface Deletion {
  ids: string[];
  /** What one was called that was deleted alone. */
  title?: string;
  /** Whether more was to be deleted with them, and that failed. */
  unfinished?: boolean;
  /** Whether they are being brought back. */
  busy?: boolean;
  /** Why they are not back, in words for the user. */
  failure?: string;
}

/** Why a todo was not edited. */
export interface EditFailure {
  message: string;
  current?: Todo;
}

/** Milliseconds: coming back to the page may be told as two events at once, and is one reason to read. */
const ONE_RETURN = 1_000;

/** Milliseconds: what is changed here is told from elsewhere too, and so are many changes at once. */
const TOGETHER = 150;

/** Milliseconds: who types goes on typing. */
const TYPING = 200;

/** Reads the todos and keeps them up to date with what is done here; `onExpired` is called when the session is over. */
export function useTodos(onExpired: () => void): Todos {
  const [todos, setTodos] = useState<Todo[]>();
  const [arrangement, setArrangement] = useState(WHOLE);
  const wanted = useRef(WHOLE);
  const [summary, setSummary] = useState<TodoSummary>();
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<string>();
  const [pending, setPending] = useState<ReadonlySet<string>>(new Set());
  const [deleted, setDeleted] = useState<Deletion>();
  /** Names a deletion of what is done until it is answered. */
  const [clearing, setClearing] = useState("");
  const latest = useRef(0);
  /** What is shown, for what is read later. */
  const list = useRef<TodoPage>({ todos: [], next: null });
  useEffect(() => void (list.current = { todos: todos ?? [], next }), [todos, next]);
  /** The pages that were read, from the beginning; none where another list is asked for. */
  const starts = useRef<PageStart[]>([]);
  const seen = useRef(0);
  /** The places that were read after the last change. */
  const fresh = useRef({ from: 0, to: Infinity });
  /** How often it is being read again. */
  const rereading = useRef(0);
  const soon = useRef<ReturnType<typeof setTimeout>>(undefined);

  /** Gives what went wrong, in words for the user; a session that is over is no error of theirs. */
  const failureOf = useCallback(
    async (action: () => Promise<void>): Promise<string | undefined> => {
      try {
        await action();
        return undefined;
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 401)) return errorMessage(error);
        onExpired();
        return "";
      }
    },
    [onExpired],
  );

  const attempt = useCallback(
    async (action: () => Promise<void>): Promise<boolean> => {
      const failure = await failureOf(action);
      setError(failure || undefined);
      return failure === undefined;
    },
    [failureOf],
  );

  /** Puts on the screen what `read` gives, unless a later question has overtaken it: that would be the past. */
  const show = useCallback(
    async (read: () => Promise<{ page: TodoPage; settle: () => void }>) => {
      const turn = ++latest.current;
      const failure = await failureOf(async () => {
        const { page, settle } = await read();
        if (turn !== latest.current) return;
        settle();
        setTodos(page.todos);
        setNext(page.next);
      });
      if (turn === latest.current) setError(failure || undefined);
    },
    [failureOf],
  );

  /** One request, however much of the list there is: of a long one, what is seen is read again. */
  const reload = useCallback(async () => {
    clearTimeout(soon.current);
    rereading.current++;
    await show(async () => {
      const before = starts.current.length ? list.current : { todos: [], next: null };
      const { place, cursor } = startBefore(seen.current, starts.current, before.todos);
      const [read, summary] = await Promise.all([
        listTodos({ ...queryOf(wanted.current), cursor }, before.todos.length > PAGE ? LARGEST_PAGE : PAGE),
        summarizeTodos().catch(() => undefined),
      ]);
      const page = reread(before, place, read);
      const to = place + read.todos.length;
      return {
        page,
        settle: () => {
          setSummary(summary);
          const others = starts.current.filter((start) => start.cursor !== cursor);
          starts.current = [{ cursor, id: read.todos[0]?.id }, ...others];
          fresh.current = { from: place, to: to < page.todos.length ? to : Infinity };
        },
      };
    });
    rereading.current--;
  }, [show]);

  const readOn = useCallback(async () => {
    // What goes on where the list ended before it changed would overtake what it is now.
    if (!next || !todos || rereading.current) return;
    await show(async () => {
      const read = await listTodos({ ...queryOf(wanted.current), cursor: next });
      return {
        page: reread({ todos, next }, todos.length, read),
        settle: () => void starts.current.push({ cursor: next, id: read.todos[0]?.id }),
      };
    });
  }, [next, todos, show]);

  const look = useCallback(
    (place: number) => {
      seen.current = place;
      const { from, to } = fresh.current;
      if (place < from || place >= to) void reload();
    },
    [reload],
  );

  const arrange = useCallback(
    (change: Partial<Arrangement>) => {
      wanted.current = { ...wanted.current, ...change };
      setArrangement(wanted.current);
      // From the beginning, and for what is typed not at each letter.
      starts.current = [];
      seen.current = 0;
      // What is on its way is of another question.
      latest.current++;
      clearTimeout(soon.current);
      soon.current = setTimeout(() => void reload(), "search" in change ? TYPING : 0);
    },
    [reload],
  );

  const change = useCallback(
    async (todo: Todo, shown: (todos: Todo[]) => Todo[], action: () => Promise<unknown>) => {
      // What was asked before this would put the past on the screen.
      latest.current++;
      setPending((ids) => new Set(ids).add(todo.id));
      let place = 0;
      setTodos((before) => {
        place = before?.findIndex(({ id }) => id === todo.id) ?? 0;
        return before && shown(before);
      });
      const stale: { current?: Todo } = {};
      const done = await attempt(async () => {
        await action()
          .catch((error: unknown) => {
            if (error instanceof ApiError) stale.current = error.current;
            throw error;
          })
          .catch(ignoreGone);
      });
      if (done) await reload();
      else setTodos((before) => before && putBack(before, place, stale.current ?? todo));
      setPending((ids) => new Set([...ids].filter((id) => id !== todo.id)));
      return done;
    },
    [attempt, reload],
  );

  const toggle = useCallback(
    async (todo: Todo) => {
      const completed = !todo.completed;
      await change(
        todo,
        (todos) => todos.map((each) => (each.id === todo.id ? { ...each, completed } : each)),
        () => setCompleted(todo, completed),
      );
    },
    [change],
  );
  const remove = useCallback(
    async (todo: Todo) => {
      const done = await change(
        todo,
        (todos) => todos.filter(({ id }) => id !== todo.id),
        () => deleteTodo(todo),
      );
      if (done) setDeleted({ ids: [todo.id], title: todo.title });
    },
    [change],
  );
  const restore = useCallback(async () => {
    if (!deleted || deleted.busy) return;
    const restoring = { ...deleted, busy: true, failure: undefined };
    setDeleted(restoring);
    const lost: string[] = [];
    let left = deleted.ids;
    let failure = await failureOf(async () => {
      while (left.length) {
        const some = left.slice(0, MOST_RESTORED);
        const there = new Set((await restoreTodos(some)).map(({ id }) => id));
        lost.push(...some.filter((id) => !there.has(id)));
        left = left.slice(MOST_RESTORED);
      }
    });
    if (lost.length) failure ||= "What is deleted is kept for a day only.";
    if (left !== deleted.ids) await reload();
    const rest = failure === undefined ? undefined : { ...deleted, ids: [...lost, ...left], failure };
    // What was deleted meanwhile is what can be undone now.
    setDeleted((now) => (now === restoring ? rest : now));
  }, [failureOf, reload, deleted]);
  const edit = useCallback(
    async (todo: Todo, edit: TodoEdit) => {
      let current: Todo | undefined;
      const message = await failureOf(async () => {
        try {
          await editTodo(todo, edit);
        } catch (error) {
          if (error instanceof ApiError) current = error.current;
          throw error;
        }
      });
      // Also when it is another by now: the list is to say so.
      if (message === undefined || current) await reload();
      return message === undefined ? undefined : { message, current };
    },
    [failureOf, reload],
  );
  const add = useCallback(
    async (title: string, key: string) => {
      const added = await attempt(async () => void (await addTodo(title, key)));
      if (added) await reload();
      return added;
    },
    [attempt, reload],
  );

  const clear = useCallback(async () => {
    const ids = new Set(deleted?.unfinished ? deleted.ids : []);
    let key = clearing;
    const failure = await failureOf(async () => {
      for (let more = true; more;) {
        // What is answered again may be of a while ago.
        more = key !== "";
        key ||= newKey();
        const cleared = await clearDone(key);
        key = "";
        for (const id of cleared.ids) ids.add(id);
        more ||= cleared.more;
      }
    });
    setClearing(key);
    if (ids.size) setDeleted({ ids: [...ids], unfinished: failure !== undefined });
    await reload();
    return failure && `Clearing failed. ${failure}`;
  }, [failureOf, reload, deleted, clearing]);

  useEffect(() => {
    void reload();
    let read = Date.now();
    const stop = watchChanges(() => {
      clearTimeout(soon.current);
      soon.current = setTimeout(() => void reload(), TOGETHER);
    });
    function comeBack() {
      if (document.visibilityState === "hidden" || Date.now() < read + ONE_RETURN) return;
      read = Date.now();
      void reload();
    }
    document.addEventListener("visibilitychange", comeBack);
    window.addEventListener("focus", comeBack);
    return () => {
      stop();
      clearTimeout(soon.current);
      document.removeEventListener("visibilitychange", comeBack);
      window.removeEventListener("focus", comeBack);
    };
  }, [reload]);

  return {
    todos,
    arrangement,
    arrange,
    summary,
    more: next !== null,
    error,
    pending,
    reload,
    readOn,
    look,
    toggle,
    remove,
    deleted,
    restore,
    edit,
    add,
    clear,
    unanswered: clearing !== "",
  };
}

/** Gone already, by the chat or in another window, is as good as done: the list that is read next says so. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 404)) throw error;
}

/** The list with a todo as it was and where it was, after a change that did not come about. */
function putBack(todos: Todo[], place: number, todo: Todo): Todo[] {
  return todos.filter(({ id }) => id !== todo.id).toSpliced(place, 0, todo);
}

function queryOf({ search, filter, tag, sort }: Arrangement): TodoQuery {
  return {
    ...(search.trim() && { search: search.trim() }),
    ...(filter !== "all" && { completed: filter === "done" }),
    ...(tag && { tag }),
    ...(sort !== "number" && { sort }),
  };
}
