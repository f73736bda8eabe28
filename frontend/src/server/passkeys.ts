import "server-only";

import { getAuthenticatorName, passkey, type Passkey } from "@better-auth/passkey";
import type { AuthContext, Where } from "better-auth";
import { APIError, createAuthMiddleware, getAuthoritativeSessionFromCtx } from "better-auth/api";

import type { Env } from "./env";
import { checkText } from "./user-fields";

/** The most that a user may have. */
const MOST = 20;

/** The longest name of one, in characters. */
const NAME_LENGTH = 100;

/** What is asked before there is a session. */
const SIGN_IN = ["/passkey/generate-authenticate-options", "/passkey/verify-authentication"];

type Adapter = Pick<AuthContext["adapter"], "findMany" | "findOne">;

/** Better Auth's passkeys, for the pages of this application, and such as ask who uses them. */
export function passkeys({ authUrl, trustedOrigins, mail }: Env) {
  return passkey({
    rpID: new URL(authUrl).hostname,
    rpName: "Todo chatbot",
    origin: trustedOrigins,
    // Nobody types an address, so it has to be found without one; and nothing else is asked for, so it stands for a password.
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    registration: {
      afterVerification: async ({ ctx, verification, user }) => {
        const { credential, userVerified } = verification.registrationInfo!;
        if (!userVerified) refuseUnverified();
        const { adapter } = ctx.context;
        await demandRoom(adapter, user.id);
        // Whoever registers another's would have it looked up as theirs.
        if (await findByCredential(adapter, credential.id)) {
          throw new APIError("BAD_REQUEST", {
            code: "PREVIOUSLY_REGISTERED",
            message: "This passkey is known.",
          });
        }
      },
    },
    authentication: {
      afterVerification: async ({ ctx, verification, clientData }) => {
        if (!verification.authenticationInfo.userVerified) refuseUnverified();
        if (!mail) return;
        const { adapter, internalAdapter } = ctx.context;
        const { userId } = (await findByCredential(adapter, clientData.id))!;
        if ((await internalAdapter.findUserById(userId))?.emailVerified) return;
        const message = "Your address is not confirmed. Sign in with your password to have a mail sent.";
        throw new APIError("FORBIDDEN", { code: "EMAIL_NOT_VERIFIED", message });
      },
    },
  });
}

/**
 * Looks at what is asked of passkeys before Better Auth does.
 *
 * @throws {APIError} 401 without a session, 400 for a name that is none, or when there are too many
 */
export const guardPasskeys = createAuthMiddleware(async (context) => {
  const { path, body } = context;
  if (!path.startsWith("/passkey/")) return;
  const { adapter } = context.context;
  // Nobody else takes away the challenges that were never answered.
  if (path.includes("/generate-")) await adapter.deleteMany({ model: "verification", where: expired() });
  if (SIGN_IN.includes(path)) return;
  // Not by a cookie: who was signed out a moment ago must not leave themselves a way back in.
  const session = await getAuthoritativeSessionFromCtx(context);
  if (!session) throw new APIError("UNAUTHORIZED", { code: "UNAUTHORIZED", message: "Sign in first." });
  if (path === "/passkey/generate-register-options") await demandRoom(adapter, session.user.id);
  if (path === "/passkey/verify-registration") checkText("name", Object(body).name, NAME_LENGTH);
});

function expired(): Where[] {
  return [{ field: "expiresAt", operator: "lt", value: new Date() }];
}

async function demandRoom(adapter: Adapter, userId: string): Promise<void> {
  if ((await findPasskeys(adapter, userId)).length < MOST) return;
  const message = `You have ${MOST} passkeys, which is the most. Remove one first.`;
  throw new APIError("BAD_REQUEST", { code: "TOO_MANY_PASSKEYS", message });
}

/** What keeps a passkey, by the number of its kind; most say nothing of themselves. */
export function keeperOf({ aaguid }: Passkey): string | null {
  return getAuthenticatorName(aaguid) ?? null;
}

/** All that a user has. */
export function findPasskeys(adapter: Adapter, userId: string): Promise<Passkey[]> {
  return adapter.findMany({ model: "passkey", where: [{ field: "userId", value: userId }] });
}

function findByCredential(adapter: Adapter, credentialID: string): Promise<Passkey | null> {
  return adapter.findOne({ model: "passkey", where: [{ field: "credentialID", value: credentialID }] });
}

function refuseUnverified(): never {
  const message = "This passkey did not ask for a fingerprint, a face or a PIN, so it is not taken.";
  throw new APIError("FORBIDDEN", { code: "USER_NOT_VERIFIED", message });
}
