import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError, errorMessage } from "@/lib/api";
import type { Failure } from "@/lib/attempt";

/** What an account has several of, read by `read`, which stays the same function, and a way to take some away. */
export function useAccountList<Item>(read: () => Promise<Item[]>, onExpired: () => void) {
  const [items, setItems] = useState<Item[]>();
  const [error, setError] = useState<string>();
  const [told, setTold] = useState("");
  const [busy, setBusy] = useState(false);
  const list = useRef<HTMLUListElement>(null);

  const load = useCallback(async () => {
    try {
      setItems(await read());
    } catch (caught) {
      if (caught instanceof ApiError && caught.status === 401) onExpired();
      else setError(errorMessage(caught));
    }
  }, [read, onExpired]);

  useEffect(() => {
    // eslint-disable-next-line react-hooks/set-state-in-effect -- It asks the server first.
    void load();
  }, [load]);

  /** Does what gives what went wrong, or throws it, and reads the list anew. */
  async function change(work: () => Promise<Failure | void>, done: string) {
    if (busy) return;
    setBusy(true);
    setError(undefined);
    setTold("");
    try {
      const failure = await work();
      if (failure) setError(failure.message);
      else {
        setTold(done);
        // The button goes with what it took away.
        list.current?.focus();
      }
    } catch (caught) {
      setError(errorMessage(caught));
    }
    await load();
    setBusy(false);
  }

  return { items, error, told, busy, list, change };
}
