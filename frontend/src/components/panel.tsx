"use client";

import { useEffect, useId, useRef, type ReactNode } from "react";

import frame from "./confirmation.module.css";

interface PanelProps {
  title: string;
  /** Called when it is closed. */
  onClose: () => void;
  children: ReactNode;
}

/** A dialog that is open for as long as it is there. */
export function Panel({ title, onClose, children }: PanelProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className={frame.dialog} aria-labelledby={id} onClose={onClose}>
      <h2 id={id} tabIndex={-1}>
        {title}
      </h2>
      {children}
      <form method="dialog" className={frame.choices}>
        <button className="button" data-kind="quiet" type="submit">
          Close
        </button>
      </form>
    </dialog>
  );
}
