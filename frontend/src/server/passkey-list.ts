import "server-only";

import { auth } from "./auth";
import { findPasskeys, keeperOf } from "./passkeys";
import { readAccount } from "./sessions";

/** A passkey as its user sees it: without its key, which is of use to this server alone. */
export interface PasskeyRead {
  id: string;
  name: string | null;
  created_at: string;
  /** What keeps it, where that says so. */
  kept_by: string | null;
  /** Whether more than one device can have it. */
  synced: boolean;
}

/** The passkeys of the user who asks. */
export async function listPasskeys(request: Request): Promise<Response> {
  const account = await readAccount(request.headers);
  if (account instanceof Response) return account;
  return Response.json(await readPasskeys(account.user.id), { headers: { "cache-control": "no-store" } });
}

/** The passkeys of a user, as they may be shown, the latest first. */
export async function readPasskeys(userId: string): Promise<PasskeyRead[]> {
  const { adapter } = await auth().$context;
  const found = await findPasskeys(adapter, userId);
  return found
    .toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
    .map((each) => ({
      id: each.id,
      name: each.name ?? null,
      created_at: each.createdAt.toISOString(),
      kept_by: keeperOf(each),
      synced: each.deviceType === "multiDevice",
    }));
}
