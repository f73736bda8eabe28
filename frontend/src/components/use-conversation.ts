"use client";

import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError, errorMessage, listConversations, readConversation, type Message } from "@/lib/api";

/** The conversation that is on the screen. */
export interface Shown {
  /** Undefined until its first message is answered. */
  id: string | undefined;
  messages: Message[];
  /** The answer that is being made. */
  answering?: Message;
  /** The place of the first of them; those that are read later and come before it have lower ones. */
  first: number;
  /** Where the messages before these are, or null where they begin. */
  earlier: string | null;
}

/** What went wrong with reading. */
interface ReadFailure {
  /** In words for the user. */
  message: string;
  /** Reads the same again. */
  retry: () => void;
}

/** The conversation on the screen, and what else can come there. */
export interface ShownConversation {
  shown: Shown;
  /** Whether one is being read: what is said now might not be meant for it. */
  opening: boolean;
  failure: ReadFailure | undefined;
  /** Opens a conversation; without an id, the one that was used last. */
  open: (id?: string) => Promise<void>;
  /** Leaves the one that is shown for one that has yet to begin. */
  begin: () => void;
  /** Reads the messages before those that are shown. */
  readBack: () => Promise<void>;
  /** Changes what is shown, unless another conversation has taken its place since `turn`. */
  change: (turn: number | undefined, change: (shown: Shown) => Shown) => void;
  /** Names what is shown now, for a later change. */
  turn: () => number;
  /** Whether a conversation is the one that was opened last by its id. */
  isOpen: (id: string) => boolean;
}

const NEW: Shown = { id: undefined, messages: [], first: 0, earlier: null };

/** Opens the conversation that was used last; `onExpired` is called when the session is over. */
export function useConversation(onExpired: () => void): ShownConversation {
  const [shown, setShown] = useState(NEW);
  const [opening, setOpening] = useState(true);
  const [failure, setFailure] = useState<ReadFailure>();
  const latest = useRef(0);
  const current = useRef<string>(undefined);

  const change = useCallback((turn: number | undefined, change: (shown: Shown) => Shown) => {
    if (turn === latest.current) setShown(change);
  }, []);

  const attempt = useCallback(
    async (turn: number, action: () => Promise<void>, retry: () => void) => {
      setFailure(undefined);
      setOpening(true);
      try {
        await action();
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) onExpired();
        else if (turn === latest.current) setFailure({ message: errorMessage(error), retry });
      } finally {
        if (turn === latest.current) setOpening(false);
      }
    },
    [onExpired],
  );

  const open = useCallback(
    async function open(id?: string) {
      const turn = ++latest.current;
      current.current = id;
      const read = async () => {
        const wanted = id ?? (await listConversations(1)).conversations[0]?.id;
        if (!wanted) return change(turn, () => NEW);
        const { messages, next_cursor } = await readConversation(wanted);
        change(turn, () => ({ ...NEW, id: wanted, messages, earlier: next_cursor }));
      };
      await attempt(turn, read, () => void open(id));
    },
    [attempt, change],
  );

  const readBack = useCallback(
    async function readBack() {
      const { id, earlier } = shown;
      if (!id || !earlier) return;
      const turn = latest.current;
      const read = async () => {
        const { messages, next_cursor } = await readConversation(id, earlier);
        change(turn, (now) => ({
          ...now,
          messages: [...messages, ...now.messages],
          first: now.first - messages.length,
          earlier: next_cursor,
        }));
      };
      await attempt(turn, read, () => void readBack());
    },
    [attempt, change, shown],
  );

  const begin = useCallback(() => {
    latest.current++;
    current.current = undefined;
    setShown(NEW);
    setOpening(false);
    setFailure(undefined);
  }, []);

  useEffect(() => void open(), [open]);

  return {
    shown,
    opening,
    failure,
    open,
    begin,
    readBack,
    change,
    turn: () => latest.current,
    isOpen: (id) => id === current.current,
  };
}
