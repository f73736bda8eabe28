"use client";

import { useState } from "react";

import { attempt } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";

import { Arrival, Entrance, EntranceForm, text, useSubmission } from "./entrance";
import { EmailField } from "./field";
import { PageLink } from "./page-link";

/** Asks for a mail with a link to a new password. */
export function ForgotPassword() {
  const [asked, setAsked] = useState<string>();
  const submission = useSubmission(async (form) => {
    const email = text(form, "email").trim();
    const failure = await attempt("send the mail", (options) =>
      authClient.requestPasswordReset({ email }, options),
    );
    if (!failure) setAsked(email);
    return failure;
  });

  return (
    <Entrance>
      {asked ? (
        <>
          <Arrival>Look into your mail</Arrival>
          <p>
            If <strong>{asked}</strong> has an account, a mail is on its way there. The link in it works for
            an hour. If it does not come, look among the spam.
          </p>
        </>
      ) : (
        <>
          <h1>Forgot your password?</h1>
          <p>We send you a link to set a new one.</p>
          <EntranceForm submission={submission} button="Send the link" busy="Sending…">
            <EmailField />
          </EntranceForm>
        </>
      )}
      <PageLink href="/">Back to sign-in</PageLink>
    </Entrance>
  );
}
