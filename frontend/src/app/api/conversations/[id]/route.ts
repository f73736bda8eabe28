import { forward, isUuid } from "@/server/forward";
import { refuse } from "@/server/guard";
import { PAGE, readQuery } from "@/server/query";

type Context = RouteContext<"/api/conversations/[id]">;

/** A conversation with a page of its messages, the latest at first. */
export async function GET(request: Request, context: Context): Promise<Response> {
  const { id } = await context.params;
  if (!isUuid(id)) return noSuchConversation();
  const query = readQuery(request, PAGE);
  if (query instanceof Response) return query;
  return forward(request, { method: "GET", path: `/api/conversations/${id}${query}` });
}

/** Deletes a conversation and its messages. */
export async function DELETE(request: Request, context: Context): Promise<Response> {
  const { id } = await context.params;
  if (!isUuid(id)) return noSuchConversation();
  return forward(request, { method: "DELETE", path: `/api/conversations/${id}` });
}

function noSuchConversation(): Response {
  return refuse(404, "There is no such conversation.");
}
