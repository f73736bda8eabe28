import type { ReactNode } from "react";

import styles from "./notice.module.css";

interface NoticeProps {
  /** Errors interrupt a screen reader; information waits for its turn. */
  kind: "error" | "info";
  children: ReactNode;
}

/** A message about what happened, beside the thing that it happened to. */
export function Notice({ kind, children }: NoticeProps) {
  return (
    <p className={styles.notice} data-kind={kind} role={kind === "error" ? "alert" : "status"}>
      {children}
    </p>
  );
}
