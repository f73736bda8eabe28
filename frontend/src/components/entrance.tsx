import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode, type RefObject } from "react";

import type { Failure } from "@/lib/attempt";

import { Brand } from "./brand";
import styles from "./entrance.module.css";
import { Notice } from "./notice";

/** The card that everything before the signed-in application is shown on. */
export function Entrance({ children }: { children: ReactNode }) {
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <Brand />
        {children}
      </div>
      <p className={styles.tagline}>Keep a list of todos by chatting about it.</p>
    </main>
  );
}

interface ArrivalProps {
  /** What it is; a page has one h1. */
  as?: "h1" | "p";
  children: ReactNode;
}

/** The first words of what took the place of a form: they take the focus, which went with the form. */
export function Arrival({ as: Words = "h1", children }: ArrivalProps) {
  const words = useRef<HTMLElement>(null);
  useEffect(() => words.current?.focus(), []);
  return (
    <Words ref={words as RefObject<HTMLHeadingElement & HTMLParagraphElement>} tabIndex={-1}>
      {children}
    </Words>
  );
}

/** A form on its way to the server. */
interface Submission {
  sending: boolean;
  failure: Failure | undefined;
  submit: (event: FormEvent<HTMLFormElement>) => void;
  /** Does something else in place of sending it. */
  perform: (work: () => Promise<Failure | undefined>) => void;
  /** Has what went wrong forgotten. */
  clear: () => void;
}

/** Sends a form by `send`, which gives what went wrong, if anything. */
export function useSubmission(send: (form: FormData) => Promise<Failure | undefined>): Submission {
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState<Failure>();

  async function perform(work: () => Promise<Failure | undefined>) {
    setSending(true);
    setFailure(undefined);
    setFailure(await work());
    setSending(false);
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void perform(() => send(form));
  }

  return {
    sending,
    failure,
    submit,
    perform: (work) => void perform(work),
    clear: () => setFailure(undefined),
  };
}

interface EntranceFormProps {
  submission: Submission;
  button: string;
  busy: string;
  children: ReactNode;
}

/** A form of the entrance, which says what went wrong. */
export function EntranceForm({ submission, button, busy, children }: EntranceFormProps) {
  const id = useId();
  const { sending, failure, submit } = submission;
  return (
    // method: should the form be sent before this script runs, a password must not end up in the address.
    <form
      className={styles.form}
      method="post"
      onSubmit={submit}
      aria-describedby={failure ? `${id}-error` : undefined}
    >
      {children}
      <div id={`${id}-error`}>{failure && <Notice kind="error">{failure.message}</Notice>}</div>
      <button className="button" type="submit" disabled={sending}>
        {sending ? busy : button}
      </button>
    </form>
  );
}

/** What was filled in. */
export function text(form: FormData, name: string): string {
  return String(form.get(name) ?? "");
}
