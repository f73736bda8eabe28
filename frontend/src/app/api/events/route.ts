import { forward } from "@/server/forward";
import { ending } from "@/server/ending";

/** What changes of the user's data, told at once, until the browser leaves or this server ends. */
export async function GET(request: Request): Promise<Response> {
  const stream = AbortSignal.any([request.signal, ending]);
  return forward(request, { method: "GET", path: "/api/events", stream });
}
