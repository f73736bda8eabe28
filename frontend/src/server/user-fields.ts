import "server-only";

import { APIError } from "better-auth/api";

/** The longest that each field of a user may be, in characters. Every session's cookie carries them. */
const LENGTHS = { name: 100, email: 254, image: 512 };

/**
 * Refuses what must not be kept about a user; Better Auth itself takes anything.
 *
 * @throws {APIError} 400 that names the field
 */
export function checkUserFields(user: Record<string, unknown>): void {
  for (const [field, length] of Object.entries(LENGTHS)) {
    const value = user[field];
    if (value === undefined || value === null) continue;
    checkText(field, value, length);
    if (field === "image" && !isHttps(value)) refuse(field, "is not an https address");
  }
}

/**
 * Refuses what is not a text that may be shown.
 *
 * @throws {APIError} 400 that names the field
 */
export function checkText(field: string, value: unknown, length: number): asserts value is string {
  if (typeof value !== "string") refuse(field, "is not text");
  if (value.length > length) refuse(field, `is longer than ${length} characters`);
  if (CONTROL.test(value)) refuse(field, "holds a control character");
}

/** Control characters, and lone surrogates, which no database stores. */
const CONTROL = /[\p{Cc}\p{Cs}]/u;

function isHttps(value: string): boolean {
  return URL.canParse(value) && new URL(value).protocol === "https:";
}

function refuse(field: string, problem: string): never {
  throw new APIError("BAD_REQUEST", {
    code: "INVALID_FIELD",
    message: `The ${field} ${problem}.`,
  });
}
