import { NextResponse, type NextRequest } from "next/server";

import { BODY_LIMIT } from "./server/body-limit";

/**
 * Refuses a body that no page would read, and gives every page its Content-Security-Policy. Next.js reads the nonce from the
 * request's copy of the header and puts it on the scripts that it writes into the page; no other inline script runs.
 */
export function proxy(request: NextRequest): NextResponse {
  if (Number(request.headers.get("content-length")) > BODY_LIMIT) {
    return new NextResponse(null, { status: 413, headers: { connection: "close" } });
  }
  const policy = contentSecurityPolicy(btoa(crypto.randomUUID()), process.env.NODE_ENV === "development");
  const headers = new Headers(request.headers);
  headers.set("content-security-policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return response;
}

/** Pages only: route handlers and files have a fixed policy or need none. */
export const config = { matcher: "/((?!api/|_next/static/|icon\\.svg|robots\\.txt).*)" };

/** The policy for one page view. Development adds what React's error overlay and hot reloading need. */
export function contentSecurityPolicy(nonce: string, development: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ""}`,
    `style-src 'self' ${development ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
