/** Runs the production build as its image does: the standalone server, with the static files beside it. */
import { cp } from "node:fs/promises";

await cp(".next/static", ".next/standalone/.next/static", { recursive: true });
await cp("public", ".next/standalone/public", { recursive: true });
// Found at run time: it exists once the project has been built.
await import(new URL("../.next/standalone/server.js", import.meta.url).href);
