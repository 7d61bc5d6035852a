import { join } from "node:path";
import { errorText } from "../../base/index.ts";
import type { ClusterIdentity } from "../../config/index.ts";
import { type RegistryState, stateOf, type Told } from "../../discovery/index.ts";
import type { Prefix } from "../../net/index.ts";
import {
  appendDurably,
  type ReadSetting,
  readKernelSetting,
  readTextFile,
  removeStateFile,
  writeAtomically,
} from "../../system/index.ts";
import { inThisBoot } from "../boot.ts";
import { changedItems, entryAfter, type JournalEnd, largestJournal } from "../journal.ts";
import { keepsAll } from "../kept.ts";
import { type Ledger, largestLedger, ledgerItems, ledgerText, openLedger } from "../ledger.ts";
import type { Members } from "../member.ts";
import { noneOwnerless, type Ownerless } from "../ownerless.ts";
import { type Steered, unowned } from "./unowned.ts";

export interface LedgerOptions extends Steered {
  readonly stateDirectory: string;
  readonly cluster: ClusterIdentity;
  /** The id of this node, which is never in the ledger. */
  readonly nodeId: string;
  readonly readSetting?: ReadSetting;
}

/** The options, and what was found out with them once. */
interface Settled extends LedgerOptions {
  readonly bootID: string | undefined;
}

/** The time in milliseconds to wait for the rest of a burst of changes. */
const settleMs = 2_000;
/** The least time in milliseconds between two writes of what can wait, however often something changes. */
const leastBetweenMs = 30_000;
/** The longest time in milliseconds by which the time in the file may lag while nothing changes. */
const confirmMs = 60 * 60_000;

const fileIn = (stateDirectory: string): string => join(stateDirectory, "members.json");
const journalIn = (stateDirectory: string): string => join(stateDirectory, "members.journal");
/** The file in which the version of November 2026 kept the affiliates. It is read once, if there is no ledger yet. */
const earlierFileIn = (stateDirectory: string): string => join(stateDirectory, "affiliates.json");

/** What the file holds: the texts of its members by node id, the pod networks, and the networks without an owner. */
interface Contents {
  readonly items: ReadonlyMap<string, string>;
  readonly podNetworks: readonly Prefix[];
  readonly ownerless: Ownerless;
}

/** All but the members, as text. */
const besideMembers = ({ podNetworks, ownerless }: Contents): string =>
  JSON.stringify([podNetworks, ownerless.since, ownerless.networks]);

/**
 * The members of the mesh on disk, of mode 0600: one file that is written atomically, and a journal with those that
 * changed since. What is new is there before it is steered, and all else is written seldom. With it, a node that starts
 * knows whose traffic belongs into the tunnels before any registry answers. A ledger that cannot be written costs a
 * warning and nothing else. In the place of one that cannot be read stand the networks that were steered last.
 */
export class LedgerFile {
  readonly file: string;
  /** The ledger that was found at the start. */
  readonly found: Ledger | undefined;
  /** The networks whose owners were not known at the start. */
  readonly ownerless: Ownerless;
  readonly #options: Settled;
  #members: (() => Members) | undefined;
  #podNetworks: () => readonly Prefix[] = () => [];
  #ownerless: () => Ownerless = () => noneOwnerless;
  /** The members of the last write, also of one that failed. */
  #kept: Members;
  #written: Contents | undefined;
  /** The end of the journal; `undefined` where nothing may be added to it. */
  #end: JournalEnd | undefined;
  #writtenAt = Number.NEGATIVE_INFINITY;
  #timer: { readonly at: number; readonly handle: NodeJS.Timeout } | undefined;
  #writing: Promise<void> = Promise.resolve();
  #hasFailed = false;

  static async open(options: LedgerOptions): Promise<LedgerFile> {
    const settled = { ...options, bootID: await thisBoot(options.readSetting) };
    const found = await read(settled);
    const ownerless = found ? (found.ownerless ?? noneOwnerless) : await unowned(settled);
    return new LedgerFile(settled, found, ownerless);
  }

