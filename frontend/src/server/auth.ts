import "server-only";

import { betterAuth } from "better-auth";
import { APIError, createAuthMiddleware, getAuthoritativeSessionFromCtx } from "better-auth/api";
import { symmetricDecrypt } from "better-auth/crypto";
import { jwt, type Jwk } from "better-auth/plugins/jwt";
import { Pool } from "pg";

import { BackendError, eraseUserData } from "./backend";
import { env, type Env } from "./env";
import { impatientSocket } from "./impatient-socket";
import { existingLetter, RESET_MINUTES, resetLetter, VERIFY_HOURS, verifyLetter } from "./letters";
import { Mailer, MailError } from "./mail";
import { guardPasskeys, passkeys } from "./passkeys";
import { passwords } from "./passwords";
import { RateLimit, type Rule } from "./rate-limit";
import { Recent } from "./recent";
import { checkUserFields } from "./user-fields";

/** Minutes that a token for the backend is good for; it is used again for all of them but the last. */
const TOKEN_MINUTES = 15;

/** Seconds that a session's cookie is believed before the database is asked again. */
const SESSION_CACHE = 60;

/** Milliseconds that a session which was read is known without another look at its cookie. */
export const KNOWN = 10_000;

/** Milliseconds after which the server ends a statement. */
const STATEMENT = 10_000;

/** Milliseconds without a word after which the server is taken to have vanished: it would have ended the statement. */
const SILENCE = STATEMENT + 2_000;

/** Slows down guessing from one address; a person, or a test that signs up and in, never gets near it. */
const PER_ADDRESS: Rule = { window: 60, max: 20 };

/** Slows down guessing at one account, from however many addresses. Signing in begins the count anew. */
const PER_ACCOUNT: Rule = { window: 600, max: 10 };

/** Keeps one mailbox from being filled by whoever knows its address. */
const MAILS: Rule = { window: 600, max: 5 };

/** What sends mail, for an address that there is and for any other: the answers are the same. */
const MAILING = ["/sign-up/email", "/request-password-reset", "/send-verification-email"];

/** Sessions that ended here, for as long as one may be believed in: a read that was under way, its cookie, then `KNOWN`. */
const ended = new Recent<true>(STATEMENT + SESSION_CACHE * 1000 + KNOWN, 10_000);

/** Whether the session of this token has ended, whatever its cookie says. */
export function hasEnded(sessionToken: string): boolean {
  return ended.get(sessionToken) ?? false;
}

