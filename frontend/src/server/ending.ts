import "server-only";

const controller = new AbortController();

/** Aborted as soon as this server is asked to end. Next.js waits for all that is open, and a stream may have no end. */
export const ending = controller.signal;

process.once("SIGTERM", () => controller.abort());
process.once("SIGINT", () => controller.abort());
