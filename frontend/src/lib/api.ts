/** A todo as the backend tells it. */
export interface Todo {
  id: string;
  /** What people call it in the chat ("complete 2"): small, per user, never reused. */
  number: number;
  title: string;
  completed: boolean;
  /** RFC 3339, or null when it is due at no time. */
  due_at: string | null;
  priority: Priority;
  /** Counts its changes: a change says which version it is of, and is refused when that is stale. */
  version: number;
}

/** How much a todo matters. */
export type Priority = "low" | "normal" | "high";

/** What can be edited of a todo. */
export type TodoEdit = Partial<Pick<Todo, "title" | "due_at" | "priority">>;

/** The assistant's answer to one message. */
export interface ChatReply {
  conversation_id: string;
  reply: string;
}

/** A conversation in a list of them. */
export interface ConversationSummary {
  id: string;
  /** How its first message begins. */
  title: string;
  /** When its latest message came. */
  updated_at: string;
}

/** Some of the user's conversations, the one that was used last first. */
export interface ConversationPage {
  conversations: ConversationSummary[];
  next_cursor: string | null;
}

/** What one side said. */
export interface Message {
  role: "user" | "assistant";
  content: string;
}

/** A conversation with some of its messages, oldest first. */
export interface Conversation extends ConversationSummary {
  messages: Message[];
  /** Where the messages before these are, or null where they begin. */
  next_cursor: string | null;
}

/** Some of the user's todos. */
export interface TodoPage {
  todos: Todo[];
  /** Where the next page begins, or null when this is the last. */
  next: string | null;
}

/** A refusal or a failure, with a message that can be shown as it is. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    message: string,
    /** The HTTP status, or 0 when no answer arrived at all. */
    readonly status: number,
    /** Whether the answer names what was done before it failed. It is the same however often its key is sent. */
    readonly acted = false,
    /** What the todo is by now, when a change of it was stale. */
    readonly current?: Todo,
  ) {
    super(message);
  }

  /** Whether what was asked for may have been done all the same, or is being done (409). */
  get uncertain(): boolean {
    return !this.acted && (this.status === 0 || this.status === 409 || this.status >= 500);
  }
}

/** How many todos a page has. */
const PAGE = 200;

/** Which todos are asked for. */
interface TodoQuery {
  /** Where the page begins; left out for the first. */
  cursor?: string;
  /** Only those that are done, or only those that are open. */
  completed?: boolean;
}

/** A page of the user's todos, by number. */
export async function listTodos({ cursor, completed }: TodoQuery = {}): Promise<TodoPage> {
  const query = new URLSearchParams({
    limit: String(PAGE),
    ...(cursor && { cursor }),
    ...(completed !== undefined && { completed: String(completed) }),
  });
  const answer = await send<Todo[] | { todos: Todo[]; next_cursor: string | null }>(
    "GET",
    `/api/todos?${query}`,
  );
  // A backend without pages gives all of them.
  if (Array.isArray(answer)) return { todos: answer, next: null };
  return { todos: answer.todos, next: answer.next_cursor };
}

/** Adds a todo; `key` makes it one, however often it is sent. */
export function addTodo(title: string, key: string): Promise<Todo> {
  return send("POST", "/api/todos", { title }, key);
}

/** Marks a todo as done or not done. */
export function setCompleted({ id, version }: Todo, completed: boolean): Promise<Todo> {
  return send("PATCH", `/api/todos/${id}`, { completed, version });
}

/** Edits a todo. */
export function editTodo({ id, version }: Todo, edit: TodoEdit): Promise<Todo> {
  return send("PATCH", `/api/todos/${id}`, { ...edit, version });
}

/** Deletes a todo. */
export function deleteTodo({ id, version }: Todo): Promise<void> {
  return send("DELETE", `/api/todos/${id}${version ? `?version=${version}` : ""}`);
}

/** Brings back a todo that was deleted a while ago. */
export function restoreTodo({ id }: Todo): Promise<Todo> {
  return send("POST", `/api/todos/${id}/restore`);
}

