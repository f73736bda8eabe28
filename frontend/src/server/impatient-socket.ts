import "server-only";

import { Socket } from "node:net";

/**
 * A connection that fails once nothing has gone or come on it for that many milliseconds. Without it, what was sent to a
 * server that vanished is sent again for a quarter of an hour.
 */
export function impatientSocket(silence: number): Socket {
  const socket = new Socket();
  socket.setTimeout(silence, () => {
    const error = new Error(`no answer for ${silence / 1000} s`);
    socket.destroy(Object.assign(error, { code: "ETIMEDOUT" }));
  });
  return socket;
}
