import { forward } from "@/server/forward";

/** How many of the user's todos are open and done, and which tags they have. */
export async function GET(request: Request): Promise<Response> {
  return forward(request, { method: "GET", path: "/api/todos/summary" });
}
