"use client";

import { useState } from "react";

import { attempt } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";

import { Arrival, Entrance, EntranceForm, text, useSubmission } from "./entrance";
import { PasswordField } from "./field";
import { PageLink } from "./page-link";

/** Sets a new password by the token behind the `#` of the address. */
export function ResetPassword() {
  const [done, setDone] = useState(false);
  const submission = useSubmission(async (form) => {
    const newPassword = text(form, "password");
    const token = location.hash.slice(1);
    if (!token) return USED;
    const failure = await attempt("set your password", (options) =>
      authClient.resetPassword({ newPassword, token }, options),
    );
    if (failure?.code === "INVALID_TOKEN" || failure?.code === "USER_NOT_FOUND") return USED;
    if (!failure) setDone(true);
    return failure;
  });

  return (
    <Entrance>
      {done ? (
        <>
          <Arrival>Your password is set</Arrival>
          <p>Wherever you were signed in, you are signed out now. Passkeys that you had are removed.</p>
          <PageLink href="/">Sign in</PageLink>
        </>
      ) : (
        <>
          <h1>Set a new password</h1>
          <EntranceForm submission={submission} button="Set password" busy="Setting…">
            <PasswordField label="New password" isNew />
          </EntranceForm>
          <PageLink href="/forgot-password">Ask for another link</PageLink>
        </>
      )}
    </Entrance>
  );
}

const USED = { message: "This link was used already, or it is too old. Ask for another one." };
