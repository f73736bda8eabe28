import { forward, isUuid } from "@/server/forward";
import { refuse } from "@/server/guard";

type Context = RouteContext<"/api/todos/[id]">;

/** Changes a todo's title or whether it is done. */
export async function PATCH(request: Request, context: Context): Promise<Response> {
  const { id } = await context.params;
  if (!isUuid(id)) return noSuchTodo();
  return forward(request, { method: "PATCH", path: `/api/todos/${id}`, body: true });
}

/** Deletes a todo. */
export async function DELETE(request: Request, context: Context): Promise<Response> {
  const { id } = await context.params;
  if (!isUuid(id)) return noSuchTodo();
  return forward(request, { method: "DELETE", path: `/api/todos/${id}` });
}

function noSuchTodo(): Response {
  return refuse(404, "There is no such todo.");
}
