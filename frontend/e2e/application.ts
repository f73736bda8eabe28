import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";

import { MailServer } from "../test/mail-server";
import { createDatabaseOn, freePort, query, startPostgres } from "../test/postgres";
import { Model } from "./model";

/** The application as it is deployed: the front end's standalone build, the backend, a Postgres, and a mail server or none. */
export class Application {
  private readonly processes: Process[] = [];
  private readonly cleanups: (() => unknown)[] = [];
  private backend?: Process;
  private backendUrl = "";
  private startsBackend?: () => Promise<Process>;

  private constructor(
    /** Its origin. */
    readonly url: string,
    readonly model: Model,
    private readonly database: string,
    /** Takes its mails, where it sends any. */
    public mail: MailServer | undefined,
  ) {}

  static async start({ sendsMail }: { sendsMail: boolean }): Promise<Application> {
    const postgres = await startPostgres();
    const [database, model, mail, backendPort, port] = await Promise.all([
      createDatabaseOn(postgres.url),
      Model.start(),
      sendsMail ? MailServer.start() : undefined,
      freePort(),
      freePort(),
    ]);
    const application = new Application(`http://localhost:${port}`, model, database, mail);
    application.cleanups.push(
      () => model.stop(),
      () => application.mail?.stop(),
      () => postgres.stop(),
    );
    try {
      await application.startAll(port, backendPort);
    } catch (error) {
      await application.stop();
      throw error;
    }
    return application;
  }

  private async startAll(port: number, backendPort: number): Promise<void> {
    const backend = path.resolve("..", "backend");
    this.backendUrl = `http://127.0.0.1:${backendPort}`;
    const environment = {
      DATABASE_URL: this.database,
      AUTH_JWKS_URL: `${this.url}/api/auth/jwks`,
      AUTH_ISSUER: this.url,
      OPENAI_API_KEY: "none is asked for",
      OPENAI_BASE_URL: this.model.url,
      // Seconds: a model that hangs is waited for by a test.
      AGENT_TIMEOUT: "20",
    };
    const uv = (...command: string[]) =>
      new Process("uv", ["run", "--frozen", ...command], backend, environment);
    this.startsBackend = async () => {
      const server = uv("uvicorn", "todo.main:app", "--app-dir", "src", "--port", String(backendPort));
      this.processes.push(server);
      await server.answers(`${this.backendUrl}/health`);
      return server;
    };
    await Promise.all([
      this.startFrontend(this.url, port),
      uv("alembic", "upgrade", "head")
        .ended()
        .then(() => this.startBackend()),
    ]);
  }

  /** Starts the front end for whoever knows it as `origin`; it listens on that port of this machine. */
  private async startFrontend(origin: string, port: number): Promise<void> {
    const frontend = new Process("node", [".next/standalone/server.js"], process.cwd(), {
      NODE_ENV: "production",
      HOSTNAME: "127.0.0.1",
      PORT: String(port),
      DATABASE_URL: this.database,
      BETTER_AUTH_SECRET: "a secret for tests, 32 characters long",
      BETTER_AUTH_URL: origin,
      BACKEND_URL: this.backendUrl,
      // The tests' own, so that each user may come from another address: sign-ups are limited for each.
      TRUSTED_PROXIES: "127.0.0.1",
      ...(this.mail && {
        SMTP_HOST: "127.0.0.1",
        SMTP_PORT: String(this.mail.port),
        SMTP_TLS: "none",
        SMTP_FROM: "Todos <todos@example.com>",
      }),
    });
    this.processes.push(frontend);
    await frontend.answers(`http://127.0.0.1:${port}/api/health`);
  }

  /** Starts one more front end, as behind a proxy that serves `origin`, and gives where it listens. */
  async startReplicaFor(origin: string): Promise<string> {
    const port = await freePort();
    await this.startFrontend(origin, port);
    return `http://127.0.0.1:${port}`;
  }

  async startBackend(): Promise<void> {
    this.backend = await this.startsBackend!();
  }

  async stopBackend(): Promise<void> {
    await this.backend?.stop();
  }

  /** Has the mail server away meanwhile. */
  async withoutMail(work: () => Promise<void>): Promise<void> {
    const { port } = this.mail!;
    await this.mail!.stop();
    try {
      await work();
    } finally {
      this.mail = await MailServer.start({}, port);
    }
  }

  /** Gives a user todos, more than a person types; the first `done` of them are done. */
  async addTodos(email: string, count: number, done = 0): Promise<void> {
    const user = `(SELECT id FROM "user" WHERE email = '${email}')`;
    await query(
      this.database,
      `INSERT INTO todo (id, user_id, number, title, completed)
         SELECT gen_random_uuid(), ${user}, number, 'task ' || number, number <= ${done} FROM generate_series(1, ${count}) AS number;
       INSERT INTO todo_counter (user_id, last_number) VALUES (${user}, ${count})`,
    );
  }

  /** Ends every session of a user, as somebody at the database does. */
  async endSessions(email: string): Promise<void> {
    const user = `(SELECT id FROM "user" WHERE email = '${email}')`;
    await query(this.database, `DELETE FROM session WHERE "userId" = ${user}`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((each) => each.stop()));
    for (const clean of this.cleanups) await clean();
  }
}

/** A program with what it printed. */
class Process {
  private readonly child: ChildProcess;
  private readonly exit: Promise<number | null>;
  private printed = "";
  private over = false;

  constructor(
    private readonly program: string,
    parameters: string[],
    cwd: string,
    environment: Record<string, string>,
  ) {
    // A group of its own: uv runs another program, which is to end with it.
    this.child = spawn(program, parameters, {
      cwd,
      env: { ...process.env, ...environment },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on("data", (data: Buffer) => (this.printed = (this.printed + data).slice(-20_000)));
    }
    this.exit = new Promise((resolve) => {
      this.child.once("error", (error) => {
        this.printed += error.message;
        resolve(null);
      });
      this.child.once("exit", resolve);
    });
    void this.exit.then(() => (this.over = true));
  }

  /** Waits until it has ended well. */
  async ended(): Promise<void> {
    if ((await this.exit) !== 0) throw this.failure();
  }

  /** Waits until it serves. */
  async answers(url: string): Promise<void> {
    for (;;) {
      const response = await fetch(url).catch(() => undefined);
      if (response?.ok) return;
      if (this.over) throw this.failure();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async stop(): Promise<void> {
    if (!this.over && this.child.pid) process.kill(-this.child.pid, "SIGTERM");
    await this.exit;
  }

  private failure(): Error {
    return new Error(`${this.program} ended; it said:\n${this.printed}`);
  }
}
