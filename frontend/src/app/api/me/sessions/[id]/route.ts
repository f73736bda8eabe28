import { endSession } from "@/server/sessions";

/** Signs the user out somewhere. */
export async function DELETE(
  request: Request,
  { params }: RouteContext<"/api/me/sessions/[id]">,
): Promise<Response> {
  return endSession(request, (await params).id);
}
