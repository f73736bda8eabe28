import "server-only";

import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";

import { ending } from "./ending";
import { forwardedFor, type Proxies } from "./proxies";

/**
 * Completes `X-Forwarded-For` of every request by the address of its connection. Next.js hands neither the connection nor
 * its address to a route, so this comes before it; Better Auth then leaves out our own proxies from the right, and limits
 * attempts by the first address that is left.
 */
export function completeForwardedFor(proxies: Proxies): void {
  onRequest((request) => {
    // A dual-stack socket spells IPv4 as ::ffff:192.0.2.1.
    const peer = request.socket.remoteAddress?.replace(/^::ffff:/i, "");
    const header = request.headers["x-forwarded-for"];
    if (peer) request.headers["x-forwarded-for"] = forwardedFor(header?.toString(), peer, proxies);
  });
}

/** Tells browsers, on every answer, to come by https only for a year. What else lives on the domain decides for itself. */
export function demandHttps(): void {
  onRequest((_, response) => response.setHeader("Strict-Transport-Security", "max-age=31536000"));
}

/** Has every connection closed after its answer once this server is asked to end: a browser would go on using it. */
export function closeAtTheEnd(): void {
  onRequest((_, response) => {
    if (ending.aborted) response.setHeader("Connection", "close");
  });
}

/** Runs `listener` on each request to an HTTP server of this process, ahead of the server's own handler. */
function onRequest(listener: (request: IncomingMessage, response: ServerResponse) => void): void {
  subscribe("http.server.request.start", (message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    listener(request, response);
  });
}
