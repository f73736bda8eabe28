"use client";

import { memo, useCallback, useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";

import { newKey, UNREACHED, type Todo } from "@/lib/api";
import { keepAddition, readAddition } from "@/lib/drafts";

import { FILTERS, SORTS, WHOLE, type Arrangement } from "./arrange";
import { Confirmation } from "./confirmation";
import { dueText, isPast } from "./due";
import { Notice } from "./notice";
import { PRIORITIES } from "./priorities";
import type { TodoEditor } from "./todo-editor";
import styles from "./todo-list.module.css";
import { useListFocus } from "./use-list-focus";
import { useMinute } from "./use-minute";
import type { Todos } from "./use-todos";

/** How many todos are drawn at first, and how many more when the end of those comes into view. */
const STEP = 100;

/** Milliseconds: who scrolls goes on scrolling. */
const SCROLLING = 100;

const MAX_LENGTH = 200;

interface TodoListProps extends Todos {
  userId: string;
}

/** The list of todos, each with its number, a check box and a way to delete it. */
export function TodoList({ userId, ...props }: TodoListProps) {
  const { todos, more, error, pending, reload, readOn, look, toggle, remove, add, clear } = props;
  const { unanswered, deleted, restore, edit, arrangement, arrange, summary } = props;
  const [drawn, setDrawn] = useState(STEP);
  const list = useRef<HTMLUListElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const confirmation = useRef<HTMLDialogElement>(null);
  const [edited, setEdited] = useState<{ todo: Todo; Editor: typeof TodoEditor }>();
  const [failure, setFailure] = useState<string>();
  const now = useMinute();
  const year = new Date(now).getFullYear();

  const open = summary?.open ?? todos?.filter((todo) => !todo.completed).length ?? 0;
  const uncounted = !summary && more;
  const done = summary ? summary.completed > 0 : todos?.some(({ completed }) => completed);
  const looking = arrangement.search !== "" || arrangement.filter !== "all" || arrangement.tag !== "";
  const empty = todos?.length === 0 && !looking;
  const missing = more && drawn > (todos?.length ?? 0);
  useEffect(() => {
    if (missing && !error) void readOn();
  }, [missing, error, readOn]);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    function scrolled() {
      clearTimeout(timer);
      timer = setTimeout(() => list.current && look(firstInView(list.current)), SCROLLING);
    }
    // Of the list itself, or of the page where that is narrow.
    document.addEventListener("scroll", scrolled, { capture: true, passive: true });
    return () => {
      clearTimeout(timer);
      document.removeEventListener("scroll", scrolled, { capture: true });
    };
  }, [look]);

  function rearrange(change: Partial<Arrangement>) {
    arrange(change);
    setDrawn(STEP);
  }

  const listFocus = useListFocus(list, heading, todos?.map(({ id }) => id) ?? []);

  /** The heading takes the focus when the button that has it goes. */
  const handOver = useCallback(
    (button: HTMLButtonElement) => () => {
      if (button === document.activeElement) heading.current?.focus();
    },
    [],
  );

  const openEditor = useCallback(async (todo: Todo) => {
    setFailure(undefined);
    try {
      // Few edit, and everybody would wait for it.
      const { TodoEditor: Editor } = await import("./todo-editor");
      setEdited({ todo, Editor });
    } catch {
      setFailure(UNREACHED);
    }
  }, []);

  return (
    <section className={styles.panel} aria-labelledby="todos-title">
      <div className={styles.heading}>
        <h2 id="todos-title" ref={heading} tabIndex={-1}>
          Your todos
        </h2>
        {todos && !empty && (
          <p className={styles.count} role="status">
            {open === 0 && !uncounted ? "All done" : `${open}${uncounted ? "+" : ""} open`}
          </p>
        )}
      </div>
      <Confirmation
        ref={confirmation}
        question="Clear what is done?"
        consequence="Every todo that is done is deleted, shown here or not."
        action="Clear done"
        onConfirm={clear}
        returnTo={heading}
      />
      {edited && (
        <edited.Editor userId={userId} todo={edited.todo} edit={edit} onClose={() => setEdited(undefined)} />
      )}
      <AddForm userId={userId} add={add} />
      {/* There before it says something, or a screen reader would not tell it. */}
      <div role="status" className={styles.deleted}>
        {deleted && (
          <>
            <span>
              Deleted{" "}
              {deleted.title ? (
                <>
                  “<bdi>{deleted.title}</bdi>”
                </>
              ) : (
                `${deleted.ids.length} ${deleted.ids.length === 1 ? "todo" : "todos"}`
              )}
              .
            </span>
            <button
              ref={handOver}
              className="button"
              data-kind="quiet"
              type="button"
              aria-disabled={deleted.busy}
              onClick={() => void restore()}
            >
              Undo
            </button>
          </>
        )}
      </div>
      {deleted?.failure && <Notice kind="error">{`Undo failed. ${deleted.failure}`}</Notice>}
      {todos && (!empty || unanswered) && (
        <Arranging
          arrangement={arrangement}
          tags={summary?.tags.map(({ tag }) => tag) ?? []}
          onChange={rearrange}
        >
          {(done || unanswered) && (
            <button
              className="button"
              data-kind="quiet"
              type="button"
              onClick={() => confirmation.current?.showModal()}
            >
              Clear done…
            </button>
          )}
        </Arranging>
      )}
      {failure && <Notice kind="error">{failure}</Notice>}
      {error && (
        <div className={styles.failure}>
          <Notice kind="error">{error}</Notice>
          <button
            ref={handOver}
            className="button"
            data-kind="quiet"
            type="button"
            onClick={() => void reload()}
          >
            Try again
          </button>
        </div>
      )}
      {!todos && !error && <p className={styles.empty}>Loading…</p>}
      {empty && <p className={styles.empty}>Nothing to do. Tell the assistant what is on your mind.</p>}
      {todos?.length === 0 && looking && (
        <p className={styles.empty} role="status">
          No todo is like that.
        </p>
      )}
      {todos && todos.length > 0 && (
        <ul ref={list} className={styles.list} {...listFocus}>
          {todos.slice(0, drawn).map((todo) => (
            <Item
              key={todo.id}
              todo={todo}
              busy={pending.has(todo.id)}
              late={isLate(todo, now)}
              year={year}
              onToggle={toggle}
              onEdit={openEditor}
              onRemove={remove}
            />
          ))}
          {(todos.length > drawn || more) && (
            <ShowMore onShow={() => setDrawn(Math.min(drawn, todos.length) + STEP)} />
          )}
        </ul>
      )}
    </section>
  );
}

