import { forward } from "@/server/forward";
import { PAGE, readQuery } from "@/server/query";

/** A page of the user's conversations, the one that was used last first. */
export async function GET(request: Request): Promise<Response> {
  const query = readQuery(request, PAGE);
  if (query instanceof Response) return query;
  return forward(request, { method: "GET", path: `/api/conversations${query}` });
}
