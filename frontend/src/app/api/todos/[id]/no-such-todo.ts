import { refuse } from "@/server/guard";

/** What the routes below a todo's id are given. */
export interface Context {
  params: Promise<{ id: string }>;
}

/** The answer for an id that can be nobody's. */
export function noSuchTodo(): Response {
  return refuse(404, "There is no such todo.");
}
