"use client";

import {
  Fragment,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
  type FormEvent,
  type KeyboardEvent,
  type ReactNode,
} from "react";

import { ApiError, chat, errorMessage, newKey, type Action, type Message, type Utterance } from "@/lib/api";
import { keepDraft, readDraft } from "@/lib/drafts";

import styles from "./chat.module.css";
import { Actions, changesAmong, inWords } from "./actions";
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
/** Of a message with what was done for it, as the API takes it. */
const LONGEST_MESSAGE = 2 * MAX_LENGTH;

/** Pixels: who is nearer to the end of the conversation sees it grow. */
const NEAR = 24;

/** Milliseconds: a press that comes so soon after Stop became Send was meant for Stop. */
const MEANT_FOR_STOP = 500;

const GONE = "This conversation is gone. What you say now begins another.";
const GONE_ELSEWHERE = "The conversation of that message is gone. Sent again, it begins another.";

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
  const atEnd = useRef(true);
  const stop = useRef<AbortController>(null);
  const stopWent = useRef(false);
  const unmounting = useRef<AbortController>(null);

  const last = messages.at(-1);
  // As soon as it has grown: the event of the scrolling before would find its end gone, and take that for the user's doing.
  useLayoutEffect(() => {
    if (log.current && atEnd.current) log.current.scrollTop = log.current.scrollHeight;
    // In a low window the log may push the field out of it while somebody types there.
    if (document.activeElement === input.current) input.current?.scrollIntoView({ block: "nearest" });
  }, [last, busy, answering]);

  // A page that is left asks for no more of the answer.
  useEffect(() => {
    const controller = (unmounting.current = new AbortController());
    return () => controller.abort();
  }, []);

  useEffect(() => keepDraft(userId, { text, unanswered }), [userId, text, unanswered]);

  /** Takes what was sent off what is unanswered, or puts another in its place. */
  function settle({ key }: Utterance, ...instead: Utterance[]) {
    setUnanswered((before) => [...before.filter((each) => each.key !== key), ...instead]);
  }

  async function send(utterance: Utterance) {
    // What is left unanswered in one conversation may be said again while another is on the screen.
    const here = belongs(utterance, shown) ? turn() : undefined;
    const message = said(utterance);
    const heard: Action[] = [];
    setSending(utterance.key);
    setError(undefined);
    atEnd.current = true;
    // Before there is an answer: the page may be gone before it comes.
    settle(utterance, utterance);
    change(here, (now) => say(now, { role: "user", content: message }));
    input.current?.focus();
    stop.current = new AbortController();
    const unmounted = unmounting.current!.signal;
    try {
      const answer = await chat(
        { ...utterance, message },
        {
          stopped: stop.current.signal,
          left: unmounted,
          onWords: (words) => change(here, (now) => hear(now, words)),
          onAction: (action) => {
            heard.push(action);
            change(here, (now) => hear(now, "", action));
            if (action.todo) onActed();
          },
        },
      );
      if (!answer) return takeBack(utterance, here);
      const content =
        answer.reply.trim() || "I have nothing to say to that. Your list shows what has changed.";
      const { actions, conversation_id: id } = answer;
      change(here, (now) => ({ ...say(now, { role: "assistant", content, actions }), id }));
      settle(utterance);
      // Opened (again) while it was answered, the conversation may have been read too early.
      if (here === undefined || (here !== turn() && isOpen(id))) void open(id);
    } catch (error) {
      if (unmounted.aborted) return;
      const failure = error instanceof ApiError ? error : undefined;
      const told = [failure?.actions, heard, utterance.heard].find((actions) => actions?.length);
      const acted = changesAmong(told);
      const returned = giveBack(utterance, here, acted);
      if (failure?.status === 401) return onExpired();
      const gone = failure?.status === 404;
      if (failure?.uncertain) settle(utterance, { ...utterance, heard: acted });
      // What was refused was not done, and what failed for good fails again under its key: said again, it is something new.
      else {
        const done = [...(utterance.done ?? []), ...acted];
        const anew = { ...utterance, key: newKey(), done, heard: [], ...(gone && { conversationId: null }) };
        settle(utterance, ...(returned ? [] : [anew]));
      }
      const isShown = here === turn();
      if (gone && isShown) begin();
      setError(gone ? (isShown ? GONE : GONE_ELSEWHERE) : errorMessage(error));
    } finally {
      setSending(undefined);
      change(here, (now) => ({ ...now, answering: undefined }));
    }
    onActed();
  }

  /**
   * What was not answered is not part of the conversation: gives it back, unless something was done for it, something else was
   * typed meanwhile, or what is typed now would be said in another conversation.
   */
  function giveBack(utterance: Utterance, here: number | undefined, acted: Action[] = []): boolean {
    change(here, (now) => ({ ...now, messages: now.messages.slice(0, -1) }));
    const returned = here === turn() && !acted.length && !hasActed(utterance) && !input.current?.value;
    if (returned) setText(utterance.message);
    return returned;
  }

  /** Stopped before anything came of it, it is as if it had not been sent then. */
  function takeBack(utterance: Utterance, here: number | undefined) {
    const returned = giveBack(utterance, here);
    settle(utterance, ...(returned ? [] : [utterance]));
  }

  function submitMessage(said: string) {
    const message = said.trim();
    if (!message || waiting) return;
    const again = unanswered.find((each) => each.message === message);
    // The zone as it is now: a page stays open on a journey.
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    void send(again ?? { message, conversationId: shown.id ?? null, timeZone, key: newKey() });
  }

  function submitTyped() {
    if (!text.trim() || waiting) return;
    setText("");
    submitMessage(text);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!stopWent.current) submitTyped();
  }

  /** The focus that Stop has when it goes stays near what was to be stopped, where Enter sends nothing. */
  const watchStop = useCallback(
    (button: HTMLButtonElement) => () => {
      stopWent.current = true;
      setTimeout(() => (stopWent.current = false), MEANT_FOR_STOP);
      if (button === document.activeElement) log.current?.focus();
    },
    [],
  );

  function submitOnEnter(event: KeyboardEvent) {
    // Safari has ended a composition by the time that it tells of the Enter which did; the code says that it was not typed.
    const composes = event.nativeEvent.isComposing || event.keyCode === 229;
    if (event.key !== "Enter" || event.shiftKey || composes) return;
    event.preventDefault();
    // A key that is held was pressed for what had the focus before, or has sent what there was.
    if (!event.repeat) submitTyped();
  }

  const notAnswered = unanswered.filter(({ key }) => key !== sending);
  /** Where something was done for it, it has a place in its conversation. */
  const standsHere = (each: Utterance) => hasActed(each) && belongs(each, shown);
  const choices = (each: Utterance) => (
    <>
      <button type="button" disabled={waiting} onClick={() => void send(each)}>
        Send again
      </button>
      <button
        type="button"
        onClick={() => {
          settle(each);
          input.current?.focus();
        }}
      >
        Dismiss
      </button>
    </>
  );

  return (
    <section className={styles.panel} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`} className="visually-hidden">
        Chat
      </h2>
      <Conversations
        current={shown.id}
        onOpen={(id) => {
          setError(undefined);
          atEnd.current = true;
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
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
        }}
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
            {opening && messages.length === 0 ? (
              "Opening your conversation…"
            ) : (
              <>
                Hello <bdi>{name}</bdi>! Tell me what you need to do, and I will keep the list.
              </>
            )}
          </Bubble>
        )}
        {messages.map((message, index) => (
          <Turn key={shown.first + index} message={message} />
        ))}
        {notAnswered.filter(standsHere).map((each) => (
          <Fragment key={each.key}>
            <Bubble from="user">{each.message}</Bubble>
            <Actions actions={actionsOf(each)} />
            <p className={styles.unanswered}>
              <span>Not answered. What was done stays done.</span>
              {choices(each)}
            </p>
          </Fragment>
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
          <button
            type="button"
            onClick={() => {
              failure.retry();
              input.current?.focus();
            }}
          >
            Try again
          </button>
        </div>
      )}
      {error && <Notice kind="error">{error}</Notice>}
      {notAnswered
        .filter((each) => !standsHere(each) && each.message !== text.trim())
        .map((each) => (
          <Fragment key={each.key}>
            <Actions actions={actionsOf(each)} />
            <p className={styles.unanswered}>
              <span>
                Not answered: “<bdi>{each.message}</bdi>”
              </span>
              {choices(each)}
            </p>
          </Fragment>
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
          <button
            key="stop"
            ref={watchStop}
            className="button"
            data-kind="quiet"
            type="button"
            onClick={() => {
              stop.current?.abort();
              input.current?.focus();
            }}
          >
            Stop
          </button>
        ) : (
          <button key="send" className="button" type="submit" disabled={waiting || !text.trim()}>
            Send
          </button>
        )}
      </form>
    </section>
  );
}

/** Whether it was said in the conversation that is shown. */
function belongs({ conversationId }: Utterance, { id }: Shown): boolean {
  return (conversationId ?? undefined) === id;
}

/** All that was done for a message that is not answered. */
function actionsOf({ done = [], heard = [] }: Utterance): Action[] {
  return [...done, ...heard];
}

function hasActed(utterance: Utterance): boolean {
  return actionsOf(utterance).length > 0;
}

/** What is sent. No key keeps what was done under another from being done again: words do. */
function said({ message, done }: Utterance): string {
  if (!done?.length) return message;
  const told = (words: string) => `${message}\n\n(Done already, and not to be done again: ${words}.)`;
  return told(inWords(done, { most: LONGEST_MESSAGE - told("").length }));
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

function Bubble({ from, children }: { from: Message["role"]; children: ReactNode }) {
  return (
    <div className={styles.bubble} data-from={from} dir="auto">
      {/* Its own direction, or it would be that of what is said. */}
      <span className="visually-hidden" dir="ltr">
        {from === "user" ? "You: " : "Assistant: "}
      </span>
      {children}
    </div>
  );
}
