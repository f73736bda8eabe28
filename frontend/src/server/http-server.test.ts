import { Agent, createServer, get, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";

import { closeAtTheEnd, completeForwardedFor, demandHttps } from "./http-server";
import { parseProxies } from "./proxies";

let seen: IncomingHttpHeaders;
const server = createServer((request, response) => {
  seen = request.headers;
  response.end();
});

beforeAll(async () => {
  completeForwardedFor(parseProxies(["192.0.2.0/24"])!);
  demandHttps();
  closeAtTheEnd();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

const agent = new Agent({ keepAlive: true });

function ask(headers: Record<string, string>): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, headers, agent }, (answer) => {
      answer.resume().on("end", () => resolve(answer));
    }).on("error", reject);
  });
}

test("a server's routes see the address of the connection and not the one that was claimed", async () => {
  await ask({ "x-forwarded-for": "6.6.6.6" });
  expect(seen["x-forwarded-for"]).toBe("127.0.0.1");
});

test("a server that is asked to end lets go of each connection", async () => {
  expect((await ask({})).headers.connection).toBe("keep-alive");
  process.emit("SIGTERM");
  expect((await ask({})).headers.connection).toBe("close");
});

test("every answer of a server that is public by https says so", async () => {
  expect((await ask({})).headers["strict-transport-security"]).toBe("max-age=31536000");
});
