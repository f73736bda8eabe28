"use client";

import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError, deleteTodo, errorMessage, listTodos, setCompleted, type Todo } from "@/lib/api";

/** The user's todos and what can be done to them. */
export interface Todos {
  /** By number; undefined until they have been read for the first time. */
  todos: Todo[] | undefined;
  /** What went wrong last, if nothing has gone right since. */
  error: string | undefined;
  /** The todos that a request is under way for. */
  pending: ReadonlySet<string>;
  reload: () => Promise<void>;
  toggle: (todo: Todo) => Promise<void>;
  remove: (todo: Todo) => Promise<void>;
}

/** Reads the todos and keeps them up to date with what is done here; `onExpired` is called when the session is over. */
export function useTodos(onExpired: () => void): Todos {
  const [todos, setTodos] = useState<Todo[]>();
  const [error, setError] = useState<string>();
  const [pending, setPending] = useState<ReadonlySet<string>>(new Set());
  const latest = useRef(0);

  const attempt = useCallback(
    async (action: () => Promise<void>) => {
      try {
        await action();
        setError(undefined);
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) onExpired();
        else setError(errorMessage(error));
      }
    },
    [onExpired],
  );

  const reload = useCallback(async () => {
    const turn = ++latest.current;
    await attempt(async () => {
      const read = await listTodos();
      // An answer that was overtaken by a later question would put the past on the screen.
      if (turn === latest.current) setTodos(read);
    });
  }, [attempt]);

  const change = useCallback(
    async (todo: Todo, action: () => Promise<unknown>) => {
      setPending((ids) => new Set(ids).add(todo.id));
      await attempt(async () => {
        await action().catch((error: unknown) => {
          // Gone already, by the chat or in another window: the list below says so.
          if (!(error instanceof ApiError && error.status === 404)) throw error;
        });
        await reload();
      });
      setPending((ids) => new Set([...ids].filter((id) => id !== todo.id)));
    },
    [attempt, reload],
  );

  const toggle = useCallback(
    (todo: Todo) => change(todo, () => setCompleted(todo.id, !todo.completed)),
    [change],
  );
  const remove = useCallback((todo: Todo) => change(todo, () => deleteTodo(todo.id)), [change]);

  useEffect(() => {
    void reload();
  }, [reload]);

  return { todos, error, pending, reload, toggle, remove };
}