  private constructor(options: Settled, found: Ledger | undefined, ownerless: Ownerless) {
    this.file = fileIn(options.stateDirectory);
    this.found = found;
    this.ownerless = ownerless;
    this.#kept = found?.members ?? new Map();
    this.#options = options;
  }

  /** Notes that the results of these functions may have changed. They are called when the time to write has come. */
  changed(
    members: () => Members,
    podNetworks: () => readonly Prefix[] = () => [],
    ownerless: () => Ownerless = () => noneOwnerless,
  ): void {
    this.#members = members;
    this.#podNetworks = podNetworks;
    this.#ownerless = ownerless;
    const now = performance.now();
    this.#writeAt(Math.max(now + settleMs, this.#writtenAt + leastBetweenMs));
  }

  /**
   * Resolves once the file holds every member and network of the last change that a daemon may steer. What is new is
   * written at once, so that a daemon that is killed right after it steered a network knows whose it is; all else waits
   * for its time. A file that cannot be written holds nothing up.
   */
  async keepNew(): Promise<void> {
    if (this.#members && !keepsAll(this.#kept, this.#members())) this.#write(this.#members);
    await this.#writing;
  }

  /** The state of what the ledger tells in place of registries, in the form of theirs. */
  stateOf(told: Omit<Told, "isSealed">): RegistryState {
    const savedAt = this.found?.savedAt ?? this.#options.clock();
    const ageSeconds = Math.max(0, Math.round((this.#options.clock() - savedAt) / 1000));
    return stateOf({ name: "cache", location: this.file }, told, { phase: "cached", ageSeconds });
  }

  /** Writes pending changes, and ends with all in one file: a version from before the journal may be the next to read it. */
  async close(): Promise<void> {
    this.#disarm();
    await this.#writing;
    const hasJournal = this.#end !== undefined && this.#end.journal > 0;
    if (this.#members) this.#write(this.#members, hasJournal);
    this.#members = undefined;
    await this.#writing;
    this.#disarm();
  }

  /** Removes the file, because a node that left the mesh has nothing to come back to. */
  async forget(): Promise<void> {
    this.#members = undefined;
    await this.close();
    await removeStateFile(this.file);
    await removeStateFile(journalIn(this.#options.stateDirectory));
    await removeStateFile(earlierFileIn(this.#options.stateDirectory));
    this.#written = undefined;
    this.#end = undefined;
    this.#kept = new Map();
  }

  #writeAt(at: number): void {
    if (this.#timer && this.#timer.at <= at) return;
    this.#disarm();
    const handle = setTimeout(() => {
      this.#timer = undefined;
      if (this.#members) this.#write(this.#members);
    }, at - performance.now());
    handle.unref();
    this.#timer = { at, handle };
  }

  #disarm(): void {
    clearTimeout(this.#timer?.handle);
    this.#timer = undefined;
  }

  /** Queues a write after those that are under way. */
  #write(members: () => Members, isWhole = performance.now() - this.#writtenAt >= confirmMs): void {
    this.#kept = members();
    const items = ledgerItems(this.#kept);
    const now = performance.now();
    const podNetworks = this.#podNetworks();
    const ownerless = this.#ownerless();
    const contents = { items, podNetworks, ownerless };
    const changed = this.#changed(contents);
    if (changed?.length === 0 && !isWhole) return;
    this.#written = contents;
    this.#writtenAt = now;
    const added = isWhole ? undefined : changed;
    this.#writing = this.#writing.then(() => this.#put(contents, added));
    this.#writeAt(now + confirmMs);
  }

  /**
   * The texts in which these contents differ from those that are written; `undefined` where they do in anything else. The
   * texts of members that did not change are the same strings as before.
   */
  #changed(contents: Contents): string[] | undefined {
    const written = this.#written;
    if (!written || besideMembers(written) !== besideMembers(contents)) return undefined;
    return changedItems(written.items, contents.items);
  }

  async #put(contents: Contents, added: readonly string[] | undefined): Promise<void> {
    try {
      if (!added || !(await this.#append(added))) await this.#replace(contents);
      this.#hasFailed = false;
    } catch (error) {
      const { log } = this.#options;
      if (!this.#hasFailed) log.warn(`the known nodes are not kept for the next start: ${errorText(error)}`);
      this.#hasFailed = true;
      this.#written = undefined;
      if (this.#members) this.#writeAt(performance.now() + leastBetweenMs);
    }
  }

  /** Adds the texts of members to the journal; `false` if that cannot be, or would be no less work than to write all. */
  async #append(added: readonly string[]): Promise<boolean> {
    const { stateDirectory, clock } = this.#options;
    const [before, file] = [this.#end, journalIn(stateDirectory)];
    const entry = before && entryAfter(before, added, clock());
    if (!entry) return false;
    this.#end = undefined; // nothing follows what is torn
    try {
      if (before.journal > 0) await appendDurably(file, entry.text);
      else await writeAtomically(file, entry.text, { mode: 0o600 });
    } catch {
      return false; // why that is, the file itself will tell
    }
    this.#end = entry.end;
    return true;
  }

  /** Writes the file anew, without a journal. */
  async #replace({ items, podNetworks, ownerless }: Contents): Promise<void> {
    const { cluster, clock, bootID, stateDirectory } = this.#options;
    const hasJournal = this.#end?.journal !== 0;
    this.#end = undefined;
    const { text, digest } = ledgerText(cluster, items, clock(), {
      podNetworks,
      ownerless,
      ...(bootID !== undefined && { bootID }),
    });
    await writeAtomically(this.file, text, { mode: 0o600 });
    // One that stays all the same is not read: it follows another file.
    if (hasJournal) await removeStateFile(journalIn(stateDirectory)).catch(() => undefined);
    this.#end = { digest, journal: 0, ledger: text.length };
  }
}

/** The id of this boot. Without it nothing is known of boots, which is no reason not to start. */
const thisBoot = (readSetting: ReadSetting = readKernelSetting): Promise<string | undefined> =>
  readSetting("kernel/random/boot_id").catch(() => undefined);

async function read(options: Settled): Promise<Ledger | undefined> {
  const { stateDirectory } = options;
  const [file, earlier] = [fileIn(stateDirectory), earlierFileIn(stateDirectory)];
  const found = await readFrom(file, options);
  const used = found.kind === "absent" ? await readFrom(earlier, options) : found;
  return used.kind === "read" ? used.ledger : undefined;
}

/** The result of reading one file. The log tells why a file is unusable. */
type ReadFile =
  | { readonly kind: "absent" }
  | { readonly kind: "unusable" }
  | { readonly kind: "read"; readonly ledger: Ledger };

async function readFrom(file: string, options: Settled): Promise<ReadFile> {
  const { cluster, nodeId, log, bootID, clock } = options;
  try {
    const hint = "it is written anew when a registry answers";
    const text = (await readTextFile(file, { largest: largestLedger, code: "state", hint }))?.text;
    if (text === undefined) return { kind: "absent" };
    const found = openLedger(cluster, nodeId, text, await journalBehind(file, options));
    if (!("refused" in found)) return { kind: "read", ledger: inThisBoot(found, bootID, clock()) };
    log.warn(`${file} is not used: ${found.refused}; it is written anew when a registry answers`);
  } catch (error) {
    log.warn(errorText(error));
  }
  return { kind: "unusable" };
}

/** The journal behind a file. One that cannot be read costs what is in it alone. */
async function journalBehind(file: string, { stateDirectory, log }: Settled): Promise<string> {
  if (file !== fileIn(stateDirectory)) return "";
  const hint = "what it holds is written anew when a registry answers";
  try {
    const limit = { largest: largestJournal, code: "state", hint } as const;
    return (await readTextFile(journalIn(stateDirectory), limit))?.text ?? "";
  } catch (error) {
    log.warn(errorText(error));
    return "";
  }
}
