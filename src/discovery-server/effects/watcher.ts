import { status } from "@grpc/grpc-js";
import type { Envelope } from "../../discovery/index.ts";
import { type Change, idOfChange } from "../cluster-state.ts";
import type { Message } from "../frame.ts";
import type { Call } from "./call.ts";
import { changesMessage, snapshotMessage } from "./messages.ts";

/** The number of affiliates in one message. More would make one chunk larger than others of the outlet. */
const mostInMessage = 64;

interface WatcherEvents {
  /** Gives the number of affiliates that may wait at the moment. */
  mostQueued(): number;
  /** Reports that so many more wait, or fewer if negative. */
  onQueued(change: number): void;
  /** Called once, when the watcher is to be told nothing more. */
  onEnd(): void;
  /** Called before `onEnd` if the watcher ends because others need the room. */
  onCutOff(): void;
}

/** The first changes that fit into one message, in which all affiliates are updated or all are deleted. */
function firstOfOneKind(changes: Iterable<Change>): readonly Change[] {
  const first: Change[] = [];
  for (const change of changes) {
    if (first.length === mostInMessage || (first[0] && first[0].kind !== change.kind)) break;
    first.push(change);
  }
  return first;
}

/**
 * A watcher with one message under way. The newest state of each affiliate waits, so that a slow reader costs little
 * and misses nothing but intermediate states.
 */
export class Watcher {
  readonly #call: Call;
  readonly #events: WatcherEvents;
  readonly #queue = new Map<string, Change>();
  #isWriting = false;
  #hasEnded = false;

  constructor(call: Call, events: WatcherEvents) {
    this.#call = call;
    this.#events = events;
  }

  start(snapshot: readonly Envelope[]): void {
    this.#write(snapshotMessage(snapshot));
    this.#call.onClose(() => this.#forget());
  }

  /** Tells it of changes, each of another affiliate. Watchers for whom nothing waits share one message. */
  tell(changes: readonly Change[]): void {
    if (this.#hasEnded) return;
    const before = this.#queue.size;
    for (const change of changes) {
      const id = idOfChange(change);
      this.#queue.delete(id); // it moves to the end of the queue
      this.#queue.set(id, change);
    }
    this.#events.onQueued(this.#queue.size - before);
    if (!this.#isWriting) this.#writeNext();
    else if (this.#queue.size > this.#events.mostQueued())
      this.cutOff("reads too slowly: start again with a new snapshot");
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
    if (this.#queue.size === 0 || this.#hasEnded) return;
    const next = firstOfOneKind(this.#queue.values());
    for (const change of next) this.#queue.delete(idOfChange(change));
    this.#events.onQueued(-next.length);
    this.#write(changesMessage(next));
  }

  #forget(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#events.onQueued(-this.#queue.size);
    this.#queue.clear();
    this.#events.onEnd();
  }
}
