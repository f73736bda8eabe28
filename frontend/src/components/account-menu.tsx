"use client";

import { lazy, Suspense, useId, useRef, useState } from "react";

import { ApiError, deleteAccount, errorMessage } from "@/lib/api";
import { attempt } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";

import styles from "./account-menu.module.css";
import { Confirmation } from "./confirmation";
import { Notice } from "./notice";

// Few open them, and everybody would wait for them.
const ChangePassword = lazy(async () => ({ default: (await import("./change-password")).ChangePassword }));
const Passkeys = lazy(async () => ({ default: (await import("./passkeys")).Passkeys }));
const Sessions = lazy(async () => ({ default: (await import("./sessions")).Sessions }));

interface AccountMenuProps {
  name: string;
  email: string;
  /** Called when the user has left, with what to tell them about it. */
  onLeave: (reason?: string) => void;
  /** Called when the session is over. */
  onExpired: () => void;
}

/** Who is signed in, what they can do about their account, and the two ways out: signing out, and deleting it. */
export function AccountMenu({ name, email, onLeave, onExpired }: AccountMenuProps) {
  const id = useId();
  const menu = useRef<HTMLDivElement>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [panel, setPanel] = useState<"passkeys" | "password" | "sessions">();

  // The menu gives the focus back to its button, where it returns from what is opened now.
  function open(show: () => void) {
    menu.current?.hidePopover();
    show();
  }

  async function signOut() {
    setBusy(true);
    setError(undefined);
    const failure = await attempt("sign you out", (options) => authClient.signOut(undefined, options));
    setBusy(false);
    if (failure) setError(failure.message);
    else onLeave();
  }

  async function remove(): Promise<string | undefined> {
    try {
      await deleteAccount();
      onLeave("Your account and your todos are deleted.");
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) return errorMessage(error);
      onExpired();
    }
    return undefined;
  }

  return (
    <>
      <button className={styles.who} type="button" popoverTarget={`${id}-menu`}>
        <span className={styles.initial} aria-hidden="true">
          {name.trim().charAt(0).toUpperCase() || "?"}
        </span>
        <bdi className={styles.name}>{name}</bdi>
        <span className="visually-hidden">, account</span>
      </button>
      <div
        ref={menu}
        id={`${id}-menu`}
        className={styles.menu}
        popover="auto"
        onToggle={({ newState }) => newState === "closed" && setError(undefined)}
      >
        <p className={styles.email}>{email}</p>
        {/* Not `disabled`: the focus stays here, beside what went wrong. */}
        <button type="button" aria-disabled={busy} onClick={() => busy || void signOut()}>
          Sign out
        </button>
        {error && <Notice kind="error">{error}</Notice>}
        <button type="button" onClick={() => open(() => setPanel("sessions"))}>
          Sessions…
        </button>
        <button type="button" onClick={() => open(() => setPanel("passkeys"))}>
          Passkeys…
        </button>
        <button type="button" onClick={() => open(() => setPanel("password"))}>
          Change password…
        </button>
        <a href="/api/me" download>
          Download my data
        </a>
        <button type="button" data-kind="danger" onClick={() => open(() => dialog.current?.showModal())}>
          Delete account…
        </button>
      </div>
      <Suspense>
        {panel === "sessions" && <Sessions onClose={() => setPanel(undefined)} onExpired={onExpired} />}
        {panel === "passkeys" && <Passkeys onClose={() => setPanel(undefined)} onExpired={onExpired} />}
        {panel === "password" && (
          <ChangePassword email={email} onClose={() => setPanel(undefined)} onExpired={onExpired} />
        )}
      </Suspense>
      <Confirmation
        ref={dialog}
        question="Delete your account?"
        consequence="Your todos and conversations go with it. This cannot be undone."
        action="Delete everything"
        onConfirm={remove}
      />
    </>
  );
}
