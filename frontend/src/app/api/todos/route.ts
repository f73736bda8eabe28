import { forward } from "@/server/forward";
import { PAGE, readQuery } from "@/server/query";

/** What may be said about which todos are meant. */
const RULES = {
  completed: { pattern: /^(true|false)$/, rule: "completed is true or false." },
  search: { pattern: /^[^\p{Cc}]{0,200}$/u, rule: "search is at most 200 characters." },
  tag: { pattern: /^[^\s#,]{1,30}$/u, rule: "tag is one word of at most 30 characters." },
  sort: { pattern: /^[a-z]{1,16}$/, rule: "sort is the name of an order." },
  ...PAGE,
};

/** What is deleted together. */
const DELETED = { completed: { pattern: /^true$/, rule: "completed is true." } };

/** The user's todos: those that are asked for, in the order asked for, a page at a time where one is named. */
export async function GET(request: Request): Promise<Response> {
  const query = readQuery(request, RULES);
  if (query instanceof Response) return query;
  return forward(request, { method: "GET", path: `/api/todos${query}` });
}

/** Adds a todo. */
export async function POST(request: Request): Promise<Response> {
  return forward(request, { method: "POST", path: "/api/todos", body: true });
}

/** Deletes the todos that are done. */
export async function DELETE(request: Request): Promise<Response> {
  const query = readQuery(request, DELETED);
  if (query instanceof Response) return query;
  return forward(request, { method: "DELETE", path: `/api/todos${query}` });
}
