"use client";

import { useState } from "react";

import { attempt, type Failure } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";

import { Arrival, Entrance } from "./entrance";
import { Notice } from "./notice";

interface CheckMailProps {
  email: string;
  /** Whether they have just signed up. */
  isNew: boolean;
  onBack: () => void;
}

/** What someone sees whose address is not confirmed yet. */
export function CheckMail({ email, isNew, onBack }: CheckMailProps) {
  const [sending, setSending] = useState(false);
  const [outcome, setOutcome] = useState<"sent" | Failure>();

  async function sendAgain() {
    setSending(true);
    setOutcome(undefined);
    const failure = await attempt("send the mail", (options) =>
      authClient.sendVerificationEmail({ email }, options),
    );
    setOutcome(failure ?? "sent");
    setSending(false);
  }

  return (
    <Entrance>
      <Arrival>Confirm your address</Arrival>
      {isNew ? (
        <p>
          We have sent a mail to <strong>{email}</strong>. Open the link in it, then sign in.
        </p>
      ) : (
        <p>
          Before you can sign in, show that <strong>{email}</strong> is yours: open the link in our mail, or
          have another one sent.
        </p>
      )}
      {outcome === "sent" ? (
        <Notice kind="info">The mail is on its way. If it does not come, look among the spam.</Notice>
      ) : (
        outcome && <Notice kind="error">{outcome.message}</Notice>
      )}
      <button
        className="button"
        type="button"
        aria-disabled={sending}
        onClick={() => sending || void sendAgain()}
      >
        {sending ? "Sending…" : "Send a new mail"}
      </button>
      <button className="button" data-kind="quiet" type="button" onClick={onBack}>
        Back to sign-in
      </button>
    </Entrance>
  );
}
