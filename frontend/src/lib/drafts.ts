import type { Utterance } from "./api";

/** What a user has typed and not been answered. */
export interface Draft {
  text: string;
  /** What was sent without an answer. */
  unanswered: Utterance[];
}

/** What `userId` had typed in this tab, so that neither a reload nor the end of a session takes it away. */
export function readDraft(userId: string): Draft {
  const kept = withStorage((storage) => storage.getItem(name(userId)));
  return kept ? (JSON.parse(kept) as Draft) : { text: "", unanswered: [] };
}

/** Keeps it for as long as the tab is open. */
export function keepDraft(userId: string, draft: Draft): void {
  keep(name(userId), draft.text || draft.unanswered.length ? JSON.stringify(draft) : "");
}

/** What `userId` had begun to add to the list. */
export function readTitle(userId: string): string {
  return withStorage((storage) => storage.getItem(titleName(userId))) ?? "";
}

/** Keeps it likewise. */
export function keepTitle(userId: string, title: string): void {
  keep(titleName(userId), title);
}

/** Takes both away: nobody who comes after a user who has left reads what they typed. */
export function forgetDraft(userId: string): void {
  keep(name(userId), "");
  keep(titleName(userId), "");
}

function name(userId: string): string {
  return `draft of ${userId}`;
}

function titleName(userId: string): string {
  return `title of ${userId}`;
}

function keep(name: string, text: string): void {
  withStorage((storage) => (text ? storage.setItem(name, text) : storage.removeItem(name)));
}

/** A browser may keep nothing for a page; a draft is then as safe as the page. */
function withStorage<T>(work: (storage: Storage) => T): T | undefined {
  try {
    return work(sessionStorage);
  } catch {
    return undefined;
  }
}
