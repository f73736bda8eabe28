"use client";

import { useEffect, useId, useRef, useState, type FormEvent, type KeyboardEvent } from "react";

import { ApiError, chat, errorMessage, newKey, type Message, type Utterance } from "@/lib/api";
import { keepDraft, readDraft } from "@/lib/drafts";

import styles from "./chat.module.css";
import { Conversations } from "./conversations";
import { Notice } from "./notice";
import { useConversation, type Shown } from "./use-conversation";

interface ChatProps {
  userId: string;
  /** How to greet the user. */
  name: string;
  /** Called after each message, answered or not: the assistant may have changed the todos. */
  onSettled: () => void;
  /** Called when the session is over. */
  onExpired: () => void;
}

const SUGGESTIONS = ["add buy milk", "list", "complete 1", "help"];
const MAX_LENGTH = 2_000;

const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A conversation with the assistant about the todos. */
export function Chat({ userId, name, onSettled, onExpired }: ChatProps) {
  const id = useId();
  const [kept] = useState(() => readDraft(userId));
  const { shown, opening, failure, open, begin, readBack, change, turn } = useConversation(onExpired);
  const { messages } = shown;
  const [text, setText] = useState(kept.text);
  const [unanswered, setUnanswered] = useState(kept.unanswered);
  /** The key of what is being sent. */
  const [sending, setSending] = useState<string>();
  const [error, setError] = useState<string>();
  const input = useRef<HTMLTextAreaElement>(null);
  const busy = sending !== undefined;
  const waiting = busy || opening;
  const log = useRef<HTMLDivElement>(null);

  const last = messages.at(-1);
  useEffect(() => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
  }, [last, busy]);

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
    try {
      const answer = await chat(utterance);
      const content =
        answer.reply.trim() || "I have nothing to say to that. Your list shows what has changed.";
      change(here, (now) => ({ ...say(now, { role: "assistant", content }), id: answer.conversation_id }));
      settle(utterance);
      if (here === undefined) void open(answer.conversation_id);
    } catch (error) {
      // What was not answered is not part of the conversation; give it back, unless something else was typed meanwhile.
      change(here, (now) => ({ ...now, messages: now.messages.slice(0, -1) }));
      const returned = !input.current?.value;
      if (returned) setText(utterance.message);
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
    }
    onSettled();
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
    submitTyped();
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
        aria-busy={opening}
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
        {messages.map(({ role, content }, index) => (
          <Bubble key={shown.first + index} from={role}>
            {content}
          </Bubble>
        ))}
        {busy && (
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
          <Notice kind="error">{failure}</Notice>
          <button type="button" onClick={() => void open(shown.id)}>
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
        <button className="button" type="submit" disabled={waiting || !text.trim()}>
          Send
        </button>
      </form>
    </section>
  );
}

/** The conversation with one more message. */
function say(shown: Shown, message: Message): Shown {
  return { ...shown, messages: [...shown.messages, message] };
}

function Bubble({ from, children }: { from: Message["role"]; children: string }) {
  return (
    <div className={styles.bubble} data-from={from} dir="auto">
      <span className="visually-hidden">{from === "user" ? "You: " : "Assistant: "}</span>
      {children}
    </div>
  );
}
