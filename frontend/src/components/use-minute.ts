import { useSyncExternalStore } from "react";

const MINUTE = 60_000;

/** When the minute began that it is, in milliseconds. What uses it is drawn anew with each while the page can be seen. */
export function useMinute(): number {
  return useSyncExternalStore(watchClock, currentMinute);
}

function currentMinute(): number {
  return Math.floor(Date.now() / MINUTE) * MINUTE;
}

function watchClock(onChange: () => void): () => void {
  function look() {
    if (document.visibilityState !== "hidden") onChange();
  }
  const timer = setInterval(look, MINUTE);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
  };
}
