import { isEventStream, readEvents } from "./events";

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
  tags: string[];
  /** Counts its changes: a change says which version it is of, and is refused when that is stale. */
  version: number;
}

/** How much a todo matters. */
export type Priority = "low" | "normal" | "high";

/** What can be edited of a todo. */
export type TodoEdit = Partial<Pick<Todo, "title" | "due_at" | "priority" | "tags">>;

/** What a tool of the assistant did: to a todo, unless it only looked. */
export interface Action {
  tool: "add_todo" | "list_todos" | "complete_todo" | "edit_todo" | "delete_todo" | "restore_todo";
  todo: Todo | null;
}

/** The assistant's answer to one message. */
export interface ChatReply {
  conversation_id: string;
  reply: string;
  actions: Action[];
  /** Whether it was stopped, and is what there was until then. */
  stopped?: boolean;
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
  /** What was done for it, in an answer that was made while this page was open. */
  actions?: Action[];
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
    /** What was done before it failed, where the answer names that. It is the same however often its key is sent. */
    readonly actions: Action[] = [],
    /** What the todo is by now, when a change of it was stale. */
    readonly current?: Todo,
  ) {
    super(message);
  }

  /** Whether what was asked for may have been done all the same, or is being done (409). */
  get uncertain(): boolean {
    return !this.actions.length && (this.status === 0 || this.status === 409 || this.status >= 500);
  }
}

/** How many todos a page has. */
const PAGE = 200;

/** Which todos are asked for. */
export interface TodoQuery {
  /** Where the page begins; left out for the first. */
  cursor?: string;
  /** Only those that are done, or only those that are open. */
  completed?: boolean;
  search?: string;
  tag?: string;
  sort?: string;
}

/** A page of the user's todos, by number unless another order is asked for. */
export async function listTodos({ cursor, completed, search, tag, sort }: TodoQuery = {}): Promise<TodoPage> {
  const query = new URLSearchParams({
    limit: String(PAGE),
    ...(completed !== undefined && { completed: String(completed) }),
    ...(search && { search }),
    ...(tag && { tag }),
    ...(sort && { sort }),
    ...(cursor && { cursor }),
  });
  const answer = await send<Todo[] | { todos: Todo[]; next_cursor: string | null }>(
    "GET",
    `/api/todos?${query}`,
  );
  // A backend without pages gives all of them.
  if (Array.isArray(answer)) return { todos: answer, next: null };
  return { todos: answer.todos, next: answer.next_cursor };
}

/** What there is in the user's list. */
export interface TodoSummary {
  open: number;
  completed: number;
  /** Those that most todos have first. */
  tags: { tag: string; count: number }[];
}

/** Counts the user's todos. */
export function summarizeTodos(): Promise<TodoSummary> {
  return send("GET", "/api/todos/summary");
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

/** Follows an answer while it is made. */
export interface Follower {
  onWords: (words: string) => void;
  onAction: (action: Action) => void;
  /** Stops it when it is aborted. */
  signal: AbortSignal;
}

/** Says it, and gives the whole answer once it is there, or as much of it as there is when it is stopped. */
export async function chat(utterance: Utterance, follower: Follower): Promise<ChatReply | undefined> {
  const { message, conversationId, timeZone, key } = utterance;
  const body = { message, conversation_id: conversationId, time_zone: timeZone };
  try {
    const response = await ask("POST", "/api/chat", { body, key, signal: follower.signal });
    if (!isEventStream(response)) return await read<ChatReply>(response);
    return await follow(response, follower);
  } catch (error) {
    if (follower.signal.aborted) return whatBecameOf(key);
    throw error;
  }
}

async function follow(response: Response, { onWords, onAction }: Follower): Promise<ChatReply> {
  try {
    for await (const { event, data } of readEvents(response)) {
      const told = JSON.parse(data) as unknown;
      if (event === "text") onWords((told as { text: string }).text);
      else if (event === "action") onAction(told as Action);
      else if (event === "reply") return told as ChatReply;
      else if (event === "problem") throw failure(told);
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
  }
  throw new ApiError("The connection was lost before the answer was complete.", 0);
}

/** How often, and how many milliseconds apart, it is asked what became of a message that was stopped. */
const ASKED = 100;
const APART = 300;

/** The answer that is kept of a message that was stopped, or undefined when nothing was said or done. */
async function whatBecameOf(key: string): Promise<ChatReply | undefined> {
  for (let asked = 1; ; asked++) {
    await new Promise((resolve) => setTimeout(resolve, APART));
    try {
      return await send<ChatReply>("GET", `/api/chat/answers/${key}`);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      // What was begun is brought to its end first.
      if (!(error instanceof ApiError && error.status === 409 && asked < ASKED)) throw error;
    }
  }
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

/** Deletes the signed-in user and everything that belongs to them. */
export function deleteAccount(): Promise<void> {
  return send("DELETE", "/api/me");
}

/** What to show for an error of any of these calls. */
export function errorMessage(error: unknown): string {
  return error instanceof ApiError ? error.message : "Something went wrong. Try again.";
}

/** After how long to try again, in words for the user, where an answer says so in seconds. */
export function tryAgainIn(seconds: string | number | null | undefined): string {
  const wait = Number(seconds);
  if (!(wait > 0)) return "Try again in a moment.";
  if (wait < 90) return `Try again in ${wait === 1 ? "a second" : `${wait} seconds`}.`;
  return `Try again in ${Math.ceil(wait / 60)} minutes.`;
}

async function send<T>(method: string, path: string, body?: object, key?: string): Promise<T> {
  return read(await ask(method, path, { body, key }));
}

interface Asked {
  body?: object;
  key?: string;
  /** Takes a stream of events too, until this is aborted. */
  signal?: AbortSignal;
}

async function ask(method: string, path: string, { body, key, signal }: Asked): Promise<Response> {
  return reached(
    fetch(path, {
      method,
      headers: {
        ...(body && { "content-type": "application/json" }),
        ...(key && { "idempotency-key": key }),
        ...(signal && { accept: "text/event-stream, application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal,
    }),
  );
}

async function read<T>(response: Response): Promise<T> {
  const json = parse(await reached(response.text()));
  if (response.ok) return json as T;
  throw failure(json, response);
}

async function reached<T>(action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch {
    throw new ApiError("The server cannot be reached. Check your connection and try again.", 0);
  }
}

/** A failure as the server tells it: in a response, or in an event of one that began well. */
function failure(json: unknown, response?: Response): ApiError {
  const told = (typeof json === "object" && json !== null ? json : {}) as Partial<Problem>;
  const status = response?.status ?? told.status ?? 0;
  const message = detail(json) ?? `The server answered with status ${status}.`;
  const wait = response?.headers.get("retry-after") ?? told.retry_after;
  return new ApiError(
    status === 429 || wait ? `${message} ${tryAgainIn(wait)}` : message,
    status,
    Array.isArray(told.actions) ? told.actions : [],
    status === 409 ? told.todo : undefined,
  );
}

/** What a failure may say beside its `detail`. */
interface Problem {
  status: number;
  retry_after: number;
  /** What was done before it failed. */
  actions: Action[];
  /** What a refused change found in place of the todo that it was of. */
  todo: Todo;
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
