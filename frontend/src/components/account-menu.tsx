"use client";

import { useId, useRef, useState, type ComponentType } from "react";

import { ApiError, deleteAccount, errorMessage, UNREACHED } from "@/lib/api";
import { attempt } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";

import styles from "./account-menu.module.css";
import { Confirmation } from "./confirmation";
import { Notice } from "./notice";

/** What the menu opens. */
type AccountPanel = ComponentType<{ email: string; onClose: () => void; onExpired: () => void }>;

// Few open them, and everybody would wait for them. Not React's `lazy`, for which one that did not come never comes.
const loadChangePassword = async () => (await import("./change-password")).ChangePassword;
const loadPasskeys = async () => (await import("./passkeys")).Passkeys;
const loadSessions = async () => (await import("./sessions")).Sessions;

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
  const [panel, setPanel] = useState<{ Content: AccountPanel }>();
  /** Counts what would make a panel that is still loading come unasked. */
  const turn = useRef(0);

  // The menu gives the focus back to its button, where it returns from what is opened now.
  function open(show: () => void) {
    menu.current?.hidePopover();
    show();
  }

  async function openPanel(load: () => Promise<AccountPanel>) {
    setError(undefined);
    const asked = ++turn.current;
    try {
      const Content = await load();
      if (asked === turn.current) open(() => setPanel({ Content }));
    } catch {
      if (asked === turn.current) setError(UNREACHED);
    }
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
        onToggle={({ newState }) => {
          if (newState !== "closed") return;
          turn.current++;
          setError(undefined);
        }}
      >
        <p className={styles.email}>{email}</p>
        {error && <Notice kind="error">{error}</Notice>}
        {/* Not `disabled`: the focus stays here, beside what went wrong. */}
        <button type="button" aria-disabled={busy} onClick={() => busy || void signOut()}>
          Sign out
        </button>
        <button type="button" onClick={() => void openPanel(loadSessions)}>
          Sessions…
        </button>
        <button type="button" onClick={() => void openPanel(loadPasskeys)}>
          Passkeys…
        </button>
        <button type="button" onClick={() => void openPanel(loadChangePassword)}>
          Change password…
        </button>
        <a href="/api/me" download>
          Download my data
        </a>
        <button type="button" data-kind="danger" onClick={() => open(() => dialog.current?.showModal())}>
          Delete account…
        </button>
      </div>
      {panel && <panel.Content email={email} onClose={() => setPanel(undefined)} onExpired={onExpired} />}
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
