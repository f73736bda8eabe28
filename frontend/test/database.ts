import { inject } from "vitest";

import { createDatabaseOn } from "./postgres";

export { query } from "./postgres";

/** An empty database of its own for one test file, as the URL that the product would be given. */
export function createDatabase(): Promise<string> {
  return createDatabaseOn(inject("postgresUrl"));
}
