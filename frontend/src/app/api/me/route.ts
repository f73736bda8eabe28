import { APIError } from "better-auth/api";

import { auth } from "@/server/auth";
import { download } from "@/server/download";
import { refuse, refuseForeignOrigin } from "@/server/guard";

/** Gives the user everything that is kept about them, as a file. */
export function GET(request: Request): Promise<Response> {
  return download(request);
}

/** Deletes the user and everything that belongs to them; the backend's part goes first (see src/server/auth.ts). */
export async function DELETE(request: Request): Promise<Response> {
  return refuseForeignOrigin(request) ?? deleteUser(request.headers);
}

async function deleteUser(headers: Headers): Promise<Response> {
  try {
    const deleted = await auth().api.deleteUser({ body: {}, headers, returnHeaders: true });
    const response = new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
    for (const cookie of deleted.headers.getSetCookie()) response.headers.append("set-cookie", cookie);
    return response;
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    if (error.statusCode === 401) return refuse(401, "Sign in first.");
    // Deleting everything asks for a recent sign-in; Better Auth says so with this code.
    if (error.body?.code === "SESSION_EXPIRED") return refuse(403, "Sign in again to delete your account.");
    return refuse(error.statusCode, error.message);
  }
}
