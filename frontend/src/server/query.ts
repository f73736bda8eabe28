import "server-only";

import { refuse } from "./guard";

/** What a parameter may be, and that in words. */
export interface Rule {
  pattern: RegExp;
  rule: string;
}

/** A page of something; what a cursor holds is the backend's to know. */
export const PAGE: Record<string, Rule> = {
  limit: { pattern: /^[1-9]\d{0,3}$/, rule: "limit is a number from 1 to 9999." },
  cursor: { pattern: /^[\w=.~+/-]{1,512}$/, rule: "cursor is one that an answer named." },
};

/**
 * Takes those parameters of a request that have a rule, and no other.
 *
 * @returns the query as it goes on to the backend, or the refusal of a parameter that breaks its rule
 */
export function readQuery(request: Request, rules: Record<string, Rule>): string | Response {
  const asked = new URL(request.url).searchParams;
  const passed = new URLSearchParams();
  for (const [name, { pattern, rule }] of Object.entries(rules)) {
    const value = asked.get(name);
    if (value === null) continue;
    if (!pattern.test(value)) return refuse(422, rule);
    passed.set(name, value);
  }
  return passed.size ? `?${passed}` : "";
}
