import type {
  Action,
  ChatReply,
  ConversationPage,
  ConversationRead,
  MessageRead,
  paths,
  Problem,
  TodoRead,
  TodosCleared,
  TodoSummary,
  TodoUpdate,
} from "./api-schema";
import { isEventStream, readEvents } from "./events";

export type {
  Action,
  ChatReply,
  ConversationPage,
  ConversationSummary,
  Priority,
  TodoSummary,
} from "./api-schema";

/** A todo as the backend tells it. */
export type Todo = TodoRead;

/** What can be edited of a todo. */
export type TodoEdit = Partial<Pick<Todo, "title" | "due_at" | "priority" | "tags">>;

/** What one side said. */
export interface Message extends Pick<MessageRead, "role" | "content"> {
  /** What was done for it, in an answer that was made while this page was open. */
  actions?: Action[];
}

/** A conversation with some of its messages, oldest first. */
export type Conversation = ConversationRead;

/** Some of the user's todos. */
export interface TodoPage {
  todos: Todo[];
  /** Where the next page begins, or null when this is the last. */
  next: string | null;
}

/** What to show where no answer arrived at all. */
export const UNREACHED = "The server cannot be reached. Check your connection and try again.";

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

/** How many todos a page has, and how many one request gives at most. */
export const PAGE = 200;
export const LARGEST_PAGE = 500;

/** Which todos are asked for: where the page begins, which of them, and in which order. */
export type TodoQuery = Omit<RequestOf<"get", "/api/todos">["query"] & object, "limit">;

/** A page of the user's todos, by number unless another order is asked for. */
export async function listTodos(query: TodoQuery = {}, limit = PAGE): Promise<TodoPage> {
  const answer = await send("get", "/api/todos", { query: { limit, ...query } });
  // A backend without pages gives all of them.
  if (Array.isArray(answer)) return { todos: answer, next: null };
  return { todos: answer.todos, next: answer.next_cursor };
}

/** Counts the user's todos. */
export function summarizeTodos(): Promise<TodoSummary> {
  return send("get", "/api/todos/summary", {});
}

/** Adds a todo; `key` makes it one, however often it is sent. */
export function addTodo(title: string, key: string): Promise<Todo> {
  return send("post", "/api/todos", { body: { title }, header: { "Idempotency-Key": key } });
}

/** Marks a todo as done or not done. */
export function setCompleted({ id, version }: Todo, completed: boolean): Promise<Todo> {
  return change(id, { completed, version });
}

/** Edits a todo. */
export function editTodo({ id, version }: Todo, edit: TodoEdit): Promise<Todo> {
  return change(id, { ...edit, version });
}

function change(id: string, body: TodoUpdate): Promise<Todo> {
  return send("patch", "/api/todos/{todo_id}", { path: { todo_id: id }, body });
}

/** Deletes a todo. */
export function deleteTodo({ id, version }: Todo): Promise<void> {
  return send("delete", "/api/todos/{todo_id}", { path: { todo_id: id }, query: { version } });
}

/** Deletes what is done, and names it; `key` makes that one deletion, however often it is sent. */
export function clearDone(key: string): Promise<TodosCleared> {
  return send("delete", "/api/todos", { query: { completed: "true" }, header: { "Idempotency-Key": key } });
}

/** How many todos one request brings back at most: more ids than fit into a body of 32 KiB are refused. */
export const MOST_RESTORED = 800;

/** Brings back todos that were deleted a while ago, and gives those that are there; the others are not kept any more. */
export function restoreTodos(ids: string[]): Promise<Todo[]> {
  return send("post", "/api/todos/restore", { body: { ids } });
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
  /** What was done before an answer failed that its key gives again and again; `key` is another one since. */
  done?: Action[];
  /** What was done under `key`, as far as the page was told before the answer was lost. */
  heard?: Action[];
}

/** Follows an answer while it is made. */
export interface Follower {
  onWords: (words: string) => void;
  onAction: (action: Action) => void;
  /** Stops it when it is aborted: what there is until then is the answer. */
  stopped: AbortSignal;
  /** Aborted, nobody waits for the answer any more, and nothing else is asked. */
  left: AbortSignal;
}

