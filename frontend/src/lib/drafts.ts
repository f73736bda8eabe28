import type { Todo, Utterance } from "./api";

/** What a user has typed and not been answered. */
export interface Draft {
  text: string;
  /** What was sent without an answer. */
  unanswered: Utterance[];
}

/** What `userId` had typed in this tab, so that neither a reload nor the end of a session takes it away. */
export function readDraft(userId: string): Draft {
  return read(`draft of ${userId}`) ?? { text: "", unanswered: [] };
}

/** Keeps it for as long as the tab is open. */
export function keepDraft(userId: string, draft: Draft): void {
  keep(`draft of ${userId}`, draft.text || draft.unanswered.length ? draft : undefined);
}

/** What a user has begun to add to the list. */
export interface Addition {
  title: string;
  /** Names it once it was sent, so that it is one todo however often it is sent. */
  key: string;
}

/** What `userId` had begun to add. */
export function readAddition(userId: string): Addition {
  return read(`addition of ${userId}`) ?? { title: "", key: "" };
}

/** Keeps it likewise. */
export function keepAddition(userId: string, addition: Addition): void {
  keep(`addition of ${userId}`, addition.title ? addition : undefined);
}

/** What a user has typed over a todo. */
export interface Edit<Fields> {
  /** The todo that it began with. */
  base: Todo;
  fields: Fields;
}

/** What `userId` had typed over a todo, if anything. */
export function readEdit<Fields>(userId: string, todoId: string): Edit<Fields> | undefined {
  return read(`edit ${todoId} of ${userId}`);
}

/** Keeps it likewise, or takes it away. */
export function keepEdit<Fields>(userId: string, todoId: string, edit?: Edit<Fields>): void {
  keep(`edit ${todoId} of ${userId}`, edit);
}

/** Takes all of that away: nobody who comes after a user who has left reads what they typed. */
export function forgetDrafts(userId: string): void {
  withStorage((storage) => {
    for (const name of Object.keys(storage)) if (name.endsWith(` of ${userId}`)) storage.removeItem(name);
  });
}

function read<T>(name: string): T | undefined {
  const kept = withStorage((storage) => storage.getItem(name));
  return kept ? (JSON.parse(kept) as T) : undefined;
}

function keep(name: string, value: object | undefined): void {
  withStorage((storage) => (value ? storage.setItem(name, JSON.stringify(value)) : storage.removeItem(name)));
}

/** A browser may keep nothing for a page; a draft is then as safe as the page. */
function withStorage<T>(work: (storage: Storage) => T): T | undefined {
  try {
    return work(sessionStorage);
  } catch {
    return undefined;
  }
}