/** The place of the first item that is not above what is seen of a list. */
function firstInView(list: HTMLElement): number {
  const top = Math.max(list.getBoundingClientRect().top, 0);
  let [first, end] = [0, list.children.length - 1];
  while (first < end) {
    const middle = (first + end) >> 1;
    if (list.children[middle]!.getBoundingClientRect().bottom > top) end = middle;
    else first = middle + 1;
  }
  return first;
}

/** Adds a todo without a word to the assistant. */
function AddForm({ userId, add }: Pick<TodoListProps, "userId" | "add">) {
  /** The key stays for as long as the text does: sent again after a failure, or a reload, it is the same todo. */
  const [addition, setAddition] = useState(() => readAddition(userId));
  const { title } = addition;
  const [busy, setBusy] = useState(false);
  useEffect(() => keepAddition(userId, addition), [userId, addition]);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!title.trim() || busy) return;
    setBusy(true);
    const key = addition.key || newKey();
    setAddition({ title, key });
    // What was typed meanwhile stays.
    if (await add(title.trim(), key)) {
      setAddition((now) => (now.title === title ? { title: "", key: "" } : now));
    }
    setBusy(false);
  }

  return (
    <form className={styles.add} onSubmit={submit}>
      <input
        className="field"
        aria-label="New todo"
        placeholder="Add a todo"
        value={title}
        onChange={(event) => setAddition({ title: event.target.value, key: "" })}
        maxLength={MAX_LENGTH}
        autoComplete="off"
        dir="auto"
      />
      <button className="button" data-kind="quiet" type="submit" disabled={busy || !title.trim()}>
        Add
      </button>
    </form>
  );
}

interface ArrangingProps {
  arrangement: Arrangement;
  /** Those that the user's todos have. */
  tags: string[];
  onChange: (change: Partial<Arrangement>) => void;
  /** What else can be done to the list. */
  children: ReactNode;
}

