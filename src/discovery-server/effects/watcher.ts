import { status } from "@grpc/grpc-js";
import type { ChangeLog } from "../change-log.ts";
import type { Message } from "../frame.ts";
import type { Call } from "./call.ts";
import { changesMessage } from "./messages.ts";

interface WatcherEvents {
  /** Called once, when the watcher is to be told nothing more. */
  onEnd(): void;
  /** Called before `onEnd` if the watcher ends because others need the room. */
  onCutOff(): void;
}

/** What a watcher is told first, and the position in the log after it. */
export interface Start {
  readonly message: Message;
  readonly position: number;
}

/**
 * A watcher with one message under way. It has a position in the log of its cluster, so that a slow reader costs little
 * and misses nothing but intermediate states.
 */
export class Watcher {
  readonly #call: Call;
  readonly #events: WatcherEvents;
  readonly #log: ChangeLog;
  #position = 0;
  #isWriting = false;
  #hasEnded = false;

  constructor(call: Call, log: ChangeLog, events: WatcherEvents) {
    this.#call = call;
    this.#log = log;
    this.#events = events;
  }

  /** The position in the log up to which it was told. */
  get position(): number {
    return this.#position;
  }

  /** Whether it has yet to read what it was sent last. */
  get isReading(): boolean {
    return this.#isWriting;
  }

  start({ message, position }: Start): void {
    this.#position = position;
    this.#write(message);
    this.#call.onClose(() => this.#forget());
  }

  /** Tells it what was published, now or when it has read what it was sent before. */
  wake(): void {
    if (!this.#isWriting) this.#writeNext();
  }

  cutOff(reason: string): void {
    if (!this.#hasEnded) this.#events.onCutOff();
    this.end(status.ABORTED, reason);
  }

  end(code: status, details: string): void {
    if (this.#hasEnded) return;
    this.#forget();
    this.#call.end(code, details);
  }

  #write(message: Message): void {
    this.#isWriting = true;
    this.#call.send(message).then(
      () => {
        this.#isWriting = false;
        this.#writeNext();
      },
      () => this.#hasEnded || this.#call.cut(), // half a message was sent, and nothing can sensibly follow
    );
  }

  #writeNext(): void {
    const batch = this.#hasEnded ? undefined : this.#log.after(this.#position);
    if (!batch) return;
    this.#position = batch.next;
    if (batch.changes.length > 0) this.#write(changesMessage(batch.changes));
  }

  #forget(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#events.onEnd();
  }
}
