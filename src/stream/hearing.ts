import { bufferOf, type Packet } from "./limits.ts";

/** The last packet that a line which is not in use has brought before all others did. */
interface Other {
  readonly at: number;
  readonly mark: string;
}

/** The time for which a line counts that brought something: one keepalive of WireGuard may be lost. */
const latelyMs = 60_000;
/** The packets that are remembered to know copies of them by. */
const mostMarks = 128;

/**
 * The lines over which one peer is heard, and which of them are used for what is sent to it. Times are in milliseconds of
 * a clock that never goes back.
 *
 * Anybody at another service may send something in the peer's name, and none but WireGuard can tell. So a line that
 * brings a packet takes none away from another line: it is used besides. A peer that sends the same over two lines
 * makes no second one used, because the line in use brings a copy of all that the other one does.
 */
export class Hearing<Line> {
  #inUse: Line;
  /** The time at which the line in use last brought data. */
  #dataAt: number;
  readonly #others = new Map<Line, Other>();
  readonly #broughtBy = new Map<string, Line>();

  constructor(line: Line, now: number) {
    this.#inUse = line;
    this.#dataAt = now;
  }

  get inUse(): Line {
    return this.#inUse;
  }

  heard({ data }: Pick<Packet, "data">, line: Line, now: number): void {
    const mark = markOf(data);
    const before = this.#broughtBy.get(mark);
    if (before === undefined) this.#remember(mark, line);
    const isData = !isHandshake(data);
    if (line === this.#inUse) {
      if (isData) this.#dataAt = now;
      if (before !== undefined && this.#others.get(before)?.mark === mark) this.#others.delete(before);
    } else if (before === undefined) {
      this.#others.set(line, { at: now, mark });
      if (isData && now - this.#dataAt >= latelyMs) this.#use(line, now);
    }
  }

  /** Whether a packet for the peer is sent over this line. Handshakes take all lines: they find the peer. */
  isFor(line: Line, { data }: Pick<Packet, "data">, now: number): boolean {
    const other = this.#others.get(line);
    return line === this.#inUse || isHandshake(data) || (other !== undefined && now - other.at < latelyMs);
  }

  /** Forgets a line that is not in use. */
  forget(line: Line): void {
    this.#others.delete(line);
  }

  #use(line: Line, now: number): void {
    this.#inUse = line;
    this.#dataAt = now;
    this.#others.delete(line);
  }

  #remember(mark: string, line: Line): void {
    this.#broughtBy.set(mark, line);
    const [oldest] = this.#broughtBy.keys();
    if (oldest !== undefined && this.#broughtBy.size > mostMarks) this.#broughtBy.delete(oldest);
  }
}

/** What tells a packet from others: type, index and counter of one with data; the start of the key of a handshake. */
const markOf = (data: Uint8Array): string => bufferOf(data).toString("latin1", 0, 16);

/** Tells whether a packet is an initiation, a response or a cookie of WireGuard, and not data. */
const isHandshake = (data: Uint8Array): boolean => data[0] !== undefined && data[0] >= 1 && data[0] <= 3;
