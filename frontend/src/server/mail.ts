import "server-only";

import type { SMTPSentMessageInfo, Transporter } from "nodemailer";

import type { MailSettings } from "./env";

/** A mail of plain text to one address. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** Why the mail server is of no use, for the log. It has nothing that the server said, which may repeat a password. */
export class MailError extends Error {
  override name = "MailError";
}

/** Milliseconds that the mail server gets for everything that one request asks of it: a person waits meanwhile. */
const PATIENCE = 10_000;

/** Sends mail through the server of the settings. What speaks SMTP is loaded by the first that needs it. */
export class Mailer {
  private transport: Promise<Transporter<SMTPSentMessageInfo>> | undefined;
  private checking: Promise<void> | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: MailSettings,
    private readonly patience = PATIENCE,
  ) {}

  /**
   * Connects to the server and signs in. All who ask at one time share the connection.
   *
   * @throws {MailError} when the server would take no mail
   */
  check(): Promise<void> {
    this.checking ??= this.use("cannot be used", (transport) => transport.verify()).finally(
      () => (this.checking = undefined),
    );
    return this.checking;
  }

  /**
   * Sends a mail, one after the other, and waits for none: the time that it takes would tell whether there is an account.
   * What goes wrong is for the log. Below `.invalid` there are no mailboxes (RFC 6761), only the users of `helm test`.
   */
  post(mail: Mail): void {
    if (mail.to.endsWith(".invalid")) return;
    this.last = this.last
      .then(() => this.send(mail))
      .catch((error: unknown) => console.error(`mail: ${error instanceof Error ? error.message : error}`));
  }

  private async send({ to, subject, text }: Mail): Promise<void> {
    // An object: a string would be read as a list of addresses.
    const recipient = { name: "", address: to };
    await this.use(`takes no mail "${subject}"`, (transport) =>
      transport.sendMail({ from: this.settings.from, to: recipient, subject, text }),
    );
  }

  private async use(failure: string, work: (transport: Transporter) => Promise<unknown>): Promise<void> {
    const { host, port } = this.settings;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject({ code: "ETIMEDOUT" }), this.patience);
    });
    try {
      this.transport ??= this.connect();
      await Promise.race([work(await this.transport), late]);
    } catch (error) {
      throw new MailError(`${host}:${port} ${failure}: ${reason(error)}`);
    } finally {
      clearTimeout(timer);
    }
  }

  private async connect(): Promise<Transporter<SMTPSentMessageInfo>> {
    const { createTransport } = await import("nodemailer");
    const { host, port, tls, user, password } = this.settings;
    return createTransport({
      host,
      port,
      secure: tls === "implicit",
      requireTLS: tls === "starttls",
      ignoreTLS: tls === "none",
      ...(user !== undefined && { auth: { user, pass: password } }),
      connectionTimeout: this.patience,
      greetingTimeout: this.patience,
      socketTimeout: this.patience,
      dnsTimeout: this.patience,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }
}

/** What each code of nodemailer, of Node's or of TLS means here, and what to do about it. */
const REASONS: Record<string, string> = {
  EAUTH: "it refuses SMTP_USER and SMTP_PASSWORD",
  ENOAUTH: "it asks for SMTP_USER and SMTP_PASSWORD",
  ETLS: "it has no TLS as SMTP_TLS asks for it, or no certificate that is trusted",
  ESOCKET: "the connection or its TLS failed; look at SMTP_PORT, SMTP_TLS and the server's certificate",
  ECONNECTION: "the connection failed",
  ECONNREFUSED: "nothing listens there",
  EDNS: "the name of SMTP_HOST is not known",
  ETIMEDOUT: "it does not answer in time",
  EENVELOPE: "it refuses SMTP_FROM or the recipient",
};

function reason(error: unknown): string {
  // nodemailer calls most of what a socket meets ESOCKET, and keeps the system's own word for it.
  const { code, originalCode, responseCode } = error as Record<string, unknown>;
  const name = [originalCode, code].find((each) => typeof each === "string") ?? "no code";
  const status = typeof responseCode === "number" ? `, status ${responseCode}` : "";
  return `${REASONS[String(name)] ?? REASONS[String(code)] ?? "sending failed"} (${name}${status})`;
}
