import { createDatabase } from "./database";
import { Upstream } from "./upstream";

/** Where the application under test believes to be. */
export const ORIGIN = "http://localhost:3000";
/** Another origin that it was told to trust. */
export const TRUSTED_ORIGIN = "https://todo.example.com";

/** Where its own proxies are. */
export const PROXY = "10.0.0.1";

/** The application on a migrated database of its own, in front of an upstream. */
export interface Application {
  databaseUrl: string;
  upstream: Upstream;
  stop: () => Promise<void>;
}

/** Starts it, with `settings` besides. Before it is called nothing may import what reads the environment. */
export async function startApplication(settings: Record<string, string> = {}): Promise<Application> {
  const databaseUrl = await createDatabase();
  const upstream = await Upstream.start();
  Object.assign(process.env, {
    DATABASE_URL: databaseUrl,
    BETTER_AUTH_SECRET: "a secret for tests, 32 characters long",
    BETTER_AUTH_URL: ORIGIN,
    BACKEND_URL: upstream.url,
    AUTH_AUDIENCE: "test-audience",
    TRUSTED_ORIGINS: TRUSTED_ORIGIN,
    TRUSTED_PROXIES: "10.0.0.0/8",
    ...settings,
  });
  const { start } = await import("@/server/startup");
  const problems = await start();
  if (problems) throw new Error(problems.join("\n"));
  return { databaseUrl, upstream, stop: () => upstream.stop() };
}

/** A request as the application's own page sends it, cookies included. */
export function request(method: string, path: string, options: RequestOptions = {}): Request {
  const headers = new Headers({ origin: ORIGIN, "x-forwarded-for": "192.0.2.1", ...options.headers });
  if (options.cookie) headers.set("cookie", options.cookie);
  if (options.body !== undefined && !headers.has("content-type"))
    headers.set("content-type", "application/json");
  for (const name of options.without ?? []) headers.delete(name);
  const body = typeof options.body === "object" ? JSON.stringify(options.body) : options.body;
  return new Request(new URL(path, ORIGIN), { method, headers, body, signal: options.signal });
}

interface RequestOptions {
  body?: object | string;
  cookie?: string;
  headers?: Record<string, string>;
  without?: string[];
  /** Aborted when the browser leaves. */
  signal?: AbortSignal;
}

let users = 0;

/** Signs a new user up and returns their id and cookie. */
export async function signUp(): Promise<{ id: string; email: string; password: string; cookie: string }> {
  const { POST } = await import("@/app/api/auth/[...all]/route");
  const email = `user${++users}@example.com`;
  const password = "correct horse";
  const response = await POST(
    request("POST", "/api/auth/sign-up/email", {
      body: { name: "Ada", email, password },
      // One address each, so that the limit on sign-ups is not what a test runs into.
      headers: { "x-forwarded-for": `198.51.100.${users}` },
    }),
  );
  if (response.status !== 200) throw new Error(`sign-up: ${response.status} ${await response.text()}`);
  const { user } = (await response.json()) as { user: { id: string } };
  return { id: user.id, email, password, cookie: cookies(response) };
}

/** The cookies that `response` sets, as a browser would send them back. */
export function cookies(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";", 1)[0])
    .join("; ");
}
