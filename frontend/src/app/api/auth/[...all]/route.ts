import { auth } from "@/server/auth";
import { isOffered } from "@/server/auth-paths";
import { readBody, refuse } from "@/server/guard";

/** Sign-up, sign-in, sign-out, sessions and the JWKS: those of Better Auth's own routes that are used. */
async function GET(request: Request): Promise<Response> {
  return isOffered(request) ? nameWait(await auth().handler(request)) : refuseUnknown();
}

/** The same with a body, which Better Auth would read however long it is. */
async function POST(request: Request): Promise<Response> {
  if (!isOffered(request)) return refuseUnknown();
  const body = await readBody(request);
  if (body instanceof Response) return body;
  const { url, method, headers } = request;
  return nameWait(await auth().handler(new Request(url, { method, headers, body: body || null })));
}

function refuseUnknown(): Response {
  return refuse(404, "There is nothing at this path.");
}

/** Tells how long to wait by the name that everyone else knows it by. */
function nameWait(answer: Response): Response {
  const wait = answer.headers.get("x-retry-after");
  if (!wait) return answer;
  const named = new Response(answer.body, answer);
  named.headers.set("retry-after", wait);
  return named;
}

export { GET, POST };
