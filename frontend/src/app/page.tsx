import { getSessionCookie } from "better-auth/cookies";
import { headers } from "next/headers";

import { App } from "@/components/app";
import { env } from "@/server/env";

/**
 * The whole application. Only the presence of a session cookie is looked at here, to send the likelier of the two
 * views; whether the session is good is asked by the browser, so this page answers without a database.
 */
export default async function Page() {
  return (
    <App mayBeSignedIn={getSessionCookie(await headers()) !== null} sendsMail={env().mail !== undefined} />
  );
}
