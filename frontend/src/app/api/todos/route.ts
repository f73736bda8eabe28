import { forward } from "@/server/forward";
import { refuse } from "@/server/guard";

/** The user's todos, by number; `?completed=true` or `false` narrows them. */
export async function GET(request: Request): Promise<Response> {
  const completed = new URL(request.url).searchParams.get("completed");
  if (completed !== null && completed !== "true" && completed !== "false") {
    return refuse(422, "completed is true or false.");
  }
  return forward(request, {
    method: "GET",
    path: completed ? `/api/todos?completed=${completed}` : "/api/todos",
  });
}

/** Adds a todo. */
export async function POST(request: Request): Promise<Response> {
  return forward(request, { method: "POST", path: "/api/todos", body: true });
}
