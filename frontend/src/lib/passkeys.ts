import {
  startAuthentication,
  startRegistration,
  WebAuthnError,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
} from "@simplewebauthn/browser";

import { attempt, type Failure } from "./attempt";
import { authClient } from "./auth-client";

/** Signs in whoever the passkey belongs to that the browser's user chooses, and gives what went wrong, if anything. */
export function signInByPasskey(): Promise<Failure | undefined> {
  return perform<PublicKeyCredentialRequestOptionsJSON>(
    "sign you in",
    ["generate-authenticate-options", "verify-authentication"],
    ({ rpId }) => rpId,
    // The server takes no other, and cannot be told to say so.
    (asked) => startAuthentication({ optionsJSON: { ...asked, userVerification: "required" } }),
  );
}

/** Has the browser make a passkey for the user who is signed in, and gives what went wrong, if anything. */
export function addPasskey(name: string): Promise<Failure | undefined> {
  return perform<PublicKeyCredentialCreationOptionsJSON>(
    "add a passkey",
    ["generate-register-options", "verify-registration"],
    ({ rp }) => rp.id,
    (asked) => startRegistration({ optionsJSON: asked }),
    { name },
  );
}

/** Removes a passkey of the user's from the server: what keeps it, keeps it, and it is of no use there. */
export function removePasskey(id: string): Promise<Failure | undefined> {
  return attempt("remove the passkey", (options) =>
    authClient.$fetch("/passkey/delete-passkey", { method: "POST", body: { id }, ...options }),
  );
}

/** Fetches the server's challenge, has the browser answer it, and sends the answer. */
async function perform<Asked>(
  what: string,
  [challenge, verify]: [string, string],
  homeOf: (asked: Asked) => string | undefined,
  answer: (asked: Asked) => Promise<object>,
  rest: object = {},
): Promise<Failure | undefined> {
  let asked: Asked | null = null;
  const refusal = await attempt(what, async (options) => {
    const told = await authClient.$fetch<Asked>(`/passkey/${challenge}`, options);
    asked = told.data;
    return told;
  });
  if (refusal) return worded(refusal);
  let response: object;
  try {
    response = await answer(asked!);
  } catch (error) {
    return explain(error, homeOf(asked!) ?? "");
  }
  const failure = await attempt(what, (options) =>
    authClient.$fetch(`/passkey/${verify}`, { method: "POST", body: { response, ...rest }, ...options }),
  );
  return failure && worded(failure);
}

/** What the server says in a way that helps nobody on. */
const WORDS: Record<string, string> = {
  PASSKEY_NOT_FOUND: "This passkey was removed from your account. Sign in with your password.",
  CHALLENGE_NOT_FOUND: "That took too long. Try again.",
  AUTHENTICATION_FAILED: "This passkey was not taken. Sign in with your password.",
  SESSION_NOT_FRESH: "You signed in more than a day ago. Sign out and in again to add a passkey.",
  PREVIOUSLY_REGISTERED: "This passkey is in use already.",
};

function worded({ code, message }: Failure): Failure {
  return { code, message: WORDS[code ?? ""] ?? message };
}

/** What a browser did not do, in words for its user. `home` is the host that the passkeys belong to. */
function explain(error: unknown, home: string): Failure {
  const code = error instanceof WebAuthnError ? error.code : undefined;
  return { code, message: reason(code, home) };
}

function reason(code: WebAuthnError["code"] | undefined, home: string): string {
  switch (code) {
    case "ERROR_PASSTHROUGH_SEE_CAUSE_PROPERTY":
    case "ERROR_CEREMONY_ABORTED":
      return "Nothing was done: it was cancelled, it took too long, or there is no passkey here.";
    case "ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED":
      return "There is a passkey for your account here already.";
    case "ERROR_INVALID_RP_ID":
      return `Passkeys work at ${home} alone. Open this page there.`;
    case "ERROR_INVALID_DOMAIN":
      return "Passkeys need a page whose address is a name and not a number.";
    case "ERROR_AUTHENTICATOR_MISSING_DISCOVERABLE_CREDENTIAL_SUPPORT":
    case "ERROR_AUTHENTICATOR_MISSING_USER_VERIFICATION_SUPPORT":
      return "That cannot keep a passkey: it has to keep one by itself, and ask for a fingerprint, a face or a PIN.";
    default:
      return "The browser could not do it. Try again.";
  }
}
