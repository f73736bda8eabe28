/** A todo as the backend tells it. */
export interface Todo {
  id: string;
  /** What people call it in the chat ("complete 2"): small, per user, never reused. */
  number: number;
  title: string;
  completed: boolean;
}

/** The assistant's answer to one message. */
export interface ChatReply {
  conversation_id: string;
  reply: string;
}

/** A refusal or a failure, with a message that can be shown as it is. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    message: string,
    /** The HTTP status, or 0 when no answer arrived at all. */
    readonly status: number,
  ) {
    super(message);
  }
}

/** The user's todos, by number. */
export function listTodos(): Promise<Todo[]> {
  return send("GET", "/api/todos");
}

/** Marks a todo as done or not done. */
export function setCompleted(id: string, completed: boolean): Promise<Todo> {
  return send("PATCH", `/api/todos/${id}`, { completed });
}

/** Deletes a todo. */
export function deleteTodo(id: string): Promise<void> {
  return send("DELETE", `/api/todos/${id}`);
}

/** Says `message` to the assistant, in the conversation so far or in a new one. */
export function chat(message: string, conversationId: string | null): Promise<ChatReply> {
  return send("POST", "/api/chat", { message, conversation_id: conversationId });
}

/** Deletes the signed-in user and everything that belongs to them. */
export function deleteAccount(): Promise<void> {
  return send("DELETE", "/api/me");
}

/** What to show for an error of any of these calls. */
export function errorMessage(error: unknown): string {
  return error instanceof ApiError ? error.message : "Something went wrong. Try again.";
}

async function send<T>(method: string, path: string, body?: object): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch {
    throw new ApiError("The server cannot be reached. Check your connection and try again.", 0);
  }
  const json = parse(text);
  if (!response.ok)
    throw new ApiError(
      detail(json) ?? `The server answered with status ${response.status}.`,
      response.status,
    );
  return json as T;
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** FastAPI gives a string, or for a body that does not validate a list of findings. */
function detail(json: unknown): string | undefined {
  if (typeof json !== "object" || json === null || !("detail" in json)) return undefined;
  if (typeof json.detail === "string") return json.detail;
  if (!Array.isArray(json.detail)) return undefined;
  const messages = json.detail.map((finding: unknown) =>
    typeof finding === "object" && finding !== null && "msg" in finding ? String(finding.msg) : undefined,
  );
  return messages.filter(Boolean).join("; ") || undefined;
}
