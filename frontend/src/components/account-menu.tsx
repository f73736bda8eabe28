"use client";

import { useId, useRef, useState } from "react";

import { ApiError, deleteAccount, errorMessage } from "@/lib/api";
import { authClient } from "@/lib/auth-client";

import styles from "./account-menu.module.css";
import { Notice } from "./notice";

interface AccountMenuProps {
  name: string;
  email: string;
  /** Called when the user has left, with what to tell them about it. */
  onLeave: (reason?: string) => void;
  /** Called when the session is over. */
  onExpired: () => void;
}

/** Who is signed in, and the two ways out: signing out, and deleting the account. */
export function AccountMenu({ name, email, onLeave, onExpired }: AccountMenuProps) {
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();

  async function signOut() {
    setBusy(true);
    try {
      await authClient.signOut();
    } finally {
      setBusy(false);
      onLeave();
    }
  }

  async function remove() {
    setBusy(true);
    setError(undefined);
    try {
      await deleteAccount();
      onLeave("Your account and your todos are deleted.");
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) onExpired();
      else setError(errorMessage(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <button className={styles.who} type="button" popoverTarget={`${id}-menu`}>
        <span className={styles.initial} aria-hidden="true">
          {name.trim().charAt(0).toUpperCase() || "?"}
        </span>
        <span className={styles.name}>{name}</span>
        <span className="visually-hidden">, account</span>
      </button>
      <div ref={menu} id={`${id}-menu`} className={styles.menu} popover="auto">
        <p className={styles.email}>{email}</p>
        <button type="button" disabled={busy} onClick={() => void signOut()}>
          Sign out
        </button>
        <button
          type="button"
          data-kind="danger"
          onClick={() => {
            menu.current?.hidePopover();
            dialog.current?.showModal();
          }}
        >
          Delete account…
        </button>
      </div>
      <dialog
        ref={dialog}
        className={styles.dialog}
        aria-labelledby={`${id}-title`}
        onClose={() => setError(undefined)}
      >
        <h2 id={`${id}-title`}>Delete your account?</h2>
        <p>Your todos and conversations go with it. This cannot be undone.</p>
        {error && <Notice kind="error">{error}</Notice>}
        <form method="dialog" className={styles.choices}>
          <button className="button" data-kind="quiet" type="submit">
            Keep it
          </button>
          <button
            className="button"
            data-kind="danger"
            type="button"
            disabled={busy}
            onClick={() => void remove()}
          >
            Delete everything
          </button>
        </form>
      </dialog>
    </>
  );
}
