import { NextRequest } from "next/server";
import { describe, expect, test } from "vitest";

import { contentSecurityPolicy, proxy } from "./proxy";

describe("every page view", () => {
  const view = () => proxy(new NextRequest("http://localhost:3000/"));

  test("has a policy with a nonce of its own, the same for the page and for the browser", () => {
    const response = view();
    const policy = response.headers.get("content-security-policy");
    expect(policy).toMatch(/script-src 'self' 'nonce-[A-Za-z0-9+/=]{20,}'/);
    expect(response.headers.get("x-middleware-request-content-security-policy")).toBe(policy);
    expect(view().headers.get("content-security-policy")).not.toBe(policy);
  });

  test("cannot be framed, and runs no script but its own", () => {
    const policy = contentSecurityPolicy("abc", false);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  test("allows what hot reloading needs in development only", () => {
    expect(contentSecurityPolicy("abc", true)).toContain("'unsafe-eval'");
  });
});

test("a page that is sent a long body is not made", () => {
  const send = (length: number) =>
    proxy(
      new NextRequest("http://localhost:3000/", {
        method: "POST",
        headers: { "content-length": String(length) },
      }),
    ).status;
  expect([send(32 * 1024), send(32 * 1024 + 1)]).toEqual([200, 413]);
});
