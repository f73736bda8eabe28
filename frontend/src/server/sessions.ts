import "server-only";

import { auth } from "./auth";
import { refuse, refuseForeignOrigin, refuseUnread } from "./guard";

/** A session as its user sees it: without its token, which would be as good as the password. */
export interface SessionRead {
  id: string;
  created_at: string;
  expires_at: string;
  ip_address: string | null;
  user_agent: string | null;
  /** Whether it is the one that asks. */
  current: boolean;
}

/** Who asks, by the database and not by a cookie that is believed for a while, and their sessions; or the refusal. */
export async function readAccount(headers: Headers) {
  try {
    const query = { disableCookieCache: true, disableRefresh: true };
    const read = await auth().api.getSession({ headers, query });
    if (!read) return refuse(401, "Sign in first.");
    const { internalAdapter } = await auth().$context;
    const sessions = await internalAdapter.listSessions(read.user.id, { onlyActiveSessions: true });
    return { user: read.user, current: read.session.token, sessions };
  } catch (error) {
    return refuseUnread(error);
  }
}

/** Where the user who asks is signed in, the latest first. */
export async function listSessions(request: Request): Promise<Response> {
  const account = await readAccount(request.headers);
  if (account instanceof Response) return account;
  return Response.json(readSessions(account), { headers: { "cache-control": "no-store" } });
}

type Account = Exclude<Awaited<ReturnType<typeof readAccount>>, Response>;

/** The sessions of an account, as they may be shown. */
export function readSessions({ sessions, current }: Account): SessionRead[] {
  return sessions
    .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
    .map(({ id, createdAt, expiresAt, ipAddress, userAgent, token }) => ({
      id,
      created_at: createdAt.toISOString(),
      expires_at: expiresAt.toISOString(),
      ip_address: ipAddress || null,
      user_agent: userAgent || null,
      current: token === current,
    }));
}

/** Ends one session of the user who asks; another's is as good as none. */
export async function endSession(request: Request, id: string): Promise<Response> {
  const refusal = refuseForeignOrigin(request);
  if (refusal) return refusal;
  const account = await readAccount(request.headers);
  if (account instanceof Response) return account;
  const session = account.sessions.find((each) => each.id === id);
  if (!session) return refuse(404, "There is no such session.");
  const { internalAdapter } = await auth().$context;
  await internalAdapter.deleteSession(session.token);
  return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
}
