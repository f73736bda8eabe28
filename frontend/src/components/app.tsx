"use client";

import { useCallback, useState } from "react";

import { authClient } from "@/lib/auth-client";

import { Brand } from "./brand";
import { Notice } from "./notice";
import { SignIn } from "./sign-in";
import { Workspace } from "./workspace";

interface AppProps {
  /** Whether the request carried a session cookie: which view to begin with, until the server has been asked. */
  mayBeSignedIn: boolean;
  /** Whether this server can send mail, and so reset a password. */
  sendsMail: boolean;
}

/** The application: the sign-in form, or the signed-in user's chat and todos. */
export function App({ mayBeSignedIn, sendsMail }: AppProps) {
  const { data, isPending, error, refetch } = authClient.useSession();
  const [notice, setNotice] = useState<string>();
  // A session that could not be asked for is not the end of the session.
  const unread = error !== null && error.status !== 401;
  // Later checks, for example when the window comes back into view, must not take a form away that is being filled in.
  const [signedOut, setSignedOut] = useState(!mayBeSignedIn);
  if (!signedOut && !data && !isPending && !unread) setSignedOut(true);

  const [wasIn, setWasIn] = useState(false);
  if (data && !wasIn) setWasIn(true);

  const recheckSession = useCallback(
    async (notice?: string) => {
      setNotice(notice);
      // Of the server and not of a cookie that believes in a session for a little longer.
      await refetch({ query: { disableCookieCache: true } });
    },
    [refetch],
  );

  async function comeIn() {
    await recheckSession();
    // Unless that says otherwise.
    setSignedOut(false);
  }

  if (data) {
    const { id, name, email } = data.user;
    return <Workspace key={id} userId={id} name={name} email={email} onLeave={recheckSession} />;
  }
  if (signedOut) {
    return <SignIn notice={notice} sendsMail={sendsMail} afterwards={wasIn} onSignedIn={comeIn} />;
  }
  if (unread) {
    return (
      <main className="centered">
        <Brand />
        <Notice kind="error">Your session cannot be checked right now.</Notice>
        <button className="button" type="button" onClick={() => void refetch()}>
          Try again
        </button>
      </main>
    );
  }
  return (
    <main className="centered" aria-busy="true">
      <Brand />
      <p role="status">Opening your todos…</p>
    </main>
  );
}
