"use client";

import { endSession, listSessions } from "@/lib/api";
import { attempt } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";
import { nameBrowser } from "@/lib/browser";

import { AccountList } from "./account-list";
import { moment } from "./moment";
import { Panel } from "./panel";
import styles from "./account-list.module.css";
import { useAccountList } from "./use-account-list";

interface SessionsProps {
  onClose: () => void;
  onExpired: () => void;
}

/** Where the user is signed in, and a way to end that. */
export function Sessions({ onClose, onExpired }: SessionsProps) {
  const sessions = useAccountList(listSessions, onExpired);
  const others = sessions.items?.filter(({ current }) => !current) ?? [];

  const endOthers = () =>
    attempt("end the sessions", (options) => authClient.revokeOtherSessions(undefined, options));

  return (
    <Panel title="Where you are signed in" onClose={onClose}>
      <AccountList label="Sessions" of={sessions}>
        {(session) => (
          <li key={session.id}>
            <div>
              <strong>{nameBrowser(session.user_agent)}</strong>
              {session.current && <span className={styles.mark}>this one</span>}
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
                aria-disabled={sessions.busy}
                aria-label={`End ${nameBrowser(session.user_agent)}, since ${moment(session.created_at)}`}
                onClick={() => void sessions.change(() => endSession(session), "The session has ended.")}
              >
                End
              </button>
            )}
          </li>
        )}
      </AccountList>
      {others.length > 0 && (
        <button
          className="button"
          data-kind="danger"
          type="button"
          aria-disabled={sessions.busy}
          onClick={() => void sessions.change(endOthers, "All other sessions have ended.")}
        >
          End all others
        </button>
      )}
    </Panel>
  );
}
