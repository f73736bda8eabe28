/** The longest body that any route takes, in bytes: a chat message of 4,000 characters, as browsers write it, and room. */
export const BODY_LIMIT = 32 * 1024;