/** Says it, and gives the whole answer once it is there, or as much of it as there is when it is stopped. */
export async function chat(utterance: Utterance, follower: Follower): Promise<ChatReply | undefined> {
  const { message, conversationId, timeZone, key } = utterance;
  const { stopped, left } = follower;
  const body = { message, conversation_id: conversationId, time_zone: timeZone };
  try {
    const response = await ask("post", "/api/chat", {
      body,
      header: { "Idempotency-Key": key },
      accept: "text/event-stream, application/json",
      signal: AbortSignal.any([stopped, left]),
    });
    if (!isEventStream(response)) return await read<ChatReply>(response);
    return await follow(response, follower);
  } catch (error) {
    if (left.aborted || !stopped.aborted) throw error;
    return whatBecameOf(key, left);
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
async function whatBecameOf(key: string, left: AbortSignal): Promise<ChatReply | undefined> {
  for (let asked = 1; ; asked++) {
    await new Promise((resolve) => setTimeout(resolve, APART));
    left.throwIfAborted();
    try {
      return await send("get", "/api/chat/answers/{key}", { path: { key } });
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      // What was begun is brought to its end first.
      if (!(error instanceof ApiError && error.status === 409 && asked < ASKED)) throw error;
    }
  }
}

/** A page of the user's conversations. */
export function listConversations(limit: number, cursor?: string | null): Promise<ConversationPage> {
  return send("get", "/api/conversations", { query: { limit, cursor } });
}

/** A conversation with its latest messages, or with those before a cursor. */
export function readConversation(id: string, cursor?: string | null): Promise<Conversation> {
  return send("get", "/api/conversations/{conversation_id}", {
    path: { conversation_id: id },
    query: { limit: MESSAGES, cursor },
  });
}

/** Deletes a conversation. */
export function deleteConversation(id: string): Promise<void> {
  return send("delete", "/api/conversations/{conversation_id}", { path: { conversation_id: id } });
}

/** How many messages a page has. */
const MESSAGES = 50;

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
export async function listSessions(): Promise<Session[]> {
  return read(await ask("get", "/api/me/sessions"));
}

/** Signs the user out somewhere else. */
export async function endSession({ id }: Session): Promise<void> {
  await read(await ask("delete", `/api/me/sessions/${encodeURIComponent(id)}`));
}

/** What signs the user in without a password. */
export interface Passkey {
  id: string;
  name: string | null;
  created_at: string;
  /** What keeps it, where that says so. */
  kept_by: string | null;
  /** Whether more than one device can have it. */
  synced: boolean;
}

/** The user's passkeys, the latest first. */
export async function listPasskeys(): Promise<Passkey[]> {
  return read(await ask("get", "/api/me/passkeys"));
}

/** Deletes the signed-in user and everything that belongs to them. */
export function deleteAccount(): Promise<void> {
  return send("delete", "/api/me", {});
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

/** The methods that a path has. */
type MethodOf<Path extends keyof paths> = {
  [Method in keyof paths[Path]]-?: paths[Path][Method] extends { responses: object } ? Method : never;
}[keyof paths[Path]] &
  string;

/** What a request of an operation is made of. */
type RequestOf<Method extends MethodOf<Path>, Path extends keyof paths> = paths[Path][Method] extends {
  parameters: infer Parameters;
  requestBody?: infer Body;
}
  ? Parameters & (Body extends { content: { "application/json": infer Json } } ? { body: Json } : object)
  : never;

/** What an operation answers when it succeeds. */
type AnswerOf<Method extends MethodOf<Path>, Path extends keyof paths> = paths[Path][Method] extends {
  responses: Partial<Record<200 | 201, { content: { "application/json": infer Json } }>>;
}
  ? Json
  : void;

/** A request, whatever of. */
interface AnyRequest {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  header?: Record<string, string | null | undefined>;
  body?: unknown;
}

async function send<Path extends keyof paths, Method extends MethodOf<Path>>(
  method: Method,
  path: Path,
  request: RequestOf<Method, Path>,
): Promise<AnswerOf<Method, Path>> {
  const { header, body, ...rest } = request as AnyRequest;
  return read(await ask(method, addressOf(path, rest), { header, body }));
}

/** What goes with a request to an address, and how its answer is taken. */
interface Asking extends Pick<AnyRequest, "header" | "body"> {
  accept?: string;
  signal?: AbortSignal;
}

/** Asks at any address, also at one that the front end answers itself. */
async function ask(
  method: string,
  address: string,
  { header, body, accept, signal }: Asking = {},
): Promise<Response> {
  return reached(
    fetch(address, {
      method: method.toUpperCase(),
      headers: {
        ...(body !== undefined && { "content-type": "application/json" }),
        ...given({ ...header, accept }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
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
    throw new ApiError(UNREACHED, 0);
  }
}

/** A failure as the server tells it: in a response, or in an event of one that began well. */
function failure(json: unknown, response?: Response): ApiError {
  const told = problemOf(json);
  const status = response?.status ?? told.status ?? 0;
  const message = told.detail ?? `The server answered with status ${status}.`;
  const wait = response?.headers.get("retry-after") ?? told.retry_after;
  return new ApiError(
    status === 429 || wait ? `${message} ${tryAgainIn(wait)}` : message,
    status,
    Array.isArray(told.actions) ? told.actions : [],
    status === 409 ? (told.todo ?? undefined) : undefined,
  );
}

/** The path with what it is about in its place, and its query. */
function addressOf(template: string, { path = {}, query }: AnyRequest): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ""));
  const search = new URLSearchParams(given(query));
  return search.size > 0 ? `${filled}?${search}` : filled;
}

/** Those that have a value, as text. */
function given(values: Record<string, unknown> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined && value !== null && value !== "")
      .map(([name, value]) => [name, String(value)]),
  );
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

/** What a failure tells; what stands between the page and the backend answers in its own words. */
function problemOf(json: unknown): Partial<Problem> {
  if (typeof json !== "object" || json === null) return {};
  const problem: Partial<Problem> = json;
  return typeof problem.detail === "string" ? problem : { ...problem, detail: undefined };
}
