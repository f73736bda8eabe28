import { createServer, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

/**
 * What the model does with a question: answers, fails, fails once a tool has done what it asked for, keeps whoever asks waiting,
 * or breaks off in the middle of what it says.
 */
export type Mood = "answers" | "fails" | "fails after acting" | "hangs" | "falters";

interface Item {
  type?: string;
  role?: string;
  content?: unknown;
}

interface Question {
  model?: string;
  stream?: boolean;
  input: Item[];
}

/**
 * Stands in for OpenAI's Responses API, streamed or not. It adds what it is told to add ("add buy milk") by the tool that it
 * is given, unless it reads that this is done, and to anything else it says that it has heard.
 */
export class Model {
  mood: Mood = "answers";
  private readonly server: Server;

  private constructor() {
    this.server = createServer(async (request, response) => {
      const question = JSON.parse((await text(request)) || "{}") as Question;
      if (this.mood === "hangs") return;
      const hasActed = question.input?.at(-1)?.type === "function_call_output";
      if (this.mood === "fails" || (this.mood === "fails after acting" && hasActed))
        return void response.writeHead(500).end("{}");
      answer(response, question, this.mood === "falters");
    });
  }

  /** Starts one on a free port. */
  static async start(): Promise<Model> {
    const model = new Model();
    await new Promise<void>((resolve) => model.server.listen(0, "127.0.0.1", resolve));
    return model;
  }

  /** What OPENAI_BASE_URL is to be. */
  get url(): string {
    const address = this.server.address();
    if (!address || typeof address === "string") throw new Error("the model has no address");
    return `http://127.0.0.1:${address.port}/v1`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

let answers = 0;

function answer(response: ServerResponse, { input, model, stream }: Question, falters: boolean): void {
  const id = `${++answers}`;
  const output = outputFor(input, id);
  const whole = {
    id: `resp_${id}`,
    object: "response",
    created_at: 0,
    status: "completed",
    model: model ?? "scripted",
    output: [output],
    parallel_tool_calls: false,
    tool_choice: "auto",
    tools: [],
    usage: {
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: 10,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 20,
    },
  };
  if (!stream) {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(whole));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  let number = 0;
  function send(type: string, event: object) {
    const data = JSON.stringify({ type, sequence_number: number++, ...event });
    response.write(`event: ${type}\ndata: ${data}\n\n`);
  }
  send("response.created", { response: { ...whole, status: "in_progress", output: [] } });
  send("response.output_item.added", { output_index: 0, item: { ...output, status: "in_progress" } });
  if (output.type === "message") {
    const place = { item_id: output.id, output_index: 0, content_index: 0 };
    const [part] = output.content;
    send("response.content_part.added", { ...place, part: { ...part, text: "" } });
    const words = part.text.match(/\S+\s*/g) ?? [];
    for (const delta of falters ? words.slice(0, words.length / 2) : words) {
      send("response.output_text.delta", { ...place, delta, logprobs: [] });
    }
    if (falters) return;
    send("response.output_text.done", { ...place, text: part.text, logprobs: [] });
    send("response.content_part.done", { ...place, part });
  }
  send("response.output_item.done", { output_index: 0, item: output });
  send("response.completed", { response: whole });
  response.end();
}

function outputFor(input: Item[], id: string) {
  const last = input.at(-1);
  const asked = typeof last?.content === "string" ? last.content.trim() : "";
  const wanted = /^add (.+)$/is.exec(asked)?.[1];
  if (wanted && !asked.includes("not to be done again")) {
    return {
      type: "function_call" as const,
      id: `fc_${id}`,
      call_id: `call_${id}`,
      name: "add_todo",
      arguments: JSON.stringify({ title: wanted }),
      status: "completed",
    };
  }
  const said =
    last?.type === "function_call_output"
      ? "It is on your list. Is there anything else that you want to keep in mind?"
      : "I have heard you.";
  return {
    type: "message" as const,
    id: `msg_${id}`,
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text: said, annotations: [] }] as const,
  };
}
