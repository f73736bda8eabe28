import { createAuthClient } from "better-auth/react";

/** The browser's side of Better Auth, on this page's own origin. */
export const authClient = createAuthClient();
