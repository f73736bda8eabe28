import "server-only";

import { createHash } from "node:crypto";

import type { Pool } from "pg";

/** At most `max` times in `window` seconds. */
export interface Rule {
  window: number;
  max: number;
}

/** Whether this time is one of those allowed, and otherwise after how many seconds the next one is. */
export interface Verdict {
  allowed: boolean;
  retryAfter: number | null;
}

/** The longest window of any rule, in seconds: rows that are older mean nothing. */
export const LONGEST_WINDOW = 600;

/** Counts what happens how often, in Postgres, so that all replicas count together. */
export class RateLimit {
  private swept = 0;

  constructor(private readonly database: Pool) {}

  /**
   * Counts one time under `key`, and tells whether it is allowed. Better Auth's own count in the database takes two
   * statements and moves the end of the window with each request, so that a busy office would never get out of it.
   */
  async consume(key: string, { window, max }: Rule): Promise<Verdict> {
    await this.sweep();
    const { rows } = await this.database.query<{ count: number; elapsed: number }>(
      `INSERT INTO "rateLimit" AS kept (id, key, count, "lastRequest")
       VALUES (gen_random_uuid()::text, $1, 1, ${NOW})
       ON CONFLICT (key) DO UPDATE SET
         count = CASE WHEN kept."lastRequest" <= ${NOW} - $2 THEN 1 ELSE kept.count + 1 END,
         "lastRequest" = CASE WHEN kept."lastRequest" <= ${NOW} - $2 THEN ${NOW} ELSE kept."lastRequest" END
       RETURNING count, (${NOW} - "lastRequest")::int AS elapsed`,
      [digest(key), window * 1000],
    );
    const { count, elapsed } = rows[0]!;
    if (count <= max) return { allowed: true, retryAfter: null };
    return { allowed: false, retryAfter: Math.max(1, Math.ceil(window - elapsed / 1000)) };
  }

  /** Begins to count anew under `key`. */
  async reset(key: string): Promise<void> {
    await this.database.query(`DELETE FROM "rateLimit" WHERE key = $1`, [digest(key)]);
  }

  /** Deletes what no rule looks at any more, now and then. */
  private async sweep(): Promise<void> {
    if (Date.now() < this.swept + LONGEST_WINDOW * 1000) return;
    this.swept = Date.now();
    await this.database.query(`DELETE FROM "rateLimit" WHERE "lastRequest" <= ${NOW} - $1`, [
      LONGEST_WINDOW * 1000,
    ]);
  }
}

/** Milliseconds by the database's clock: replicas need not agree on the time. */
const NOW = "(extract(epoch FROM now()) * 1000)::bigint";

/** A key of one length, whatever a request puts into it, that names neither an address nor an account. */
function digest(key: string): string {
  return createHash("sha256").update(key).digest("base64url");
}