/** What of the list is shown, and in which order. */
function Arranging({ arrangement, tags, onChange, children }: ArrangingProps) {
  const { search, filter, tag, sort } = arrangement;
  // One that no todo has any more is still what is asked for.
  const named = tag && !tags.includes(tag) ? [tag, ...tags] : tags;
  return (
    <div className={styles.arranging} role="search">
      <input
        type="search"
        className="field"
        aria-label="Search todos"
        placeholder="Search"
        value={search}
        onChange={(event) => onChange({ search: event.target.value })}
        maxLength={MAX_LENGTH}
        dir="auto"
      />
      <Choice label="Show" value={filter} options={FILTERS} onChange={(filter) => onChange({ filter })} />
      {named.length > 0 && (
        <Choice
          label="Tag"
          value={tag}
          options={{ [WHOLE.tag]: "Any tag", ...Object.fromEntries(named.map((each) => [each, `#${each}`])) }}
          onChange={(tag) => onChange({ tag })}
        />
      )}
      <Choice label="Order" value={sort} options={SORTS} onChange={(sort) => onChange({ sort })} />
      {children}
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  /** What each value is called. */
  options: Record<Value, string>;
  onChange: (value: Value) => void;
}

function Choice<Value extends string>({ label, value, options, onChange }: ChoiceProps<Value>) {
  return (
    <select
      className="field"
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value as Value)}
    >
      {(Object.entries(options) as [Value, string][]).map(([each, name]) => (
        <option key={each} value={each}>
          {name}
        </option>
      ))}
    </select>
  );
}

/** The end of what is drawn of a long list; coming into view is as good as a press. */
function ShowMore({ onShow }: { onShow: () => void }) {
  const item = useRef<HTMLLIElement>(null);
  // Anew after each change of the list: the end may still be in view.
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) onShow();
      },
      { rootMargin: "600px" },
    );
    observer.observe(item.current!);
    return () => observer.disconnect();
  });
  return (
    <li ref={item} className={styles.more}>
      <button className="button" data-kind="quiet" type="button" onClick={onShow}>
        Show more
      </button>
    </li>
  );
}

interface ItemProps {
  todo: Todo;
  /** Whether a request about it is under way. */
  busy: boolean;
  late: boolean;
  /** The one that it is, which goes without saying. */
  year: number;
  onToggle: (todo: Todo) => void;
  onEdit: (todo: Todo) => void;
  onRemove: (todo: Todo) => void;
}

/** Drawn again only when what it shows is another: a list may be long. */
const Item = memo(
  function Item({ todo, busy, late, year, onToggle, onEdit, onRemove }: ItemProps) {
    // Not `disabled`, which would take the focus away from who is at work with the keyboard.
    return (
      <li className={styles.item} data-id={todo.id} data-completed={todo.completed} aria-busy={busy}>
        <label className={styles.label}>
          <input
            type="checkbox"
            checked={todo.completed}
            aria-disabled={busy}
            onChange={() => busy || onToggle(todo)}
          />
          <span className={styles.number}>{todo.number}</span>{" "}
          <span className={styles.title} dir="auto">
            {todo.title}
          </span>
          <Details todo={todo} late={late} year={year} />
        </label>
        <button
          className={styles.edit}
          type="button"
          aria-disabled={busy}
          onClick={() => busy || onEdit(todo)}
          aria-label={`Edit ${todo.title}`}
        >
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path
              d="m3 13 .6-2.9 7-7 2.3 2.3-7 7zM9.2 4.5l2.3 2.3"
              fill="none"
              stroke="currentColor"
              strokeWidth="1.5"
              strokeLinejoin="round"
            />
          </svg>
        </button>
        <button
          className={styles.remove}
          type="button"
          aria-disabled={busy}
          onClick={() => busy || onRemove(todo)}
          aria-label={`Delete ${todo.title}`}
        >
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d="m4 4 8 8m0-8-8 8" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
          </svg>
        </button>
      </li>
    );
  },
  (before, after) =>
    before.busy === after.busy &&
    before.late === after.late &&
    before.year === after.year &&
    before.onToggle === after.onToggle &&
    before.onRemove === after.onRemove &&
    before.onEdit === after.onEdit &&
    before.todo.id === after.todo.id &&
    before.todo.title === after.todo.title &&
    before.todo.completed === after.todo.completed &&
    before.todo.version === after.todo.version,
);

function isLate({ due_at, completed }: Todo, now: number): boolean {
  return !completed && !!due_at && isPast(due_at, now);
}

/** When a todo is due, how much it matters and its tags, where that was said. */
function Details({ todo, late, year }: Pick<ItemProps, "todo" | "late" | "year">) {
  const { due_at, priority, tags } = todo;
  const matters = priority && priority !== "normal";
  if (!due_at && !matters && !tags?.length) return null;
  return (
    <>
      {" "}
      <span className={styles.details}>
        {due_at && (
          <time className={styles.due} dateTime={due_at} data-late={late}>
            {`${late ? "Overdue" : "Due"} ${dueText(due_at, year)}`}
          </time>
        )}{" "}
        {matters && (
          <span className={styles.priority} data-priority={priority}>
            {`${PRIORITIES[priority]} priority`}
          </span>
        )}{" "}
        {tags?.map((tag) => (
          <span key={tag} className={styles.tag} dir="auto">
            {`#${tag} `}
          </span>
        ))}
      </span>
    </>
  );
}
