import { createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";

import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A mail as the server received it. */
export interface ReceivedMail {
  to: string[];
  from: string;
  /** Headers and text, decoded. */
  content: string;
}

/** A real SMTP server on a port of its own, that keeps what it receives. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  private waiting: (() => void)[] = [];

  private constructor(
    private readonly server: SMTPServer,
    readonly port: number,
  ) {}

  /** Starts one that takes everything from everybody, unless `options` say otherwise. */
  static async start(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
    const server = new SMTPServer({
      logger: false,
      authOptional: true,
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
      onData(stream, session, callback) {
        void text(stream).then((content) => {
          mailServer.receive({
            to: session.envelope.rcptTo.map(({ address }) => address),
            from: session.envelope.mailFrom ? session.envelope.mailFrom.address : "",
            // The two quoted-printable sequences that a plain text has: a line that goes on, and the equals sign.
            content: content.replaceAll("=\r\n", "").replaceAll("=3D", "="),
          });
          callback();
        });
      },
      ...options,
    });
    server.on("error", () => undefined);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const mailServer: MailServer = new MailServer(server, portOf(server.server));
    return mailServer;
  }

  /** The mail after those that were there when this was called, or the first if there was none. */
  async next(count = this.received.length + 1): Promise<ReceivedMail> {
    while (this.received.length < count) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.received[count - 1]!;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(resolve));
  }

  private receive(mail: ReceivedMail): void {
    this.received.push(mail);
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

/** The link to a page of the application at `origin`, with its token. */
export function linkIn({ content }: ReceivedMail, origin: string, page: string): URL {
  const found = new RegExp(`^${origin}/${page}#\\S+$`, "m").exec(content);
  if (!found) throw new Error(`no link to ${page} in: ${content}`);
  return new URL(found[0]);
}

/** A server that says `greeting`, if anything, and nothing else for as long as it lives. */
export async function startSilentServer(greeting = ""): Promise<{ port: number; stop: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    if (greeting) socket.write(greeting);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: portOf(server),
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("no address");
  return address.port;
}
