import type { ServerResponse } from "node:http";
import { newsOf, type PageState } from "../index.ts";
import { headers } from "./assets.ts";

/** The browsers that may be told at one time. */
export const mostReaders = 16;
/** A comment is sent so often, by which each side notices that the other one is gone. */
const aliveEveryMs = 15_000;

interface Reader {
  /** The state that was written last; absent before the first one. */
  told: PageState | undefined;
  /** Whether it had not read what was written before, when the last comment was due. */
  isSlow: boolean;
}

/**
 * The browsers that are told of changes, as server-sent events. Each is told what it does not know yet when it has read
 * what was written before, so one that reads slowly costs no more than that, and one that does not read is cut.
 */
export class Live {
  readonly #readers = new Map<ServerResponse, Reader>();
  #state: PageState | undefined;
  #alive: NodeJS.Timeout | undefined;

  get isRead(): boolean {
    return this.#readers.size > 0;
  }

  get isFull(): boolean {
    return this.#readers.size >= mostReaders;
  }

  open(response: ServerResponse, state: PageState): void {
    const reader: Reader = { told: undefined, isSlow: false };
    if (response.destroyed) return;
    this.#state = state;
    this.#readers.set(response, reader);
    this.#alive ??= setInterval(() => this.#keepAlive(), aliveEveryMs).unref();
    response.once("close", () => this.#close(response));
    response.on("drain", () => this.#write(response, reader));
    response.setTimeout(0);
    response.socket?.setTimeout(0);
    response.writeHead(200, { ...headers, "content-type": "text/event-stream" });
    this.#write(response, reader);
  }

  tell(state: PageState): void {
    this.#state = state;
    for (const [response, reader] of this.#readers) this.#write(response, reader);
  }

  #write(response: ServerResponse, reader: Reader): void {
    if (!this.#state || response.destroyed || response.writableNeedDrain) return;
    const news = newsOf(reader.told, this.#state);
    reader.told = this.#state;
    reader.isSlow = false;
    if (news) response.write(`data: ${JSON.stringify(news)}\n\n`);
  }

  #keepAlive(): void {
    for (const [response, reader] of this.#readers)
      if (!response.writableNeedDrain) response.write(":\n\n");
      else if (reader.isSlow) response.destroy();
      else reader.isSlow = true;
  }

  #close(response: ServerResponse): void {
    this.#readers.delete(response);
    if (this.isRead) return;
    clearInterval(this.#alive);
    this.#alive = undefined;
    this.#state = undefined;
  }
}
