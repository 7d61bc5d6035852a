import {
  type LogLevelReport,
  type Netcheck,
  type Progress,
  type Routes,
  type Status,
  type Why,
  type Work,
  workOf,
} from "../api/index.ts";
import { KubespanError } from "../base/index.ts";
import { logLevels } from "../config/index.ts";
import { parseAddress } from "../net/index.ts";
import { eventsIn, ResourceStores, type Seen } from "../resources/index.ts";
import { within } from "../system/index.ts";
import type { Acts } from "./acts.ts";
import type { Parts } from "./compose.ts";
import type { Loop } from "./loop.ts";
import type { Mesh } from "./mesh.ts";
import { askNet } from "./netcheck.ts";
import { connectivityOf, matrixOf, withHoles } from "./surveying.ts";
import type { MachineWatch } from "./watch-machine.ts";
import { askWay } from "./why.ts";

/** The milliseconds that an answer waits for a poll of the peers. */
const longestLookMs = 10_000;

/** The parts of the daemon that answers are made of, as they are at the moment. */
interface Present {
  readonly parts: Parts;
  readonly mesh: Mesh;
  readonly loop: Loop;
  readonly machine: MachineWatch | undefined;
  readonly stopped: Progress["stopped"];
}

/** What the daemon tells of itself. Nothing here changes the mesh. */
export class Answers {
  readonly #present: () => Present;
  readonly #process = { pid: process.pid, startedAt: Date.now() };
  readonly #resources: ResourceStores;
  #isTelling = false;

  constructor(present: () => Present) {
    this.#present = present;
    this.#resources = new ResourceStores({
      see: () => this.#seen(),
      refresh: () => this.#look(),
      afterTurn: (act) => process.nextTick(act),
      clock: Date.now,
    });
  }

  /** Tells watchers, if there are any, of what a pass has changed, once the pass is over. */
  passed(): void {
    if (this.#isTelling || !this.#resources.isWatched) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      this.#resources.passed();
    });
  }

  /**
   * Polls the handshakes, and looks at what others changed, so that an answer is up to date. If that takes long, the
   * answer does not wait, and shows that.
   */
  async #look(): Promise<void> {
    const { loop, machine } = this.#present();
    const poll = loop.pass("peers"); // the loop logs a failure, and the status shows it
    await within(Promise.allSettled([poll, machine?.catchUp()]), longestLookMs);
  }

  /** The routes of the API that only tell something. */
  get routes(): Omit<Routes, "down" | "rotateKey" | keyof Acts> {
    return {
      status: () => this.#status(),
      resources: this.#resources,
      why: (address) => this.#why(address),
      netcheck: () => this.#netcheck(),
      matrix: () => matrixOf(this.#present().mesh.survey, this.#seen()),
      connectivity: () => connectivityOf(this.#present().mesh.survey, this.#seen()),
      logLevel: (level) => this.#logLevel(level),
    };
  }

  /** Gives what the parts in this process show: a look where it is worth one, and what was seen by now. */
  get eyes(): { readonly look: () => Promise<void>; readonly see: () => Seen } {
    return { look: () => this.#look(), see: () => this.#seen() };
  }

  async #status(): Promise<Status> {
    await this.#look();
    const { mesh } = this.#present();
    const status = await mesh.status({ ...this.#process, work: this.#work() });
    return withHoles(this.#withOthers(status), mesh.survey);
  }

  #withOthers(status: Status): Status {
    const { machine, parts } = this.#present();
    const more = [...(machine?.warnings(status) ?? []), ...parts.barrier.warnings];
    return { ...status, warnings: [...status.warnings, ...more] };
  }

  #work(): Work {
    const { mesh, loop, stopped, machine } = this.#present();
    const { failure, hasPassed } = mesh.outcome;
    const { startedAt } = this.#process;
    const { enabled } = mesh.config;
    const [passSince, bypass] = [loop.passSince(), machine?.bypass];
    return workOf({ enabled, startedAt, stopped, passSince, failure, hasPassed, bypass }, Date.now());
  }

  #seen(): Seen {
    const { mesh, parts } = this.#present();
    const seen = mesh.seen({ ...this.#process, work: this.#work() });
    return { ...seen, status: this.#withOthers(seen.status), events: eventsIn(parts.lines.all) };
  }

  async #why(text: string): Promise<Why> {
    const address = parseAddress(text);
    if (address === undefined)
      throw new KubespanError("usage", `"${text.slice(0, 100)}" is no IP address`, {
        hint: "write an address such as 10.244.1.7 or fd00::1; 'kubespan get targets' lists networks",
      });
    await this.#look();
    const { parts } = this.#present();
    return askWay(parts.run, this.#seen(), address);
  }

  #netcheck(): Promise<Netcheck> {
    const { racing } = this.#present().mesh.ways;
    return askNet(
      () => racing.hearStun(),
      this.#seen().status.registries,
      () => this.#seen(),
    );
  }

  /** Sets the level of the log until it is set again, or the configuration is read again. */
  #logLevel(level: string | undefined): LogLevelReport {
    const { log } = this.#present().parts;
    const before = log.level;
    if (level === undefined) return { level: before };
    const known = logLevels.find((each) => each === level);
    if (known === undefined)
      throw new KubespanError("usage", `there is no level "${level.slice(0, 40)}" of the log`, {
        hint: `write one of ${logLevels.join(", ")}`,
      });
    log.level = known;
    return { level: known, before };
  }
}
