"use client";

import { Notice } from "@/components/notice";

/** What remains when a component fails: the way back. */
export default function ErrorPage({ reset }: { error: Error; reset: () => void }) {
  return (
    <main className="centered">
      <Notice kind="error">Something went wrong on this page.</Notice>
      <button className="button" type="button" onClick={reset}>
        Try again
      </button>
    </main>
  );
}
