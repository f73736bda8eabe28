"use client";

import { useState } from "react";

import { attempt } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";

import { Arrival, EntranceForm, text, useSubmission } from "./entrance";
import { PasswordField } from "./field";
import { Panel } from "./panel";

interface ChangePasswordProps {
  email: string;
  onClose: () => void;
  onExpired: () => void;
}

/** Changes the password, and signs the user out everywhere else. */
export function ChangePassword({ email, onClose, onExpired }: ChangePasswordProps) {
  const [done, setDone] = useState(false);
  const submission = useSubmission(async (form) => {
    const failure = await attempt("change your password", (options) =>
      authClient.changePassword(
        {
          currentPassword: text(form, "password"),
          newPassword: text(form, "new-password"),
          revokeOtherSessions: true,
        },
        options,
      ),
    );
    if (failure?.code === "UNAUTHORIZED") onExpired();
    if (failure?.code === "INVALID_PASSWORD") return { message: "The current password is another one." };
    if (!failure) setDone(true);
    return failure;
  });

  return (
    <Panel title="Change your password" onClose={onClose}>
      {done ? (
        <Arrival as="p">Your password is changed. You are signed out everywhere else.</Arrival>
      ) : (
        <EntranceForm submission={submission} button="Change password" busy="Changing…">
          {/* Tells a password manager whose password it is. */}
          <input type="text" autoComplete="username" defaultValue={email} hidden />
          <PasswordField label="Current password" isNew={false} />
          <PasswordField label="New password" name="new-password" isNew />
        </EntranceForm>
      )}
    </Panel>
  );
}
