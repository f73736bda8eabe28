import { forward, isUuid } from "@/server/forward";

import { noSuchTodo, type Context } from "../no-such-todo";

/** Brings back a todo that was deleted a while ago. */
export async function POST(request: Request, context: Context): Promise<Response> {
  const { id } = await context.params;
  if (!isUuid(id)) return noSuchTodo();
  return forward(request, { method: "POST", path: `/api/todos/${id}/restore` });
}
