import { isEventStream, readEvents } from "./events";

/** Milliseconds before another try, twice as long after each one that comes to nothing. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/**
 * Calls `onChange` whenever the user's todos have changed, here or elsewhere, as long as the page can be seen: a browser
 * has few connections for a site, and a hidden page needs none. Where nothing is told, nothing is called.
 *
 * @returns what ends it
 */
export function watchChanges(onChange: () => void): () => void {
  let watching: AbortController | undefined;

  function follow() {
    const seen = document.visibilityState !== "hidden";
    if (seen && !watching) {
      watching = new AbortController();
      void watch(onChange, watching.signal);
    } else if (!seen) stop();
  }

  function stop() {
    watching?.abort();
    watching = undefined;
  }

  follow();
  document.addEventListener("visibilitychange", follow);
  return () => {
    document.removeEventListener("visibilitychange", follow);
    stop();
  };
}

async function watch(onChange: () => void, signal: AbortSignal): Promise<void> {
  for (let pause = FIRST_PAUSE; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      const response = await fetch("/api/events", { headers: { accept: "text/event-stream" }, signal });
      // Whoever reads the list is told that the session is over.
      if (response.status === 401) onChange();
      if (response.ok && isEventStream(response)) {
        for await (const { event } of readEvents(response)) {
          pause = FIRST_PAUSE;
          if (event === "changed") onChange();
        }
      }
    } catch {
      // Away for now.
    }
    // Not all pages at once.
    await passed(pause * (0.5 + Math.random() / 2), signal);
  }
}

function passed(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
