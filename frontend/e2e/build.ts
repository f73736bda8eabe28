import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Builds what is tested, so that nobody tests what was built before the last change. */
export default async function build(): Promise<void> {
  if (process.env.E2E_URL) return;
  const env = { ...process.env, NODE_ENV: "production" as const };
  await run("npm", ["run", "build"], { env });
  await run("npm", ["run", "prestart"], { env });
}
