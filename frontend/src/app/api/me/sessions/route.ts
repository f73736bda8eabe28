import { listSessions } from "@/server/sessions";

/** Where the user is signed in. */
export function GET(request: Request): Promise<Response> {
  return listSessions(request);
}
