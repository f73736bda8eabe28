"use client";

import { useId, useRef, useState, type ReactNode, type RefObject } from "react";

import styles from "./confirmation.module.css";
import { Notice } from "./notice";

interface ConfirmationProps {
  /** Opens it: `ref.current.showModal()`. */
  ref: RefObject<HTMLDialogElement | null>;
  question: string;
  /** What happens. */
  consequence: ReactNode;
  /** What the button is called that lets it happen. */
  action: string;
  /** Does it, and gives what went wrong, in words for the user. */
  onConfirm: () => Promise<string | undefined>;
  /** Takes the focus when it has happened: what opened this may go with it. */
  returnTo?: RefObject<HTMLElement | null>;
}

/** Asks before something that is much, or that cannot be undone. */
export function Confirmation({ ref, question, consequence, action, onConfirm, returnTo }: ConfirmationProps) {
  const id = useId();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const closed = useRef(0);

  async function confirm() {
    const opening = closed.current;
    setBusy(true);
    setError(undefined);
    const failure = await onConfirm();
    setBusy(false);
    // Closed, and perhaps opened for something else: what became of it is neither that one's error nor its end.
    if (opening !== closed.current) return;
    if (failure) return setError(failure);
    ref.current?.close();
    returnTo?.current?.focus();
  }

  function close() {
    closed.current++;
    setError(undefined);
    // What opened this went meanwhile, and left the focus to nobody.
    if (document.activeElement === document.body) returnTo?.current?.focus();
  }

  return (
    <dialog ref={ref} className={styles.dialog} aria-labelledby={`${id}-title`} onClose={close}>
      <h2 id={`${id}-title`}>{question}</h2>
      <p>{consequence}</p>
      {error && <Notice kind="error">{error}</Notice>}
      <form method="dialog" className={styles.choices}>
        <button className="button" data-kind="quiet" type="submit">
          Cancel
        </button>
        <button
          className="button"
          data-kind="danger"
          type="button"
          aria-disabled={busy}
          onClick={() => busy || void confirm()}
        >
          {action}
        </button>
      </form>
    </dialog>
  );
}
