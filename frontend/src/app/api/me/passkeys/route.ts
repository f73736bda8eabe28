import { listPasskeys } from "@/server/passkey-list";

/** The user's passkeys. */
export function GET(request: Request): Promise<Response> {
  return listPasskeys(request);
}
