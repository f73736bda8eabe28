import { auth } from "@/server/auth";
import { readBody } from "@/server/guard";

/** Sign-up, sign-in, sign-out, sessions and the JWKS: Better Auth's own routes. */
async function GET(request: Request): Promise<Response> {
  return nameWait(await auth().handler(request));
}

/** The same with a body, which Better Auth would read however long it is. */
async function POST(request: Request): Promise<Response> {
  const body = await readBody(request);
  if (body instanceof Response) return body;
  const { url, method, headers } = request;
  return nameWait(await auth().handler(new Request(url, { method, headers, body: body || null })));
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
