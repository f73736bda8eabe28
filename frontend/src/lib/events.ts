import { createParser, type EventSourceMessage } from "eventsource-parser";

/** Gives the events of a response as they come. One that is cut off ends as one that is complete does. */
export async function* readEvents(response: Response): AsyncGenerator<EventSourceMessage> {
  const found: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => found.push(event) });
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    parser.feed(decoder.decode(part.value, { stream: true }));
    yield* found.splice(0);
  }
}

/** Whether a response is a stream of events. */
export function isEventStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
}
