import { forward } from "@/server/forward";

/** A model may think for a while before it answers, in milliseconds. */
const TIMEOUT = 60_000;

/** Says something to the assistant. */
export async function POST(request: Request): Promise<Response> {
  return forward(request, { method: "POST", path: "/api/chat", body: true, timeout: TIMEOUT });
}
