import { forward, isUuid } from "@/server/forward";
import { readQuery } from "@/server/query";

import { noSuchTodo, type Context } from "./no-such-todo";

/** The version that is meant, so that nothing newer is deleted unseen. */
const RULES = { version: { pattern: /^[1-9]\d{0,9}$/, rule: "version is one that a todo had." } };

/** Changes a todo's title, due date, priority or whether it is done. */
export async function PATCH(request: Request, context: Context): Promise<Response> {
  const { id } = await context.params;
  if (!isUuid(id)) return noSuchTodo();
  return forward(request, { method: "PATCH", path: `/api/todos/${id}`, body: true });
}

/** Deletes a todo. */
export async function DELETE(request: Request, context: Context): Promise<Response> {
  const { id } = await context.params;
  if (!isUuid(id)) return noSuchTodo();
  const query = readQuery(request, RULES);
  if (query instanceof Response) return query;
  return forward(request, { method: "DELETE", path: `/api/todos/${id}${query}` });
}
