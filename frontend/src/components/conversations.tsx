"use client";

import { useRef, useState, type RefObject } from "react";

import {
  ApiError,
  deleteConversation,
  errorMessage,
  listConversations,
  type ConversationPage,
  type ConversationSummary,
} from "@/lib/api";

import { Confirmation } from "./confirmation";
import styles from "./conversations.module.css";
import { moment } from "./moment";
import { Notice } from "./notice";

interface ConversationsProps {
  /** The conversation that is on the screen. */
  current: string | undefined;
  onOpen: (id: string) => void;
  onBegin: () => void;
  /** Called when the one on the screen is deleted. */
  onGone: () => void;
  /** Called when the session is over. */
  onExpired: () => void;
  /** Takes the focus when another conversation is on the screen. */
  input: RefObject<HTMLElement | null>;
}

/** How many conversations are read at once. */
const PAGE = 30;

/** A button that begins a conversation, and one that opens the list of those that there were. */
export function Conversations({ current, onOpen, onBegin, onGone, onExpired, input }: ConversationsProps) {
  const drawer = useRef<HTMLDialogElement>(null);
  const confirmation = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const [page, setPage] = useState<ConversationPage>();
  const [error, setError] = useState<string>();
  const [leaving, setLeaving] = useState<ConversationSummary>();

  /** Gives what went wrong, in words for the user; a session that is over is no error of theirs. */
  async function failureOf(action: () => Promise<void>): Promise<string | undefined> {
    try {
      return void (await action());
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) return errorMessage(error);
      drawer.current?.close();
      onExpired();
      return undefined;
    }
  }

  async function read(before?: ConversationPage) {
    setError(undefined);
    const failure = await failureOf(async () => {
      const next = await listConversations(PAGE, before?.next_cursor);
      setPage({ ...next, conversations: [...(before?.conversations ?? []), ...next.conversations] });
    });
    setError(failure);
  }

  function show() {
    drawer.current?.showModal();
    void read();
  }

  function leaveFor(choose: () => void) {
    drawer.current?.close();
    choose();
    input.current?.focus();
  }

  function remove(): Promise<string | undefined> {
    return failureOf(async () => {
      if (!leaving) return;
      await deleteConversation(leaving.id).catch((error: unknown) => {
        // Gone already, in another window, is as good as done.
        if (!(error instanceof ApiError && error.status === 404)) throw error;
      });
      setPage(
        // By what names it: the list may have been read again since it was chosen.
        (page) =>
          page && { ...page, conversations: page.conversations.filter(({ id }) => id !== leaving.id) },
      );
      if (leaving.id === current) onGone();
    });
  }

  return (
    <div className={styles.bar}>
      <button className="button" data-kind="quiet" type="button" aria-haspopup="dialog" onClick={show}>
        Conversations
      </button>
      <button className="button" data-kind="quiet" type="button" onClick={() => leaveFor(onBegin)}>
        New conversation
      </button>
      <dialog ref={drawer} className={styles.drawer} aria-labelledby="conversations-title">
        <div className={styles.heading}>
          <h2 id="conversations-title" ref={heading} tabIndex={-1}>
            Conversations
          </h2>
          <button className="button" data-kind="quiet" type="button" onClick={() => drawer.current?.close()}>
            Close
          </button>
        </div>
        {error && (
          <>
            <Notice kind="error">{error}</Notice>
            <button className="button" data-kind="quiet" type="button" onClick={() => void read()}>
              Try again
            </button>
          </>
        )}
        {!page && !error && <p>Loading…</p>}
        {page?.conversations.length === 0 && <p>There is none yet. What you say begins one.</p>}
        <ul className={styles.list}>
          {page?.conversations.map((conversation) => (
            <li key={conversation.id} className={styles.item}>
              <button
                type="button"
                className={styles.open}
                aria-current={conversation.id === current}
                onClick={() => leaveFor(() => onOpen(conversation.id))}
              >
                <span className={styles.title} dir="auto">
                  {conversation.title}
                </span>
                <time className={styles.time} dateTime={conversation.updated_at}>
                  {moment(conversation.updated_at)}
                </time>
              </button>
              <button
                type="button"
                className={styles.remove}
                aria-label={`Delete ${conversation.title}…`}
                onClick={() => {
                  setLeaving(conversation);
                  confirmation.current?.showModal();
                }}
              >
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                  <path d="m4 4 8 8m0-8-8 8" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
                </svg>
              </button>
            </li>
          ))}
        </ul>
        {page?.next_cursor && (
          <button className="button" data-kind="quiet" type="button" onClick={() => void read(page)}>
            Show more
          </button>
        )}
      </dialog>
      <Confirmation
        ref={confirmation}
        question="Delete this conversation?"
        consequence={
          <>
            “<bdi>{leaving?.title}</bdi>” is deleted for good. Your todos stay as they are.
          </>
        }
        action="Delete conversation"
        onConfirm={remove}
        returnTo={heading}
      />
    </div>
  );
}
