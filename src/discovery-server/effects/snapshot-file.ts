import type { Logger } from "pino";
import { errorText } from "../../base/index.ts";
import { keepPrevious, previousOf, readTextFile, writeAtomically } from "../../system/index.ts";
import type { ClusterRecord } from "../record.ts";
import { parseSnapshot, snapshotText } from "../snapshot.ts";

/** The largest file in bytes: 256 MiB of affiliates in base64, with their times. */
const largest = 512 * 1024 * 1024;

/**
 * A copy of a store in a file of mode 0600, with the copy before in `FILE.1`. A damaged file is reported, and the other
 * one is used.
 */
export class SnapshotFile {
  readonly #path: string;
  readonly #everyMs: number;
  readonly #records: () => ClusterRecord[];
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Whether the present file is complete. Only a complete file becomes the copy before. */
  #isGood = false;

  constructor(path: string, everyMs: number, records: () => ClusterRecord[], log: Logger) {
    this.#path = path;
    this.#everyMs = everyMs;
    this.#records = records;
    this.#log = log;
  }

  async read(): Promise<readonly ClusterRecord[]> {
    const records = await this.#readOne(this.#path);
    this.#isGood = records !== undefined;
    const found = records ?? (await this.#readOne(previousOf(this.#path))) ?? [];
    if (found.length > 0) this.#log.info({ affiliates: found.length }, "read the snapshot");
    return found;
  }

  start(): void {
    this.#timer = setInterval(() => this.#write(), this.#everyMs);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#write();
    await this.#writing;
  }

  async #readOne(path: string): Promise<readonly ClusterRecord[] | undefined> {
    try {
      const options = { largest, code: "state", hint: "the service goes on without it" } as const;
      const text = (await readTextFile(path, options))?.text;
      if (text === undefined) return undefined;
      const parsed = parseSnapshot(text, Date.now());
      if ("records" in parsed) return parsed.records;
      this.#log.error({ file: path }, `a snapshot is not used: ${parsed.refused}`);
    } catch (error) {
      this.#log.error({ file: path }, `a snapshot is not used: ${errorText(error)}`);
    }
    return undefined;
  }

  /** Starts a write after the one before. */
  #write(): void {
    this.#writing = this.#writing.then(async () => {
      try {
        const records = this.#records();
        if (this.#isGood) await keepPrevious(this.#path);
        await writeAtomically(this.#path, snapshotText(records, Date.now()), { mode: 0o600 });
        this.#isGood = true;
        this.#log.debug({ affiliates: records.length }, "wrote the snapshot");
      } catch (error) {
        this.#log.error(errorText(error));
      }
    });
  }
}
