"use client";

import { useEffect, useId, useRef, useState, type FormEvent, type KeyboardEvent } from "react";

import { ApiError, chat, errorMessage, newKey, type Action, type Message, type Utterance } from "@/lib/api";
import { keepDraft, readDraft } from "@/lib/drafts";

import styles from "./chat.module.css";
import { Actions } from "./actions";
import { Conversations } from "./conversations";
import { Notice } from "./notice";
import { useConversation, type Shown } from "./use-conversation";

interface ChatProps {
  userId: string;
  /** How to greet the user. */
  name: string;
  /** Called whenever the assistant has, or may have, changed the todos. */
  onActed: () => void;
  /** Called when the session is over. */
  onExpired: () => void;
}

const SUGGESTIONS = ["add buy milk", "list", "complete 1", "help"];
const MAX_LENGTH = 2_000;

const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A conversation with the assistant about the todos. */
export function Chat({ userId, name, onActed, onExpired }: ChatProps) {
  const id = useId();
  const [kept] = useState(() => readDraft(userId));
  const { shown, opening, failure, open, begin, readBack, change, turn, isOpen } = useConversation(onExpired);
  const { messages, answering } = shown;
  const [text, setText] = useState(kept.text);
  const [unanswered, setUnanswered] = useState(kept.unanswered);
  /** The key of what is being sent. */
  const [sending, setSending] = useState<string>();
  const [error, setError] = useState<string>();
  const input = useRef<HTMLTextAreaElement>(null);
  const busy = sending !== undefined;
  const waiting = busy || opening;
  const log = useRef<HTMLDivElement>(null);
  const stop = useRef<AbortController>(null);
  const leave = useRef<AbortController>(null);

  const last = messages.at(-1);
  useEffect(() => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
  }, [last, busy, answering]);

  // A page that is left asks for no more of the answer.
  useEffect(() => {
    const leaving = (leave.current = new AbortController());
    return () => leaving.abort();
  }, []);

  useEffect(() => keepDraft(userId, { text, unanswered }), [userId, text, unanswered]);

  /** Takes what was sent off what is unanswered, or puts another in its place. */
  function settle({ key }: Utterance, ...instead: Utterance[]) {
    setUnanswered((before) => [...before.filter((each) => each.key !== key), ...instead]);
  }

  async function send(utterance: Utterance) {
    // What is left unanswered in one conversation may be said again while another is on the screen.
    const here = (utterance.conversationId ?? undefined) === shown.id ? turn() : undefined;
    setSending(utterance.key);
    setError(undefined);
    // Before there is an answer: the page may be gone before it comes.
    settle(utterance, utterance);
    change(here, (now) => say(now, { role: "user", content: utterance.message }));
    input.current?.focus();
    stop.current = new AbortController();
    const left = leave.current!.signal;
    try {
      const answer = await chat(utterance, {
        stopped: stop.current.signal,
        left,
        onWords: (words) => change(here, (now) => hear(now, words)),
        onAction: (action) => {
          change(here, (now) => hear(now, "", action));
          if (action.todo) onActed();
        },
      });
      if (!answer) return takeBack(utterance, here);
      const content =
        answer.reply.trim() || "I have nothing to say to that. Your list shows what has changed.";
      const { actions, conversation_id: id } = answer;
      change(here, (now) => ({ ...say(now, { role: "assistant", content, actions }), id }));
      settle(utterance);
      // Opened (again) while it was answered, the conversation may have been read too early.
      if (here === undefined || (here !== turn() && isOpen(id))) void open(id);
    } catch (error) {
      if (left.aborted) return;
      const returned = giveBack(utterance, here);
      if (error instanceof ApiError && error.status === 401) return onExpired();
      const gone = error instanceof ApiError && error.status === 404;
      // What was refused was not done: said again, it is something new.
      if (!(error instanceof ApiError && error.uncertain)) {
        const anew = { ...utterance, key: newKey(), ...(gone && { conversationId: null }) };
        settle(utterance, ...(returned ? [] : [anew]));
      }
      if (gone && here !== undefined) begin();
      setError(gone ? "This conversation is gone. What you say now begins another." : errorMessage(error));
    } finally {
      setSending(undefined);
      change(here, (now) => ({ ...now, answering: undefined }));
    }
    onActed();
  }

  /** What was not answered is not part of the conversation: gives it back, unless something else was typed meanwhile. */
  function giveBack({ message }: Utterance, here: number | undefined): boolean {
    change(here, (now) => ({ ...now, messages: now.messages.slice(0, -1) }));
    const returned = !input.current?.value;
    if (returned) setText(message);
    return returned;
  }

  /** Stopped before anything came of it, it is as if it had not been sent. */
  function takeBack(utterance: Utterance, here: number | undefined) {
    giveBack(utterance, here);
    settle(utterance);
  }

  function submitMessage(said: string) {
    const message = said.trim();
    if (!message || waiting) return;
    const again = unanswered.find((each) => each.message === message);
    void send(again ?? { message, conversationId: shown.id ?? null, timeZone: TIME_ZONE, key: newKey() });
  }

  function submitTyped() {
    if (!text.trim() || waiting) return;
    setText("");
    submitMessage(text);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    submitTyped();
  }

  function submitOnEnter(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    // A key that is held was pressed for what had the focus before, or has sent what there was.
    if (!event.repeat) submitTyped();
  }

  return (
    <section className={styles.panel} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} className="visually-hidden">
        Chat
      </h2>
      <Conversations
        current={shown.id}
        onOpen={(id) => {
          setError(undefined);
          void open(id);
        }}
        onBegin={() => {
          setError(undefined);
          begin();
        }}
        onGone={begin}
        onExpired={onExpired}
        input={input}
      />
      {/* Scrollable, so it must be reachable by keyboard; a log is announced as it grows. */}
      <div
        ref={log}
        className={styles.log}
        role="log"
        aria-label="Conversation"
        aria-busy={opening || Boolean(answering)}
        tabIndex={0}
      >
        {shown.earlier ? (
          <button
            className={`button ${styles.earlier}`}
            data-kind="quiet"
            type="button"
            aria-disabled={opening}
            onClick={() => {
              if (!opening) void readBack();
              log.current?.focus();
            }}
          >
            Show earlier messages
          </button>
        ) : (
          <Bubble from="assistant">
            {opening && messages.length === 0
              ? "Opening your conversation…"
              : `Hello ${name}! Tell me what you need to do, and I will keep the list.`}
          </Bubble>
        )}
        {messages.map((message, index) => (
          <Turn key={shown.first + index} message={message} />
        ))}
        {answering && <Turn message={answering} />}
        {busy && !answering?.content && (
          <p className={styles.thinking}>
            <span className="visually-hidden">The assistant is thinking…</span>
            <i />
            <i />
            <i />
          </p>
        )}
      </div>
      {failure && (
        <div className={styles.unanswered}>
          <Notice kind="error">{failure.message}</Notice>
          <button type="button" onClick={failure.retry}>
            Try again
          </button>
        </div>
      )}
      {error && <Notice kind="error">{error}</Notice>}
      {unanswered
        .filter(({ key, message }) => key !== sending && message !== text.trim())
        .map((each) => (
          <p key={each.key} className={styles.unanswered}>
            <span dir="auto">{`Not answered: “${each.message}”`}</span>
            <button type="button" disabled={waiting} onClick={() => void send(each)}>
              Send again
            </button>
            <button type="button" onClick={() => settle(each)}>
              Dismiss
            </button>
          </p>
        ))}
      <ul className={styles.suggestions} aria-label="Suggestions">
        {SUGGESTIONS.map((suggestion) => (
          <li key={suggestion}>
            <button type="button" disabled={waiting} onClick={() => submitMessage(suggestion)}>
              {suggestion}
            </button>
          </li>
        ))}
      </ul>
      <form className={styles.form} onSubmit={submit}>
        <label className="visually-hidden" htmlFor={`${id}-message`}>
          Message
        </label>
        <textarea
          ref={input}
          id={`${id}-message`}
          className={`field ${styles.message}`}
          rows={1}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={submitOnEnter}
          placeholder="Write a message"
          maxLength={MAX_LENGTH}
          autoComplete="off"
          dir="auto"
          autoFocus
        />
        {busy ? (
          <button className="button" data-kind="quiet" type="button" onClick={() => stop.current?.abort()}>
            Stop
          </button>
        ) : (
          <button className="button" type="submit" disabled={waiting || !text.trim()}>
            Send
          </button>
        )}
      </form>
    </section>
  );
}

/** The conversation with one more message. */
function say(shown: Shown, message: Message): Shown {
  return { ...shown, messages: [...shown.messages, message], answering: undefined };
}

/** The conversation with some more of the answer that is being made. */
function hear(shown: Shown, words: string, action?: Action): Shown {
  const { content = "", actions = [] } = shown.answering ?? {};
  return {
    ...shown,
    answering: {
      role: "assistant",
      content: content + words,
      actions: action ? [...actions, action] : actions,
    },
  };
}

function Turn({ message: { role, content, actions } }: { message: Message }) {
  return (
    <>
      <Actions actions={actions} />
      {content && <Bubble from={role}>{content}</Bubble>}
    </>
  );
}

function Bubble({ from, children }: { from: Message["role"]; children: string }) {
  return (
    <div className={styles.bubble} data-from={from} dir="auto">
      <span className="visually-hidden">{from === "user" ? "You: " : "Assistant: "}</span>
      {children}
    </div>
  );
}
