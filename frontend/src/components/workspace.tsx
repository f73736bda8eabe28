"use client";

import { useCallback } from "react";

import { forgetDrafts } from "@/lib/drafts";

import { AccountMenu } from "./account-menu";
import { Brand } from "./brand";
import { Chat } from "./chat";
import { TodoList } from "./todo-list";
import { useTodos } from "./use-todos";
import styles from "./workspace.module.css";

interface WorkspaceProps {
  userId: string;
  name: string;
  email: string;
  /** Called when the user is signed out, with what to tell them about it. */
  onLeave: (reason?: string) => void;
}

/** What a signed-in user sees: the chat, and beside it the todos that it is about. */
export function Workspace({ userId, name, email, onLeave }: WorkspaceProps) {
  const expire = useCallback(() => onLeave("Your session has expired. Sign in again."), [onLeave]);
  const todos = useTodos(expire);

  function forgetUser(reason?: string) {
    forgetDrafts(userId);
    onLeave(reason);
  }

  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <Brand />
        <AccountMenu name={name} email={email} onLeave={forgetUser} onExpired={expire} />
      </header>
      <main className={styles.main}>
        <Chat userId={userId} name={name} onActed={todos.reload} onExpired={expire} />
        <TodoList userId={userId} {...todos} />
      </main>
    </div>
  );
}
