import { auth } from "@/server/auth";

/** Sign-up, sign-in, sign-out, sessions and the JWKS: Better Auth's own routes. */
function handle(request: Request): Promise<Response> {
  return auth().handler(request);
}

export { handle as GET, handle as POST };
