/** Whether this process serves. It asks nobody else: a lost database must not restart it. */
export function GET(): Response {
  return Response.json({ status: "ok" }, { headers: { "cache-control": "no-store" } });
}
