import { describe, expect, test } from "vitest";

import { forwardedFor, parseProxies } from "./proxies";

describe("our own proxies are", () => {
  test.each([
    ["an address", ["192.0.2.7"], "192.0.2.7", true],
    ["only that address", ["192.0.2.7"], "192.0.2.8", false],
    ["a range", ["10.0.0.0/8"], "10.250.1.1", true],
    ["nobody outside the range", ["10.0.0.0/8"], "11.0.0.1", false],
    ["a range of IPv6", ["fd00::/8"], "fd12::1", true],
    ["one of several", ["192.0.2.7", "fd00::/8"], "192.0.2.7", true],
    ["nobody, unless named", [], "127.0.0.1", false],
    ["no word", ["10.0.0.0/8"], "unknown", false],
  ])("%s", (_, entries, address, expected) => {
    expect(parseProxies(entries)?.includes(address)).toBe(expected);
  });

  test.each(["proxy.example.com", "10.0.0.0/33", "fd00::/129", "10.0.0.0/8/8", "10.0.0.0/", "10.0.0.0/x"])(
    "not %s",
    (entry) => {
      expect(parseProxies(["192.0.2.7", entry])).toBeUndefined();
    },
  );
});

describe("where a request came from", () => {
  test.each([
    ["is the connection, without a proxy", undefined, "203.0.113.1", "203.0.113.1"],
    ["is the connection, whatever somebody claims", "6.6.6.6", "203.0.113.1", "203.0.113.1"],
    ["is what our proxy says, and the proxy", "203.0.113.1", "10.0.0.1", "203.0.113.1, 10.0.0.1"],
    ["is our proxy, when it says nothing", undefined, "10.0.0.1", "10.0.0.1"],
  ])("%s", (_, header, peer, expected) => {
    expect(forwardedFor(header, peer, parseProxies(["10.0.0.0/8"])!)).toBe(expected);
  });
});
