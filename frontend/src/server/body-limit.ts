/** The longest body that any route takes, in bytes: a chat message of 2,000 characters, each escaped as JSON, and room. */
export const BODY_LIMIT = 32 * 1024;
