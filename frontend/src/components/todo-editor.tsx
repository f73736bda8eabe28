"use client";

import { Fragment, useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from "react";

import type { Priority, Todo, TodoEdit } from "@/lib/api";
import { keepEdit, readEdit } from "@/lib/drafts";

import dialog from "./confirmation.module.css";
import { dueFields, dueMoment, dueText, type DueFields } from "./due";
import { Notice } from "./notice";
import { PRIORITIES } from "./priorities";
import styles from "./todo-editor.module.css";
import type { Todos } from "./use-todos";

interface TodoEditorProps extends Pick<Todos, "edit"> {
  userId: string;
  /** What is edited. */
  todo: Todo;
  onClose: () => void;
}

/** A dialog in which a todo is edited, open for as long as it is there. */
export function TodoEditor({ userId, todo, edit, onClose }: TodoEditorProps) {
  const id = useId();
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => ref.current?.showModal(), []);

  function close() {
    // It is saved, or was given up.
    keepEdit(userId, todo.id);
    onClose();
  }

  return (
    <dialog ref={ref} className={dialog.dialog} aria-labelledby={`${id}-title`} onClose={close}>
      <h2 id={`${id}-title`}>Edit todo</h2>
      <EditForm userId={userId} todo={todo} edit={edit} close={() => ref.current?.close()} />
    </dialog>
  );
}

interface Fields extends DueFields {
  title: string;
  priority: Priority;
  /** Separated by blanks. */
  tags: string;
}

interface EditFormProps extends Pick<Todos, "edit"> {
  userId: string;
  todo: Todo;
  close: () => void;
}

function EditForm({ userId, todo, edit, close }: EditFormProps) {
  /** What the fields began with, and the version that is to be changed. */
  const [kept] = useState(() => readEdit<Fields>(userId, todo.id));
  // Of what is kept too: saved over what another has changed meanwhile, it says so first.
  const [base, setBase] = useState(kept?.base ?? todo);
  const [fields, setFields] = useState(kept?.fields ?? fieldsOf(todo));
  const [error, setError] = useState<ReactNode>();
  const [busy, setBusy] = useState(false);

  // Neither a reload nor the end of a session takes it away.
  useEffect(() => {
    const typed = Object.keys(changesOf(base, fields)).length > 0;
    keepEdit(userId, base.id, typed ? { base, fields } : undefined);
  }, [userId, base, fields]);

  function set(change: Partial<Fields>) {
    setFields((before) => ({ ...before, ...change }));
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (busy) return;
    const changes = changesOf(base, fields);
    if (Object.keys(changes).length === 0) return close();
    setBusy(true);
    const failure = await edit(base, changes);
    setBusy(false);
    if (!failure) return close();
    const { current, message } = failure;
    if (!current) return setError(message);
    setError(
      <>
        This todo was changed meanwhile. It is now <InWords {...current} />. Save again to put yours in its
        place.
      </>,
    );
    // What was not touched here is taken from there: only what was typed is put in its place.
    setFields(merged(fieldsOf(base), fields, fieldsOf(current)));
    setBase(current);
  }

  return (
    <form className={styles.form} onSubmit={submit}>
      {error && <Notice kind="error">{error}</Notice>}
      <label>
        Title
        <input
          className="field"
          value={fields.title}
          onChange={(event) => set({ title: event.target.value })}
          maxLength={200}
          required
          pattern=".*\S.*"
          autoComplete="off"
          dir="auto"
        />
      </label>
      <div className={styles.row}>
        <label>
          Due date
          <input
            className="field"
            type="date"
            min="1971-01-01"
            max="2998-12-30"
            value={fields.date}
            onChange={(event) => set({ date: event.target.value })}
          />
        </label>
        <label>
          Time
          <input
            className="field"
            type="time"
            value={fields.time}
            disabled={!fields.date}
            onChange={(event) => set({ time: event.target.value })}
          />
        </label>
      </div>
      <label>
        Priority
        <select
          className="field"
          value={fields.priority}
          onChange={(event) => set({ priority: event.target.value as Priority })}
        >
          {(Object.entries(PRIORITIES) as [Priority, string][]).map(([priority, name]) => (
            <option key={priority} value={priority}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Tags
        <input
          className="field"
          value={fields.tags}
          onChange={(event) => set({ tags: event.target.value })}
          placeholder="shopping home"
          maxLength={400}
          autoComplete="off"
          autoCapitalize="none"
          dir="auto"
        />
      </label>
      <div className={dialog.choices}>
        <button className="button" data-kind="quiet" type="button" onClick={close}>
          Cancel
        </button>
        <button className="button" type="submit" aria-disabled={busy}>
          Save
        </button>
      </div>
    </form>
  );
}

function fieldsOf({ title, due_at, priority, tags }: Todo): Fields {
  return { title, priority: priority ?? "normal", tags: (tags ?? []).join(" "), ...dueFields(due_at) };
}

/** The tags that were typed; a # before one is how it is shown, and no part of it. */
function tagsOf({ tags }: Fields): string[] {
  const words = tags.toLowerCase().split(/[\s,#]+/);
  return [...new Set(words.filter(Boolean))].sort();
}

/** What of the todo is to be another than it is. A time alone is none: its date may be away while it is being typed. */
function changesOf(base: Todo, fields: Fields): TodoEdit {
  const before = fieldsOf(base);
  return {
    ...(fields.title.trim() !== before.title && { title: fields.title.trim() }),
    ...(dueMoment(fields) !== dueMoment(before) && { due_at: dueMoment(fields) }),
    ...(fields.priority !== before.priority && { priority: fields.priority }),
    ...(tagsOf(fields).join() !== tagsOf(before).join() && { tags: tagsOf(fields) }),
  };
}

/** What was typed where something was, and otherwise what is there by now. A date and its time belong together. */
function merged(before: Fields, typed: Fields, now: Fields): Fields {
  const due = dueMoment(typed) === dueMoment(before) ? now : typed;
  return {
    title: typed.title === before.title ? now.title : typed.title,
    priority: typed.priority === before.priority ? now.priority : typed.priority,
    tags: typed.tags === before.tags ? now.tags : typed.tags,
    date: due.date,
    time: due.time,
  };
}

function InWords({ title, due_at, priority, completed, tags }: Todo) {
  return (
    <>
      “<bdi>{title}</bdi>”, {due_at ? `due ${dueText(due_at)}` : "due at no time"}, of {priority} priority
      {tags?.length ? ", tagged" : ""}
      {tags?.map((tag) => (
        <Fragment key={tag}>
          {" "}
          <bdi>{`#${tag}`}</bdi>
        </Fragment>
      ))}
      {tags?.length ? "," : ""} and {completed ? "done" : "open"}
    </>
  );
}
