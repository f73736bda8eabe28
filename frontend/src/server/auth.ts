import "server-only";

import { betterAuth } from "better-auth";
import { jwt } from "better-auth/plugins/jwt";
import { Pool } from "pg";

import { eraseUserData } from "./backend";
import { env, type Env } from "./env";

/** How long a token for the backend is good for. It is minted per request, so this only has to outlast one. */
const TOKEN_LIFETIME = "15m";

/** Better Auth on this product's settings. A function, because a build has neither database nor secret. */
export function createAuth(env: Env, database: Pool) {
  return betterAuth({
    database,
    secret: env.authSecret,
    baseURL: env.authUrl,
    trustedOrigins: env.trustedOrigins,
    telemetry: { enabled: false },
    // Its warnings are wrong passwords and unknown users: everyday events, with nothing to mend.
    logger: { level: "error" },
    // The default, said aloud: under a test runner Better Auth would leave the check out, and the tests prove it.
    advanced: { disableOriginCheck: false },
    emailAndPassword: { enabled: true, minPasswordLength: 8 },
    user: {
      deleteUser: {
        enabled: true,
        // First what belongs to the user, then the user: if the backend cannot be reached, nothing is lost and the
        // same request can be sent again.
        beforeDelete: async (user): Promise<void> => eraseUserData(await mintToken(user.id)),
      },
    },
    // Slows down guessing; a person, or a test that signs up and in, never gets near it.
    rateLimit: {
      enabled: true,
      customRules: {
        "/sign-in/*": { window: 60, max: 20 },
        "/sign-up/*": { window: 60, max: 20 },
      },
    },
    // A browser never needs a token, only this server does: see mintToken.
    disabledPaths: ["/token"],
    plugins: [
      jwt({
        jwks: { keyPairConfig: { alg: "EdDSA", crv: "Ed25519" } },
        jwt: { issuer: env.authUrl, audience: env.audience, expirationTime: TOKEN_LIFETIME },
        disableSettingJwtHeader: true,
      }),
    ],
  });
}

/** Better Auth as this product configures it. */
export type Auth = ReturnType<typeof createAuth>;

/** A connection pool for `env`'s database, small because a replica serves few requests at a time. */
export function createPool(env: Env): Pool {
  const pool = new Pool({
    ...env.database,
    application_name: "todo-frontend",
    max: 10,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 10_000,
  });
  // Without a listener, a connection that the server drops while idle would end the process.
  pool.on("error", (error) => console.error(`database: an idle connection was lost: ${error.message}`));
  return pool;
}

let current: Auth | undefined;

/** This process's Better Auth, made on first use. */
export function auth(): Auth {
  return (current ??= createAuth(env(), createPool(env())));
}

/** A token that tells the backend who is asking: signed by a key of the JWKS, for `userId` and nothing else. */
export async function mintToken(userId: string): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1000);
  const { token } = await auth().api.signJWT({ body: { payload: { sub: userId, iat: issuedAt } } });
  return token;
}
