"use client";

import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError, endSession, errorMessage, listSessions, type Session } from "@/lib/api";
import { attempt } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";
import { nameBrowser } from "@/lib/browser";

import { Notice } from "./notice";
import { Panel } from "./panel";
import styles from "./sessions.module.css";

interface SessionsProps {
  onClose: () => void;
  onExpired: () => void;
}

/** Where the user is signed in, and a way to end that. */
export function Sessions({ onClose, onExpired }: SessionsProps) {
  const [sessions, setSessions] = useState<Session[]>();
  const [error, setError] = useState<string>();
  const [told, setTold] = useState("");
  const [busy, setBusy] = useState(false);
  const list = useRef<HTMLUListElement>(null);

  const load = useCallback(async () => {
    try {
      setSessions(await listSessions());
    } catch (caught) {
      if (caught instanceof ApiError && caught.status === 401) onExpired();
      else setError(errorMessage(caught));
    }
  }, [onExpired]);

  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- It asks the server first.
    void load();
  }, [load]);

  async function end(work: () => Promise<unknown>, done: string) {
    setBusy(true);
    setError(undefined);
    setTold("");
    try {
      await work();
      setTold(done);
      // The button goes with what it ended.
      list.current?.focus();
    } catch (caught) {
      setError(
        caught instanceof Error && !(caught instanceof ApiError) ? caught.message : errorMessage(caught),
      );
    }
    await load();
    setBusy(false);
  }

  const others = sessions?.filter(({ current }) => !current) ?? [];

  async function endOthers() {
    const failure = await attempt("end the sessions", (options) =>
      authClient.revokeOtherSessions(undefined, options),
    );
    if (failure) throw new Error(failure.message);
  }

  return (
    <Panel title="Where you are signed in" onClose={onClose}>
      {error && <Notice kind="error">{error}</Notice>}
      {!sessions && !error && <p role="status">Looking…</p>}
      <p className={told ? undefined : "visually-hidden"} role="status">
        {told}
      </p>
      <ul ref={list} className={styles.sessions} tabIndex={-1} aria-label="Sessions">
        {sessions?.map((session) => (
          <li key={session.id}>
            <div>
              <strong>{nameBrowser(session.user_agent)}</strong>
              {session.current && <span className={styles.current}>this one</span>}
              <p>
                since <time dateTime={session.created_at}>{moment(session.created_at)}</time>
                {session.ip_address && `, from ${session.ip_address}`}
              </p>
            </div>
            {!session.current && (
              <button
                className="button"
                data-kind="quiet"
                type="button"
                aria-disabled={busy}
                aria-label={`End ${nameBrowser(session.user_agent)}, since ${moment(session.created_at)}`}
                onClick={() => busy || void end(() => endSession(session), "The session has ended.")}
              >
                End
              </button>
            )}
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <button
          className="button"
          data-kind="danger"
          type="button"
          aria-disabled={busy}
          onClick={() => busy || void end(endOthers, "All other sessions have ended.")}
        >
          End all others
        </button>
      )}
    </Panel>
  );
}

function moment(time: string): string {
  return new Date(time).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
