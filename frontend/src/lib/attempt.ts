import { tryAgainIn, UNREACHED } from "./api";

/** What went wrong with something that Better Auth was asked for. */
export interface Failure {
  /** In words for the user. */
  message: string;
  /** Better Auth's name for it, or ours. */
  code?: string;
}

interface Answer {
  error: { status: number; code?: string; message?: string } | null;
}

interface Options {
  onError: (context: { response: Response }) => void;
}

/** Asks Better Auth for something, and gives what went wrong, or nothing. `what` is what could not be done: "sign you in". */
export async function attempt(
  what: string,
  ask: (options: Options) => Promise<Answer>,
): Promise<Failure | undefined> {
  let wait: string | null = null;
  try {
    const { error } = await ask({
      onError: ({ response }) => void (wait = response.headers.get("retry-after")),
    });
    if (!error) return undefined;
    const { status, code, message } = error;
    if (status === 429) {
      // Better Auth counts by address, and does not say so; the other limits are ours, and say what they count.
      const counted = code === "LIMITED" && message ? message : "Too many attempts from your network.";
      return { code, message: `${counted} ${tryAgainIn(wait)}` };
    }
    // What else a server says when it fails is not for users.
    if (status >= 500 && code !== "MAIL_UNAVAILABLE") {
      return { code, message: `The server cannot ${what} right now. Try again in a moment.` };
    }
    return { code, message: message ?? "That did not work. Check what you entered." };
  } catch {
    return { message: UNREACHED };
  }
}
