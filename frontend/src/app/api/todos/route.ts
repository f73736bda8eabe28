import { forward } from "@/server/forward";
import { PAGE, readQuery } from "@/server/query";

/** What may be said about which todos are meant. */
const RULES = { completed: { pattern: /^(true|false)$/, rule: "completed is true or false." }, ...PAGE };

/** The user's todos, by number: those that are done or open, and a page of them where the backend has pages. */
export async function GET(request: Request): Promise<Response> {
  const query = readQuery(request, RULES);
  if (query instanceof Response) return query;
  return forward(request, { method: "GET", path: `/api/todos${query}` });
}

/** Adds a todo. */
export async function POST(request: Request): Promise<Response> {
  return forward(request, { method: "POST", path: "/api/todos", body: true });
}
