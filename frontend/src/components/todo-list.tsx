"use client";

import type { Todo } from "@/lib/api";

import { Notice } from "./notice";
import styles from "./todo-list.module.css";
import type { Todos } from "./use-todos";

/** The list of todos, each with its number, a check box and a way to delete it. */
export function TodoList({ todos, error, pending, reload, toggle, remove }: Todos) {
  const open = todos?.filter((todo) => !todo.completed).length ?? 0;
  return (
    <section className={styles.panel} aria-labelledby="todos-title">
      <div className={styles.heading}>
        <h2 id="todos-title">Your todos</h2>
        {todos && todos.length > 0 && (
          <p className={styles.count} role="status">
            {open === 0 ? "All done" : `${open} open`}
          </p>
        )}
      </div>
      {error && (
        <div className={styles.failure}>
          <Notice kind="error">{error}</Notice>
          <button className="button" data-kind="quiet" type="button" onClick={() => void reload()}>
            Try again
          </button>
        </div>
      )}
      {!todos && !error && <p className={styles.empty}>Loading…</p>}
      {todos?.length === 0 && (
        <p className={styles.empty}>Nothing to do. Tell the assistant what is on your mind.</p>
      )}
      {todos && todos.length > 0 && (
        <ul className={styles.list}>
          {todos.map((todo) => (
            <Item
              key={todo.id}
              todo={todo}
              busy={pending.has(todo.id)}
              onToggle={() => void toggle(todo)}
              onRemove={() => void remove(todo)}
            />
          ))}
        </ul>
      )}
    </section>
  );
}

interface ItemProps {
  todo: Todo;
  /** Whether a request about it is under way. */
  busy: boolean;
  onToggle: () => void;
  onRemove: () => void;
}

function Item({ todo, busy, onToggle, onRemove }: ItemProps) {
  return (
    <li className={styles.item} data-completed={todo.completed} aria-busy={busy}>
      <label className={styles.label}>
        <input type="checkbox" checked={todo.completed} disabled={busy} onChange={onToggle} />
        <span className={styles.number}>{todo.number}</span>{" "}
        <span className={styles.title}>{todo.title}</span>
      </label>
      <button
        className={styles.remove}
        type="button"
        disabled={busy}
        onClick={onRemove}
        aria-label={`Delete ${todo.title}`}
      >
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path d="m4 4 8 8m0-8-8 8" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
        </svg>
      </button>
    </li>
  );
}
