"use client";

import { useEffect, useId, useRef, useState, type FormEvent, type KeyboardEvent } from "react";

import { ApiError, chat, errorMessage, newKey, type Utterance } from "@/lib/api";
import { keepDraft, readDraft } from "@/lib/drafts";

import styles from "./chat.module.css";
import { Notice } from "./notice";

interface ChatProps {
  userId: string;
  /** How to greet the user. */
  name: string;
  /** Called after each message, answered or not: the assistant may have changed the todos. */
  onSettled: () => void;
  /** Called when the session is over. */
  onExpired: () => void;
}

interface Message {
  from: "user" | "assistant";
  text: string;
}

const SUGGESTIONS = ["add buy milk", "list", "complete 1", "help"];
const MAX_LENGTH = 2_000;

/** A conversation with the assistant about the todos. */
export function Chat({ userId, name, onSettled, onExpired }: ChatProps) {
  const id = useId();
  const [kept] = useState(() => readDraft(userId));
  const [messages, setMessages] = useState<Message[]>([]);
  const [text, setText] = useState(kept.text);
  const [unanswered, setUnanswered] = useState(kept.unanswered);
  /** The key of what is being sent. */
  const [sending, setSending] = useState<string>();
  const [error, setError] = useState<string>();
  const conversation = useRef<string | null>(null);
  const input = useRef<HTMLTextAreaElement>(null);
  const busy = sending !== undefined;
  const log = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
  }, [messages, busy]);

  useEffect(() => keepDraft(userId, { text, unanswered }), [userId, text, unanswered]);

  /** Takes what was sent off what is unanswered, or puts another in its place. */
  function settle({ key }: Utterance, ...instead: Utterance[]) {
    setUnanswered((before) => [...before.filter((each) => each.key !== key), ...instead]);
  }

  async function send(utterance: Utterance) {
    setSending(utterance.key);
    setError(undefined);
    // Before there is an answer: the page may be gone before it comes.
    settle(utterance, utterance);
    setMessages((before) => [...before, { from: "user", text: utterance.message }]);
    input.current?.focus();
    try {
      const answer = await chat(utterance);
      conversation.current = answer.conversation_id;
      const reply = answer.reply.trim() || "I have nothing to say to that. Your list shows what has changed.";
      setMessages((before) => [...before, { from: "assistant", text: reply }]);
      settle(utterance);
    } catch (error) {
      // What was not answered is not part of the conversation; give it back, unless something else was typed meanwhile.
      setMessages((before) => before.slice(0, -1));
      const returned = !input.current?.value;
      if (returned) setText(utterance.message);
      if (error instanceof ApiError && error.status === 401) return onExpired();
      // What was refused was not done: said again, it is something new.
      if (!(error instanceof ApiError && error.uncertain)) {
        settle(utterance, ...(returned ? [] : [{ ...utterance, key: newKey() }]));
      }
      setError(errorMessage(error));
    } finally {
      setSending(undefined);
    }
    onSettled();
  }

  function say(said: string) {
    const message = said.trim();
    if (!message || busy) return;
    const again = unanswered.find((each) => each.message === message);
    void send(again ?? { message, conversationId: conversation.current, key: newKey() });
  }

  function sayTyped() {
    if (!text.trim() || busy) return;
    setText("");
    say(text);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    sayTyped();
  }

  function submitOnEnter(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    sayTyped();
  }

  return (
    <section className={styles.panel} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} className="visually-hidden">
        Chat
      </h2>
      {/* Scrollable, so it must be reachable by keyboard; a log is announced as it grows. */}
      <div ref={log} className={styles.log} role="log" aria-label="Conversation" tabIndex={0}>
        <Bubble from="assistant">{`Hello ${name}! Tell me what you need to do, and I will keep the list.`}</Bubble>
        {messages.map((message, index) => (
          <Bubble key={index} from={message.from}>
            {message.text}
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
      {error && <Notice kind="error">{error}</Notice>}
      {unanswered
        .filter(({ key, message }) => key !== sending && message !== text.trim())
        .map((each) => (
          <p key={each.key} className={styles.unanswered}>
            <span dir="auto">{`Not answered: “${each.message}”`}</span>
            <button type="button" disabled={busy} onClick={() => void send(each)}>
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
            <button type="button" disabled={busy} onClick={() => say(suggestion)}>
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
        <button className="button" type="submit" disabled={busy || !text.trim()}>
          Send
        </button>
      </form>
    </section>
  );
}

function Bubble({ from, children }: { from: Message["from"]; children: string }) {
  return (
    <div className={styles.bubble} data-from={from} dir="auto">
      <span className="visually-hidden">{from === "user" ? "You: " : "Assistant: "}</span>
      {children}
    </div>
  );
}
