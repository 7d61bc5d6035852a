import { errorText, KubespanError } from "../../base/index.ts";
import { type Runner, runnerWith, selfFolder, within } from "../../system/index.ts";
import { nftCommand, type Ownership, takesTable } from "../index.ts";
import { trialText } from "../transaction.ts";
import { InteractiveNft } from "./interactive-nft.ts";
import { isTransaction } from "./own-transactions.ts";

/** The number of starts in a row that may fail before nothing is tried any more. */
const mostFailures = 3;
const longestEndMs = 5_000;
/** The loss of a process that ended this soon is told later: it may be for a reason that stays. */
const soundAfterMs = 10_000;
const pauseMs = 5_000;

/** Is told the reason why tables can have no owner here. */
type OnImpossible = (reason: string) => void;

/**
 * The process that owns the table, where nft and the kernel know owners that may be followed by others. It carries out
 * all transactions while this process lives: nobody else may change the table, and no flush of the ruleset takes it
 * away. When it ends, the table stays, and the next transaction starts a new one. Where it cannot be, everybody's
 * transactions are carried out as they are.
 */
export class TableOwner {
  readonly #next: Runner;
  readonly #onImpossible: OnImpossible;
  readonly #folder = selfFolder();
  #nft: InteractiveNft | undefined;
  /** The process that has become the owner of the table. */
  #owner: InteractiveNft | undefined;
  #isPossible = true;
  #failures = 0;
  #isClosed = false;
  #turn: Promise<unknown> = Promise.resolve();
  #onLoss: () => void = () => undefined;
  #loss: NodeJS.Timeout | undefined;

  /** Finds out whether tables can have owners here. Never rejects. */
  static async open(next: Runner, onImpossible: OnImpossible): Promise<TableOwner> {
    const owner = new TableOwner(next, onImpossible);
    try {
      await owner.#start();
    } catch (error) {
      owner.#giveUp(errorText(error));
    }
    return owner;
  }

  private constructor(next: Runner, onImpossible: OnImpossible) {
    this.#next = next;
    this.#onImpossible = onImpossible;
  }

  get ownership(): Ownership {
    if (!this.#isPossible) return "impossible";
    return this.#owner?.isAlive ? "ours" : "possible";
  }

  /** Sets the function that is called when the process has ended, so that the table belongs to nobody. */
  onLoss(act: () => void): void {
    this.#onLoss = act;
  }

  /** Runs a command; a transaction after those that were begun before it. */
  readonly run: Runner = (command) => {
    if (!this.#isPossible || this.#isClosed || !isTransaction(command)) return this.#next(command);
    const turn = this.#turn.then(async () => {
      const nft = await this.#started();
      if (!nft) return this.#next(command);
      const output = await this.#runnerOf(nft)(command);
      if (takesTable(command.input)) this.#owner = nft;
      return output;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  };

  /** Ends the process. The table stays. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#loss);
    await this.#nft?.close();
  }

  readonly #runnerOf = (nft: InteractiveNft): Runner =>
    runnerWith((_program, _args, timeoutMs, input) => nft.run(`${this.#folder}/fd/${input}`, timeoutMs));

  /** The process; `undefined` where there can be none any more. Throws if it cannot be started at the moment. */
  async #started(): Promise<InteractiveNft | undefined> {
    if (this.#nft?.isAlive) return this.#nft;
    if (this.#nft) await within(this.#nft.close(), longestEndMs); // the table is its own until it is gone
    try {
      const nft = await this.#start();
      this.#failures = 0;
      return nft;
    } catch (error) {
      if (++this.#failures < mostFailures && !(error instanceof Refused)) throw error;
      this.#giveUp(errorText(error));
      return undefined;
    }
  }

  /** Starts a process, and has it show that it can do what is asked of it, and that it tells what it cannot. */
  async #start(): Promise<InteractiveNft> {
    const nft = await InteractiveNft.start();
    const run = this.#runnerOf(nft);
    try {
      await run(nftCommand(trialText("works"))).catch((error: unknown) => {
        throw nft.isAlive ? new Refused("command", errorText(error), { cause: error }) : error;
      });
      const failure = await run(nftCommand(trialText("fails"))).catch((error: unknown) => error);
      if (!(failure instanceof KubespanError) || !nft.isAlive)
        throw new Refused("command", "nft does not tell when a transaction fails");
    } catch (error) {
      await nft.close();
      throw error;
    }
    this.#nft = nft;
    const startedAt = performance.now();
    void nft.ended.then(() => {
      if (this.#isClosed) return;
      const isSound = performance.now() - startedAt > soundAfterMs;
      this.#loss = setTimeout(() => this.#onLoss(), isSound ? 0 : pauseMs);
    });
    return nft;
  }

  #giveUp(reason: string): void {
    this.#isPossible = false;
    this.#onImpossible(reason);
  }
}

/** The error of an nft that is well, but does not know how to own a table. */
class Refused extends KubespanError {}
