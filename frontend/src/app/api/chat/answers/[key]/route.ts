import { forward, isKey } from "@/server/forward";
import { refuse } from "@/server/guard";

/** What became of a message: the answer that is kept for its key. */
export async function GET(
  request: Request,
  context: RouteContext<"/api/chat/answers/[key]">,
): Promise<Response> {
  const { key } = await context.params;
  if (!isKey(key)) return refuse(404, "There is no such answer.");
  return forward(request, { method: "GET", path: `/api/chat/answers/${key}` });
}
