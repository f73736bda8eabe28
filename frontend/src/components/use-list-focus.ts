import { useEffect, useRef, type FocusEvent, type RefObject } from "react";

/** A control of an item: whose, and which of its controls. */
interface Held {
  id: string;
  place: number;
}

/**
 * Keeps the focus in a list from which items go, by whatever hand: the next item takes it, or the one before, or else `heading`. An
 * item has its id as `data-id`. Gives what the list is to be told of.
 */
export function useListFocus(
  list: RefObject<HTMLElement | null>,
  heading: RefObject<HTMLElement | null>,
  ids: string[],
) {
  const held = useRef<Held>(undefined);
  const before = useRef(ids);

  useEffect(() => {
    const focused = held.current;
    if (focused) {
      const there = new Set(ids);
      const was = before.current.indexOf(focused.id);
      const heirs = [...before.current.slice(was), ...before.current.slice(0, was).reverse()];
      focused.id = heirs.find((id) => there.has(id)) ?? "";
      // Nobody else has it, and no dialog that would give it back.
      if (document.activeElement === document.body) {
        held.current = undefined;
        const item = list.current?.querySelector(`[data-id="${focused.id}"]`);
        ((item && controlsOf(item)[focused.place]) ?? heading.current)?.focus();
      }
    }
    before.current = ids;
  });

  return {
    onFocus({ target }: FocusEvent) {
      const item = target.closest("[data-id]");
      held.current = item
        ? { id: item.getAttribute("data-id")!, place: controlsOf(item).indexOf(target as HTMLElement) }
        : undefined;
    },
    onBlur({ target, relatedTarget }: FocusEvent) {
      // To another window, or to a dialog, it goes for a while.
      if (target !== document.activeElement && !relatedTarget?.closest("dialog")) held.current = undefined;
    },
  };
}

function controlsOf(item: Element): HTMLElement[] {
  return [...item.querySelectorAll<HTMLElement>("input, button")];
}
