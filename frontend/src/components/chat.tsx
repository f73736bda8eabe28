"use client";

import { useEffect, useId, useRef, useState, type FormEvent } from "react";

import { ApiError, chat, errorMessage } from "@/lib/api";

import styles from "./chat.module.css";
import { Notice } from "./notice";

interface ChatProps {
  /** How to greet the user. */
  name: string;
  /** Called after each answer: the assistant may have changed the todos. */
  onAnswered: () => void;
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
export function Chat({ name, onAnswered, onExpired }: ChatProps) {
  const id = useId();
  const [messages, setMessages] = useState<Message[]>([]);
  const [draft, setDraft] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const conversation = useRef<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const log = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (log.current) log.current.scrollTop = log.current.scrollHeight;
  }, [messages, busy]);

  async function say(text: string) {
    const message = text.trim();
    if (!message || busy) return;
    setBusy(true);
    setError(undefined);
    setDraft("");
    setMessages((before) => [...before, { from: "user", text: message }]);
    input.current?.focus();
    try {
      const answer = await chat(message, conversation.current);
      conversation.current = answer.conversation_id;
      setMessages((before) => [...before, { from: "assistant", text: answer.reply }]);
      onAnswered();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return onExpired();
      // What was not understood is not part of the conversation; give it back to be sent again.
      setMessages((before) => before.slice(0, -1));
      setDraft(message);
      setError(errorMessage(error));
    } finally {
      setBusy(false);
    }
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    void say(draft);
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
      <ul className={styles.suggestions} aria-label="Suggestions">
        {SUGGESTIONS.map((suggestion) => (
          <li key={suggestion}>
            <button type="button" disabled={busy} onClick={() => void say(suggestion)}>
              {suggestion}
            </button>
          </li>
        ))}
      </ul>
      <form className={styles.form} onSubmit={submit}>
        <label className="visually-hidden" htmlFor={`${id}-message`}>
          Message
        </label>
        <input
          ref={input}
          id={`${id}-message`}
          className="field"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          placeholder="Add “call the plumber”, list, complete 2…"
          maxLength={MAX_LENGTH}
          autoComplete="off"
          autoFocus
        />
        <button className="button" type="submit" disabled={busy || !draft.trim()}>
          Send
        </button>
      </form>
    </section>
  );
}

function Bubble({ from, children }: { from: Message["from"]; children: string }) {
  return (
    <div className={styles.bubble} data-from={from}>
      <span className="visually-hidden">{from === "user" ? "You: " : "Assistant: "}</span>
      {children}
    </div>
  );
}
