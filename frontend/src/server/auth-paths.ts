import "server-only";

import { env } from "./env";

/** What the pages ask of Better Auth, and the backend of its keys. */
const OFFERED = [
  "/sign-up/email",
  "/sign-in/email",
  "/sign-out",
  "/get-session",
  "/revoke-other-sessions",
  "/change-password",
  "/passkey/generate-authenticate-options",
  "/passkey/verify-authentication",
  "/passkey/generate-register-options",
  "/passkey/verify-registration",
  "/passkey/delete-passkey",
  "/jwks",
];

/** What makes no sense without mail. */
const BY_MAIL = ["/request-password-reset", "/reset-password", "/send-verification-email", "/verify-email"];

/**
 * Whether Better Auth is to see a request. It has more paths than the pages use: one gives a token for the backend, one those
 * of other sessions, one says whether a password is right, and one has a session believed for longer that has ended.
 */
export function isOffered({ url }: Request): boolean {
  const { pathname } = new URL(url);
  return [...OFFERED, ...(env().mail ? BY_MAIL : [])].some((path) => pathname === `/api/auth${path}`);
}