/** Something said to the assistant, as it is sent and, when the answer is lost, sent again. */
export interface Utterance {
  message: string;
  /** The conversation so far, or null for a new one. */
  conversationId: string | null;
  /** Where the user is, for what is due tomorrow. */
  timeZone?: string;
  /** Names this message: it has its effect once, however often it is sent. */
  key: string;
}

/** Says it. */
export function chat({ message, conversationId, timeZone, key }: Utterance): Promise<ChatReply> {
  const body = { message, conversation_id: conversationId, time_zone: timeZone };
  return send("POST", "/api/chat", body, key);
}

/** A page of the user's conversations. */
export function listConversations(limit: number, cursor?: string | null): Promise<ConversationPage> {
  return send("GET", `/api/conversations?${pageQuery(limit, cursor)}`);
}

/** A conversation with its latest messages, or with those before a cursor. */
export function readConversation(id: string, cursor?: string | null): Promise<Conversation> {
  return send("GET", `/api/conversations/${id}?${pageQuery(MESSAGES, cursor)}`);
}

/** Deletes a conversation. */
export function deleteConversation(id: string): Promise<void> {
  return send("DELETE", `/api/conversations/${id}`);
}

/** How many messages a page has. */
const MESSAGES = 50;

function pageQuery(limit: number, cursor?: string | null): URLSearchParams {
  return new URLSearchParams({ limit: String(limit), ...(cursor && { cursor }) });
}

/** A key that names one request; randomUUID is missing where the page came by plain http. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** A session of the user: somewhere where they are signed in. */
export interface Session {
  id: string;
  created_at: string;
  ip_address: string | null;
  /** What the browser calls itself. */
  user_agent: string | null;
  /** Whether it is this one. */
  current: boolean;
}

/** Where the user is signed in, the latest first. */
export function listSessions(): Promise<Session[]> {
  return send("GET", "/api/me/sessions");
}

/** Signs the user out somewhere else. */
export function endSession({ id }: Session): Promise<void> {
  return send("DELETE", `/api/me/sessions/${encodeURIComponent(id)}`);
}

/** Deletes the signed-in user and everything that belongs to them. */
export function deleteAccount(): Promise<void> {
  return send("DELETE", "/api/me");
}

/** What to show for an error of any of these calls. */
export function errorMessage(error: unknown): string {
  return error instanceof ApiError ? error.message : "Something went wrong. Try again.";
}

/** After how long to try again, in words for the user, where an answer says so in seconds. */
export function tryAgainIn(seconds: string | null): string {
  const wait = Number(seconds);
  if (!(wait > 0)) return "Try again in a moment.";
  if (wait < 90) return `Try again in ${wait === 1 ? "a second" : `${wait} seconds`}.`;
  return `Try again in ${Math.ceil(wait / 60)} minutes.`;
}

async function send<T>(method: string, path: string, body?: object, key?: string): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      headers: {
        ...(body && { "content-type": "application/json" }),
        ...(key && { "idempotency-key": key }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch {
    throw new ApiError("The server cannot be reached. Check your connection and try again.", 0);
  }
  const json = parse(text);
  if (response.ok) return json as T;
  const message = detail(json) ?? `The server answered with status ${response.status}.`;
  const wait = response.headers.get("retry-after");
  throw new ApiError(
    response.status === 429 || wait ? `${message} ${tryAgainIn(wait)}` : message,
    response.status,
    acted(json),
    response.status === 409 ? current(json) : undefined,
  );
}

/** What a refused change found in place of the todo that it was of. */
function current(json: unknown): Todo | undefined {
  if (typeof json !== "object" || json === null || !("todo" in json)) return undefined;
  return json.todo as Todo;
}

/** Whether a failed answer of the chat names something that was done. */
function acted(json: unknown): boolean {
  return (
    typeof json === "object" &&
    json !== null &&
    "actions" in json &&
    Array.isArray(json.actions) &&
    json.actions.length > 0
  );
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
