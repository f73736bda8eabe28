"use client";

import { useState } from "react";

import { attempt } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";

import { Arrival, Entrance, EntranceForm, useSubmission } from "./entrance";
import { PageLink } from "./page-link";

/**
 * Confirms an address by the token behind the `#` of this page's. Only at the press of a button: programs that look through mail
 * open its links too.
 */
export function VerifyEmail() {
  const [done, setDone] = useState(false);
  const submission = useSubmission(async () => {
    const token = location.hash.slice(1);
    if (!token) return OLD;
    const failure = await attempt("confirm your address", (options) =>
      authClient.verifyEmail({ query: { token } }, options),
    );
    if (failure?.code && REFUSED.includes(failure.code)) return OLD;
    if (!failure) setDone(true);
    return failure;
  });

  return (
    <Entrance>
      {done ? (
        <>
          <Arrival>Your address is confirmed</Arrival>
          <PageLink href="/">Sign in</PageLink>
        </>
      ) : (
        <>
          <h1>Confirm your address</h1>
          <p>If it was not you who signed up, close this page.</p>
          <EntranceForm submission={submission} button="Confirm" busy="Confirming…">
            {null}
          </EntranceForm>
          <PageLink href="/">Back to sign-in</PageLink>
        </>
      )}
    </Entrance>
  );
}

const REFUSED = ["TOKEN_EXPIRED", "INVALID_TOKEN", "USER_NOT_FOUND"];
const OLD = { message: "This link is too old. Sign in, and you can have another one sent." };
