import { BlockList, isIP } from "node:net";

/** Our own proxies. */
export interface Proxies {
  /** Their addresses and ranges, as they were written. */
  entries: string[];
  includes: (address: string) => boolean;
}

/** Reads addresses and CIDR ranges; undefined when one of them is neither. */
export function parseProxies(entries: string[]): Proxies | undefined {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", prefix, ...rest] = entry.split("/");
    const version = isIP(address);
    const bits = version === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
    if (!version || length > bits || rest.length) return undefined;
    list.addSubnet(address, length, family(version));
  }
  const includes = (address: string) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, family(version));
  };
  return { entries, includes };
}

/**
 * The addresses that a request came through, the nearest last. What a peer that is no proxy of ours says about where the
 * request came from is not believed: anybody can send the header.
 */
export function forwardedFor(header: string | undefined, peer: string, proxies: Proxies): string {
  return header && proxies.includes(peer) ? `${header}, ${peer}` : peer;
}

function family(version: number): "ipv4" | "ipv6" {
  return version === 4 ? "ipv4" : "ipv6";
}
