import { forward } from "@/server/forward";

/** A model may think for a while before it answers, in milliseconds. */
const TIMEOUT = 60_000;

/** Says something to the assistant. Whoever takes an event stream has the answer as it is made, and stops it by leaving. */
export async function POST(request: Request): Promise<Response> {
  const streams = request.headers.get("accept")?.includes("text/event-stream");
  return forward(request, {
    method: "POST",
    path: "/api/chat",
    body: true,
    timeout: TIMEOUT,
    ...(streams && { stream: request.signal }),
  });
}
