import type { Action } from "@/lib/api";

import styles from "./actions.module.css";

/** What each tool did, in words for the user. Those that only look at the list are not told. */
const DONE: Partial<Record<Action["tool"], string>> = {
  add_todo: "Added",
  complete_todo: "Completed",
  edit_todo: "Changed",
  delete_todo: "Deleted",
  restore_todo: "Restored",
};

/** Those of the actions that changed the list. */
export function changesAmong(actions: Action[] = []): Action[] {
  return actions.filter(({ tool, todo }) => todo && DONE[tool]);
}

/** Actions in words: "Added 3: milk; Completed 4: bread". Without titles where that is too long. */
export function inWords(actions: Action[], { most }: { most: number }): string {
  const told = (titled: boolean) =>
    actions
      .map(({ tool, todo }) => `${DONE[tool]} ${todo!.number}${titled ? `: ${todo!.title}` : ""}`)
      .join("; ");
  const whole = told(true);
  return whole.length > most ? told(false) : whole;
}

/** What the assistant did to the list, beside what it says. */
export function Actions({ actions }: { actions: Action[] | undefined }) {
  const done = changesAmong(actions);
  if (!done.length) return null;
  return (
    <ul className={styles.actions} aria-label="Done to your list">
      {done.map(({ tool, todo }, index) => (
        <li key={index} data-tool={tool}>
          <span>{DONE[tool]}</span> {todo!.number}: <bdi>{todo!.title}</bdi>
        </li>
      ))}
    </ul>
  );
}
