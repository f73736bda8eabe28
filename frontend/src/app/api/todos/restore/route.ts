import { forward } from "@/server/forward";

/** Brings back todos that were deleted a while ago. */
export async function POST(request: Request): Promise<Response> {
  return forward(request, { method: "POST", path: "/api/todos/restore", body: true });
}
