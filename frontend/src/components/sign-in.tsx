"use client";

import { useId, useState, type FormEvent } from "react";

import { tryAgainIn } from "@/lib/api";
import { authClient } from "@/lib/auth-client";

import { Brand } from "./brand";
import { Notice } from "./notice";
import styles from "./sign-in.module.css";

type Mode = "in" | "up";

interface SignInProps {
  /** Why the user is here again, for example because the session has expired. */
  notice?: string;
  onSignedIn: () => Promise<void>;
}

const WORDS: Record<Mode, { tab: string; title: string; button: string; busy: string }> = {
  in: { tab: "Sign in", title: "Welcome back", button: "Sign in", busy: "Signing in…" },
  up: { tab: "Sign up", title: "Create your account", button: "Create account", busy: "Creating…" },
};

/** Sign-in and sign-up, one form with two faces. */
export function SignIn({ notice, onSignedIn }: SignInProps) {
  const id = useId();
  const [mode, setMode] = useState<Mode>("in");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const words = WORDS[mode];

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(undefined);
    const failure = await authenticate(mode, form);
    if (failure) setError(failure);
    else await onSignedIn();
    setBusy(false);
  }

  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <Brand />
        <div className={styles.tabs} role="group" aria-label="Sign in or sign up">
          {(["in", "up"] as const).map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === mode}
              disabled={busy}
              onClick={() => {
                setMode(each);
                setError(undefined);
              }}
            >
              {WORDS[each].tab}
            </button>
          ))}
        </div>
        <h1>{words.title}</h1>
        {notice && !error && <Notice kind="info">{notice}</Notice>}
        {/* method: should the form be sent before this script runs, a password must not end up in the address. */}
        <form
          className={styles.form}
          method="post"
          onSubmit={submit}
          aria-describedby={error ? `${id}-error` : undefined}
        >
          {mode === "up" && (
            <Field
              id={`${id}-name`}
              label="Name"
              name="name"
              type="text"
              autoComplete="name"
              maxLength={100}
            />
          )}
          <Field
            id={`${id}-email`}
            label="Email"
            name="email"
            type="email"
            autoComplete="email"
            maxLength={254}
          />
          <Field
            id={`${id}-password`}
            label="Password"
            name="password"
            type="password"
            autoComplete={mode === "up" ? "new-password" : "current-password"}
            minLength={mode === "up" ? 8 : undefined}
            maxLength={128}
            hint={mode === "up" ? "At least 8 characters" : undefined}
          />
          <div id={`${id}-error`}>{error && <Notice kind="error">{error}</Notice>}</div>
          <button className="button" type="submit" disabled={busy}>
            {busy ? words.busy : words.button}
          </button>
        </form>
      </div>
      <p className={styles.tagline}>Keep a list of todos by chatting about it.</p>
    </main>
  );
}

interface FieldProps {
  id: string;
  label: string;
  name: string;
  type: string;
  autoComplete: string;
  minLength?: number;
  maxLength: number;
  hint?: string;
}

function Field({ id, label, hint, ...input }: FieldProps) {
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="field"
        required
        aria-describedby={hint ? `${id}-hint` : undefined}
        {...input}
      />
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** Returns what went wrong, in words for the user, or undefined when they are signed in. */
async function authenticate(mode: Mode, form: FormData): Promise<string | undefined> {
  const text = (name: string) => String(form.get(name) ?? "");
  const credentials = { email: text("email").trim(), password: text("password") };
  let wait: string | null = null;
  const options = {
    onError: ({ response }: { response: Response }) => void (wait = response.headers.get("retry-after")),
  };
  try {
    const { error } =
      mode === "up"
        ? await authClient.signUp.email({ ...credentials, name: text("name").trim() }, options)
        : await authClient.signIn.email(credentials, options);
    if (!error) return undefined;
    if (error.status === 429) return `Too many attempts. ${tryAgainIn(wait)}`;
    if (error.status >= 500) return "The server cannot sign you in right now. Try again in a moment.";
    return error.message ?? "That did not work. Check what you entered.";
  } catch {
    return "The server cannot be reached. Check your connection and try again.";
  }
}
