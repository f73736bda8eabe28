import { useSyncExternalStore } from "react";

/** Whether this browser knows passkeys, on this page: the server cannot tell, and plain http has none. */
export function useWebAuthn(): boolean {
  return useSyncExternalStore(
    () => () => undefined,
    () => typeof PublicKeyCredential === "function",
    () => false,
  );
}
