import "server-only";

import type { Mail } from "./mail";

/** Minutes that the link to a new password is good for. */
export const RESET_MINUTES = 60;
/** Hours that the link that verifies an address is good for. */
export const VERIFY_HOURS = 24;

/**
 * The mails. Their links begin with the configured origin, and not with a host that a request named. Nothing that a user typed is
 * in them: whoever signs up with somebody else's address must not choose what we write to them. A token is behind the `#`,
 * which no server and no log on the way gets to see.
 */
export function resetLetter(to: string, origin: string, token: string): Mail {
  return {
    to,
    subject: "Set a new password",
    text: `Somebody asked for a new password for your todos at ${origin}.

Set it here within ${RESET_MINUTES} minutes; the link works once:

${origin}/reset-password#${token}

If it was not you, do nothing. Your password stays as it is.
`,
  };
}

/** Asks whoever reads it to say that the address is theirs. */
export function verifyLetter(to: string, origin: string, token: string): Mail {
  return {
    to,
    subject: "Confirm your address",
    text: `Somebody signed up with this address for todos at ${origin}.

If it was you, confirm it here within ${VERIFY_HOURS} hours:

${origin}/verify-email#${token}

If it was not you, do nothing. Nobody can use the account until the address is confirmed.
`,
  };
}

/** For who signs up where there is an account: the page must not tell them, and so the mail does. */
export function existingLetter(to: string, origin: string): Mail {
  return {
    to,
    subject: "You have an account already",
    text: `Somebody tried to sign up with this address for todos at ${origin}, where it has an account.

If it was you, sign in at ${origin}
or set a new password at ${origin}/forgot-password

If it was not you, do nothing. Your account stays as it is.
`,
  };
}