/** Better Auth on this product's settings. A function, because a build has neither database nor secret. */
export function createAuth(env: Env, database: Pool) {
  const rateLimit = new RateLimit(database);
  const mailer = env.mail && new Mailer(env.mail);

  async function limit(key: string, rule: Rule, message: string): Promise<void> {
    const { allowed, retryAfter } = await rateLimit.consume(key, rule);
    if (!allowed)
      throw new APIError(
        "TOO_MANY_REQUESTS",
        { code: "LIMITED", message },
        { "X-Retry-After": String(retryAfter) },
      );
  }

  return betterAuth({
    database,
    secret: env.authSecret,
    baseURL: env.authUrl,
    trustedOrigins: env.trustedOrigins,
    telemetry: { enabled: false },
    // Its warnings are wrong passwords and unknown users: everyday events, with nothing to mend.
    logger: { level: "error" },
    // The default, said aloud: under a test runner Better Auth would leave the check out, and the tests prove it.
    advanced: { disableOriginCheck: false, ipAddress: { trustedProxies: env.trustedProxies.entries } },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 8,
      password: passwords,
      requireEmailVerification: mailer !== undefined,
      revokeSessionsOnPasswordReset: true,
      resetPasswordTokenExpiresIn: RESET_MINUTES * 60,
      ...(mailer && {
        sendResetPassword: async ({ user, token }) =>
          mailer.post(resetLetter(user.email, env.authUrl, token)),
        onExistingUserSignUp: async ({ user }) => mailer.post(existingLetter(user.email, env.authUrl)),
        // Who read the mail has the address, and is not who guessed. Whoever was in before may have left a passkey.
        onPasswordReset: async ({ user }) => {
          await database.query(`DELETE FROM passkey WHERE "userId" = $1`, [user.id]);
          await database.query(`UPDATE "user" SET "emailVerified" = true WHERE id = $1`, [user.id]);
          await rateLimit.reset(accountKey(user));
        },
      }),
    },
    emailVerification: {
      expiresIn: VERIFY_HOURS * 3600,
      // Whoever signs up with somebody else's address knows the password: its owner must not find themselves signed in there.
      autoSignInAfterVerification: false,
      ...(mailer && {
        sendVerificationEmail: async ({ user, token }) =>
          mailer.post(verifyLetter(user.email, env.authUrl, token)),
      }),
    },
    // Who reads the database does not set passwords.
    verification: { storeIdentifier: "hashed" },
    session: { cookieCache: { enabled: true, maxAge: SESSION_CACHE } },
    user: {
      deleteUser: {
        enabled: true,
        // First what belongs to the user, then the user: if the backend cannot be reached, nothing is lost and the
        // same request can be sent again.
        beforeDelete: async (user): Promise<void> => {
          try {
            await eraseUserData(await tokenFor(user.id));
            // The backend takes no token from before a deletion.
            dropToken(user.id);
          } catch (error) {
            // Better Auth has an answer for its own errors alone; any other is a 500 without a word.
            if (!(error instanceof BackendError)) throw error;
            console.error(`backend: ${error.message}`);
            throw new APIError(error.status, { code: "BACKEND_UNAVAILABLE", message: error.detail });
          }
        },
      },
    },
    databaseHooks: {
      user: {
        create: { before: async (user) => checkUserFields(user) },
      },
      session: {
        // A browser chooses its own name, of any length, and the session's cookie carries it.
        create: { before: async ({ userAgent }) => ({ data: { userAgent: userAgent?.slice(0, 200) } }) },
        delete: { after: async ({ token }) => ended.set(token, true) },
      },
    },
    rateLimit: {
      enabled: true,
      // Its table; what counts in it is ours.
      storage: "database",
      customStorage: rateLimit,
      customRules: {
        "/sign-in/*": PER_ADDRESS,
        "/sign-up/*": PER_ADDRESS,
        "/change-password": PER_ADDRESS,
        "/request-password-reset": PER_ADDRESS,
        "/reset-password": PER_ADDRESS,
        "/send-verification-email": PER_ADDRESS,
        "/verify-email": PER_ADDRESS,
        "/passkey/*": PER_ADDRESS,
        // Every page asks for the first, and the backend for the second; neither helps in guessing.
        "/get-session": false,
        "/jwks": false,
      },
    },
    hooks: {
      before: createAuthMiddleware(async (context) => {
        const { path, body } = context;
        await guardPasskeys(context);
        if (path === "/sign-in/email") {
          await limit(accountKey(body), PER_ACCOUNT, "Too many attempts to sign in to this account.");
        }
        if (path === "/change-password") {
          const session = await getAuthoritativeSessionFromCtx(context);
          const message = "Too many attempts to change this password.";
          if (session) await limit(`password|${session.user.id}`, PER_ACCOUNT, message);
        }
        // For an address that has an account nobody would look at them, and the answer would tell that it has.
        if (path === "/sign-up/email") checkUserFields(Object(body) as Record<string, unknown>);
        if (mailer && MAILING.includes(path)) {
          await limit(`mail|${accountKey(body)}`, MAILS, "Too many mails were asked for to this address.");
          await demandMail(mailer);
        }
      }),
      after: createAuthMiddleware(async ({ path, body, context }) => {
        if (path === "/sign-in/email" && context.newSession) await rateLimit.reset(accountKey(body));
      }),
    },
    plugins: [
      passkeys(env),
      jwt({
        jwks: { keyPairConfig: { alg: "EdDSA", crv: "Ed25519" } },
        jwt: { issuer: env.authUrl, audience: env.audience, expirationTime: `${TOKEN_MINUTES}m` },
        disableSettingJwtHeader: true,
      }),
    ],
  });
}

