import { ending } from "@/server/ending";
import { forward } from "@/server/forward";
import { refuse } from "@/server/guard";

/** What changes of the user's data, told at once, until the browser leaves or this server ends. */
export async function GET(request: Request): Promise<Response> {
  if (ending.aborted) return refuse(503, "This server is ending. Try again in a moment.");
  const stream = AbortSignal.any([request.signal, ending]);
  const answer = await forward(request, { method: "GET", path: "/api/events", stream });
  // Kept for another request, the connection would keep a server that ends from doing so.
  answer.headers.set("connection", "close");
  return answer;
}
