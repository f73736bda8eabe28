import type { ReactNode } from "react";

import styles from "./account-list.module.css";
import { Notice } from "./notice";
import type { useAccountList } from "./use-account-list";

interface AccountListProps<Item> {
  label: string;
  of: ReturnType<typeof useAccountList<Item>>;
  children: (item: Item) => ReactNode;
}

/** What an account has several of, and what became of the last change. */
export function AccountList<Item>({ label, of, children }: AccountListProps<Item>) {
  const { items, error, told, list } = of;
  return (
    <>
      {error && <Notice kind="error">{error}</Notice>}
      {!items && !error && <p role="status">Looking…</p>}
      <p className={told ? undefined : "visually-hidden"} role="status">
        {told}
      </p>
      <ul ref={list} className={styles.list} tabIndex={-1} aria-label={label}>
        {items?.map(children)}
      </ul>
    </>
  );
}