/** Better Auth as this product configures it. */
export type Auth = ReturnType<typeof createAuth>;

/**
 * A connection pool for `env`'s database, small because a replica serves few requests at a time. With `pg`'s own `query_timeout`
 * Better Auth would give a connection back that still waits, and whoever comes next would wait behind it.
 */
export function createPool(env: Env, silence = SILENCE): Pool {
  const pool = new Pool({
    ...env.database,
    application_name: "todo-frontend",
    max: 10,
    connectionTimeoutMillis: 5_000,
    // One that nobody uses is closed before its silence would tell of a fault.
    idleTimeoutMillis: 10_000,
    statement_timeout: STATEMENT,
    stream: () => impatientSocket(silence),
  });
  // One that is lost in use makes its query fail; the event on its own must not end the process.
  pool.on("connect", (client) => client.on("error", () => undefined));
  // Without a listener, a connection that the server drops while idle would end the process.
  pool.on("error", (error) => console.error(`database: an idle connection was lost: ${error.message}`));
  return pool;
}

let current: Auth | undefined;

/** This process's Better Auth, made on first use. */
export function auth(): Auth {
  return (current ??= createAuth(env(), createPool(env())));
}

const tokens = new Recent<Promise<string>>((TOKEN_MINUTES - 1) * 60_000, 10_000);

/** A token that tells the backend who is asking: the one that was minted for `userId` last, while it is good. */
export function tokenFor(userId: string): Promise<string> {
  const kept = tokens.get(userId);
  if (kept) return kept;
  const minted = mintToken(userId);
  tokens.set(userId, minted);
  minted.catch(() => tokens.delete(userId));
  return minted;
}

/** Has the next token for `userId` minted anew: the backend refused the one that there is. */
export function dropToken(userId: string): void {
  tokens.delete(userId);
}

/**
 * Signs a token by a key of the JWKS, for `userId` and nothing else. It asks the database whether there is such a user: a cookie is
 * believed for a while after another replica has deleted its user, and what the backend took for them would be nobody's.
 *
 * @throws {APIError} 401 when there is none
 */
export async function mintToken(userId: string): Promise<string> {
  const { internalAdapter } = await auth().$context;
  if (!(await internalAdapter.findUserById(userId))) throw new APIError("UNAUTHORIZED");
  const payload = { sub: userId, iat: Math.floor(Date.now() / 1000) };
  const overrideOptions = { adapter: { getJwks: readableKeys } };
  const { token } = await auth().api.signJWT({ body: { payload, overrideOptions } });
  return token;
}

/**
 * The keys that this process can sign by. One that was made under another BETTER_AUTH_SECRET stays in the JWKS, for the tokens that are
 * signed by it; without any other, a new one is made.
 */
async function readableKeys(): Promise<Jwk[]> {
  const { adapter, secretConfig: key } = await auth().$context;
  const keys = await adapter.findMany<Jwk>({ model: "jwks" });
  const readable = await Promise.all(
    keys.map(({ privateKey }) =>
      symmetricDecrypt({ key, data: JSON.parse(privateKey) as string }).then(
        () => true,
        () => false,
      ),
    ),
  );
  return keys.filter((_, index) => readable[index]);
}

/**
 * Refuses what would need a mail that cannot be sent, before anything is done.
 *
 * @throws {APIError} 503
 */
async function demandMail(mailer: Mailer): Promise<void> {
  try {
    await mailer.check();
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    console.error(`mail: ${error.message}`);
    const message = "Mail cannot be sent right now, so nothing was changed. Try again in a few minutes.";
    throw new APIError("SERVICE_UNAVAILABLE", { code: "MAIL_UNAVAILABLE", message }, { "Retry-After": "60" });
  }
}

/** One name for an account, however it is typed, whether or not there is one. */
function accountKey(body: unknown): string {
  const email = typeof body === "object" && body !== null && "email" in body ? body.email : "";
  return `account|${typeof email === "string" ? email.trim().toLowerCase() : ""}`;
}
