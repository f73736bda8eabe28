import { forward } from "@/server/forward";
import { refuse } from "@/server/guard";

/** What may be said about which todos are meant; what a cursor holds is the backend's to know. */
const PARAMETERS = {
  completed: { pattern: /^(true|false)$/, rule: "completed is true or false." },
  limit: { pattern: /^[1-9]\d{0,3}$/, rule: "limit is a number from 1 to 9999." },
  cursor: { pattern: /^[\w=.~+/-]{1,512}$/, rule: "cursor is one that an answer named." },
};

/** The user's todos, by number: those that are done or open, and a page of them where the backend has pages. */
export async function GET(request: Request): Promise<Response> {
  const asked = new URL(request.url).searchParams;
  const passed = new URLSearchParams();
  for (const [name, { pattern, rule }] of Object.entries(PARAMETERS)) {
    const value = asked.get(name);
    if (value === null) continue;
    if (!pattern.test(value)) return refuse(422, rule);
    passed.set(name, value);
  }
  return forward(request, { method: "GET", path: `/api/todos${passed.size ? `?${passed}` : ""}` });
}

/** Adds a todo. */
export async function POST(request: Request): Promise<Response> {
  return forward(request, { method: "POST", path: "/api/todos", body: true });
}
