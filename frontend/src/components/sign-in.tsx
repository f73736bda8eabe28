"use client";

import { useState } from "react";

import { UNREACHED } from "@/lib/api";
import { attempt, type Failure } from "@/lib/attempt";
import { authClient } from "@/lib/auth-client";

import { CheckMail } from "./check-mail";
import { Arrival, Entrance, EntranceForm, text, useSubmission } from "./entrance";
import { EmailField, Field, PasswordField } from "./field";
import { Notice } from "./notice";
import { PageLink } from "./page-link";
import styles from "./sign-in.module.css";
import { useWebAuthn } from "./use-webauthn";

type Mode = "in" | "up";

interface SignInProps {
  /** Why the user is here again, for example because the session has expired. */
  notice?: string;
  /** Whether this server can send mail: it then verifies addresses, and resets passwords. */
  sendsMail: boolean;
  /** Whether it takes the place of the application, and so takes the focus, which went with that. */
  afterwards?: boolean;
  onSignedIn: () => Promise<void>;
}

const WORDS: Record<Mode, { tab: string; title: string; button: string; busy: string }> = {
  in: { tab: "Sign in", title: "Welcome back", button: "Sign in", busy: "Signing in…" },
  up: { tab: "Sign up", title: "Create your account", button: "Create account", busy: "Creating…" },
};

/** Sign-in and sign-up, one form with two faces. */
export function SignIn({ notice, sendsMail, afterwards = false, onSignedIn }: SignInProps) {
  const [mode, setMode] = useState<Mode>("in");
  const [unverified, setUnverified] = useState<string>();
  const [isBack, setIsBack] = useState(afterwards);
  const submission = useSubmission(async (form) => {
    const failure = await authenticate(mode, form);
    if (failure ? failure.code === "EMAIL_NOT_VERIFIED" : sendsMail && mode === "up") {
      setUnverified(text(form, "email").trim());
      return undefined;
    }
    if (!failure) await onSignedIn();
    return failure;
  });
  async function signInByPasskey() {
    const failure = await byPasskey();
    if (!failure) await onSignedIn();
    return failure;
  }
  const hasPasskeys = useWebAuthn() && mode === "in";
  const words = WORDS[mode];

  if (unverified) {
    return (
      <CheckMail
        email={unverified}
        isNew={mode === "up"}
        onBack={() => {
          setUnverified(undefined);
          setMode("in");
          setIsBack(true);
        }}
      />
    );
  }
  return (
    <Entrance>
      <div className={styles.tabs} role="group" aria-label="Sign in or sign up">
        {(["in", "up"] as const).map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === mode}
            disabled={submission.sending}
            onClick={() => {
              setMode(each);
              submission.clear();
            }}
          >
            {WORDS[each].tab}
          </button>
        ))}
      </div>
      {isBack ? <Arrival>{words.title}</Arrival> : <h1>{words.title}</h1>}
      {notice && !submission.failure && <Notice kind="info">{notice}</Notice>}
      <EntranceForm submission={submission} button={words.button} busy={words.busy}>
        {mode === "up" && <Field label="Name" name="name" type="text" autoComplete="name" maxLength={100} />}
        <EmailField />
        <PasswordField label="Password" isNew={mode === "up"} />
      </EntranceForm>
      {hasPasskeys && (
        <button
          className="button"
          data-kind="quiet"
          type="button"
          disabled={submission.sending}
          onClick={() => submission.perform(signInByPasskey)}
        >
          Sign in with a passkey
        </button>
      )}
      <p className={styles.forgotten}>
        {sendsMail ? (
          <PageLink href="/forgot-password">Forgot your password?</PageLink>
        ) : (
          "This server sends no mail, so a forgotten password cannot be reset."
        )}
      </p>
    </Entrance>
  );
}

function authenticate(mode: Mode, form: FormData): Promise<Failure | undefined> {
  const credentials = { email: text(form, "email").trim(), password: text(form, "password") };
  return mode === "up"
    ? attempt("create your account", (options) =>
        authClient.signUp.email({ ...credentials, name: text(form, "name").trim() }, options),
      )
    : attempt("sign you in", (options) => authClient.signIn.email(credentials, options));
}

async function byPasskey(): Promise<Failure | undefined> {
  try {
    // Few have one, and everybody would wait for it.
    const { signInByPasskey } = await import("@/lib/passkeys");
    return await signInByPasskey();
  } catch {
    return { message: UNREACHED };
  }
}
