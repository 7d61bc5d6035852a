import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { SecretOffer, SecretRotated } from "../api/index.ts";
import { errorText, KubespanError, Secret } from "../base/index.ts";
import { keepSecret, readKeptSecret } from "../config/effects/index.ts";
import {
  type Config,
  hasReached,
  keptAfter,
  newestSecret,
  type SecretStage,
  secretStages,
} from "../config/index.ts";
import { secretsOf } from "../discovery/index.ts";
import type { Identity } from "../identity/index.ts";
import type { Messenger } from "../members/effects/index.ts";
import { type Members, type SecretNotice, seenOf } from "../members/index.ts";
import { RolloutFile } from "../secret-change/effects/index.ts";
import {
  confirmedBy,
  finishedAt,
  isOver,
  isWhole,
  nextStage,
  openSealedSecret,
  openSecretStatement,
  type Receiver,
  type Rollout,
  receiversDue,
  type SecretStatement,
  sealSecret,
  secretDigest,
} from "../secret-change/index.ts";
import { within } from "../system/index.ts";
import type { Evictions } from "./evictions.ts";
import { receiversIn, whyMissed } from "./secret-receivers.ts";

interface Parts {
  /** The rollout on disk, which this node leads. */
  readonly file: Pick<RolloutFile, "found" | "keep">;
  readonly log: Logger;
  /** The present time in milliseconds since 1970. */
  readonly clock: () => number;
  /** The milliseconds of a clock that nobody sets. */
  readonly ticks: () => number;
  readonly random?: (size: number) => Buffer;
}

/** What the mesh is at the moment. */
export interface Around {
  readonly config: Pick<Config, "cluster" | "operatorKeys" | "stateDirectory" | "enabled">;
  readonly identity: Identity;
  readonly members: Members;
  readonly evictions: Pick<Evictions, "isEvicted">;
  readonly messenger: Pick<Messenger, "tell">;
  /** Asks for a pass. */
  readonly wake: () => void;
}

/** The times that members are told before the operator has an answer, each of which takes a second where one does not confirm. */
const mostRounds = 4;
/** The milliseconds after which the operator has an answer in any case. */
const longestMs = 20_000;
/** The milliseconds before members that did not confirm are told again: at first, and at most, which is short while others wait. */
const againMs = { first: 250, most: { accept: 2_000, seal: 30_000, finish: 30_000 } };

/**
 * The change of the cluster secret on this node: what it takes when an operator's word comes with a secret, and, where the
 * operator began it, to whom it brings that.
 */
export class SecretChange {
  readonly #parts: Parts;
  #rollout: Rollout | undefined;
  #offered: { readonly offer: SecretOffer; readonly secret: Secret } | undefined;
  /** Has the daemon read its configuration again, and with it the secret that was kept. */
  #reload: () => Promise<void> = async () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #isTaking = false;
  #isLeading = false;
  #stageSince: { readonly stage: SecretStage; readonly ticks: number } | undefined;
  #rounds = 0;
  #toldOnce = Promise.withResolvers<void>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#rollout = parts.file.found;
  }

  /** Sets what has the secret used that was kept. */
  follow(reload: () => Promise<void>): void {
    this.#reload = reload;
  }

  /** The rollout that this node leads; `undefined` if there is none. */
  get rollout(): Rollout | undefined {
    return this.#rollout;
  }

  /** Takes in what a member with the key `sender` brings. The member gets a receipt once this node works with it. */
  heed({ statement, sealed }: SecretNotice, sender: string, around: Around): boolean {
    const { config, identity } = around;
    const { cluster, operatorKeys = [] } = config;
    const said = openSecretStatement(statement, { clusterId: cluster.id, keys: operatorKeys });
    if (!said) return this.#refuse("no operator that this node knows signed it");
    if (isInUse(said, config)) return true;
    if (this.#isTaking || said.number < (cluster.change?.number ?? 0)) return false;
    const digests = secretsOf(cluster).map((each) => secretDigest(each, cluster.id));
    if (!digests.includes(said.replaces) && !digests.includes(said.digest))
      return this.#refuse("it replaces a secret that this node does not have");
    const secret = openSealedSecret(sealed, statement, { ...identity, peer: sender });
    if (!secret || secretDigest(secret, cluster.id) !== said.digest)
      return this.#refuse("it is not the secret that the operator signed");
    this.#take(said, secret, config).catch((error: unknown) =>
      this.#parts.log.error(`the next cluster secret is not kept: ${errorText(error)}`),
    );
    return false;
  }

  #refuse(why: string): false {
    this.#parts.log.warn(`another cluster secret is not taken: ${why}`);
    return false;
  }

  /** Keeps the secret on disk, from when on it counts whatever ends this process, and then uses it. */
  async #take(
    { number, stage }: Pick<SecretStatement, "number" | "stage">,
    secret: Secret,
    { cluster, stateDirectory }: Around["config"],
  ): Promise<void> {
    this.#isTaking = true;
    try {
      const kept = keptAfter(cluster, await readKeptSecret(stateDirectory), { number, stage, secret });
      await keepSecret(stateDirectory, kept);
      this.#parts.log.warn({ number }, stageText[stage]);
      await this.#reload();
    } finally {
      this.#isTaking = false;
    }
  }

  /** Makes a secret that the cluster may take next. Throws `KubespanError("usage")` if it cannot be changed from here. */
  offer({ config, members, evictions }: Pick<Around, "config" | "members" | "evictions">): SecretOffer {
    const { random = randomBytes, clock } = this.#parts;
    const { cluster } = config;
    receiversIn(members, config, evictions.isEvicted);
    const secret = new Secret(random(32));
    const offer = {
      number: Math.max(clock(), (cluster.change?.number ?? 0) + 1),
      digest: secretDigest(secret, cluster.id),
      replaces: secretDigest(cluster.secret, cluster.id),
    };
    this.#offered = { offer, secret };
    return offer;
  }

  /**
   * Gives the cluster the secret that was offered last, as an operator signed it, and tells the members that are connected.
   * From here on this node leads the change, also after a restart.
   */
  async begin(statements: readonly string[], seconds: number, around: () => Around): Promise<SecretRotated> {
    const { config, members, evictions } = around();
    const { cluster, operatorKeys = [] } = config;
    const operators = { clusterId: cluster.id, keys: operatorKeys };
    const said = statements.map((each) => openSecretStatement(each, operators));
    const { offer, secret } = this.#offered ?? {};
    if (!offer || !secret || !isWhole(said, offer) || !(seconds > 0))
      throw new KubespanError("usage", "that is not signed for the secret that this node offered", {
        hint: "operatorKeys of its configuration has to name the key; run the command again",
      });
    this.#offered = undefined;
    const { number } = offer;
    const until = this.#parts.clock() + seconds * 1000;
    const rollout = {
      number,
      until,
      statements,
      receivers: receiversIn(members, config, evictions.isEvicted),
    };
    this.#rounds = 0;
    this.#toldOnce = Promise.withResolvers();
    this.#isLeading = true;
    try {
      await this.#keep(rollout);
      await this.#take({ number, stage: "accept" }, secret, config);
    } finally {
      this.#isLeading = false;
    }
    if (around().config.cluster.change?.number !== number)
      throw new KubespanError("config", "the configuration could not be read again, and nobody was told", {
        hint: "the log says why; mend it, and run the command again",
      });
    around().wake();
    await within(this.#toldOnce.promise, longestMs);
    return this.#report(number, around());
  }

  #report(number: number, { members, config, evictions }: Around): SecretRotated {
    const { receivers } = this.#rollout?.number === number ? this.#rollout : { receivers: [] };
    const see = seenOf(members, config.cluster, evictions.isEvicted, this.#parts.clock());
    const missed = receivers.flatMap((each) => {
      const seen = each.has === undefined ? see(each) : undefined;
      return seen ? [{ label: each.label, reason: whyMissed(seen) }] : [];
    });
    const heard = receivers.filter(({ has }) => has !== undefined).length;
    return { asked: receivers.length, heard, missed };
  }

  /** Leads on, after a pass: tells those that have not confirmed yet, and goes to the next stage when it is time. */
  async lead(around: Around): Promise<void> {
    const rollout = this.#rollout;
    if (!rollout || this.#isTaking || this.#isLeading) return;
    const { config, members, evictions } = around;
    const { change } = config.cluster;
    // Where another change counts now, or none because this process ended before it was kept, there is nothing to lead.
    if (change?.number !== rollout.number) return this.#keep(undefined);
    this.#isLeading = true;
    try {
      const { stage } = change;
      const see = seenOf(members, config.cluster, evictions.isEvicted, this.#parts.clock());
      const due = receiversDue(rollout, stage, see);
      const confirmed = await this.#tell(due, rollout, stage, around);
      if (this.#rollout !== rollout) return;
      const after = confirmedBy(rollout, stage, confirmed);
      if (after !== rollout) await this.#keep(after);
      const time = { now: this.#parts.clock(), sinceMs: this.#sinceMs(stage) };
      const next = nextStage(after, stage, see, time);
      if (next !== stage || ++this.#rounds >= mostRounds) this.#toldOnce.resolve();
      if (next === "finish" && stage !== next) await this.#keep(finishedAt(after, see));
      if (next !== stage) {
        this.#rounds = 0;
        await this.#take({ number: rollout.number, stage: next }, newestSecret(config.cluster), config);
      } else if (isOver(after, stage, see)) {
        await this.#keep(undefined);
        this.#parts.log.info("all members that are there have the new cluster secret alone");
      } else if (confirmed.size < due.length)
        this.#wakeIn(Math.min(againMs.most[stage], againMs.first * 2 ** Math.min(this.#rounds, 10)), around);
    } finally {
      this.#isLeading = false;
    }
  }

  #wakeIn(ms: number, { wake }: Around): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(wake, ms);
    this.#timer.unref();
  }

  async #tell(
    due: readonly Receiver[],
    { statements }: Rollout,
    stage: SecretStage,
    { config, identity, members, messenger }: Around,
  ): Promise<ReadonlySet<string>> {
    const { random = randomBytes } = this.#parts;
    const statement = statements[secretStages.indexOf(stage)] ?? "";
    const secret = newestSecret(config.cluster);
    const told = due.map(async ({ nodeId, publicKey }) => {
      const address = members.get(nodeId)?.claim.kubespan?.address;
      const sealed = sealSecret(secret, statement, { ...identity, peer: publicKey }, random);
      if (address === undefined || sealed === undefined) return [];
      const notice: SecretNotice = { kind: "secret", statement, sealed };
      return [...(await messenger.tell([{ address, publicKey }], notice))];
    });
    return new Set((await Promise.all(told)).flat());
  }

  #sinceMs(stage: SecretStage): number {
    const ticks = this.#parts.ticks();
    if (this.#stageSince?.stage !== stage) this.#stageSince = { stage, ticks };
    return ticks - this.#stageSince.ticks;
  }

  async #keep(rollout: Rollout | undefined): Promise<void> {
    await this.#parts.file.keep(rollout);
    this.#rollout = rollout;
  }
}

const stageText: Readonly<Record<SecretStage, string>> = {
  accept: "an operator gives the cluster another secret: this node accepts it from now on",
  seal: "this node seals with the new cluster secret, and accepts the one of before",
  finish: "this node has the new cluster secret alone",
};

/** Whether this node is as far as the statement says, or further, or had the secret before it was told. */
const isInUse = ({ number, stage, digest }: SecretStatement, { cluster }: Around["config"]): boolean =>
  cluster.change?.number === number
    ? hasReached(cluster.change.stage, stage)
    : cluster.change === undefined && secretDigest(cluster.secret, cluster.id) === digest;

/** The changes of the secret on this node. */
export async function secretChangeOf(
  { stateDirectory }: Pick<Config, "stateDirectory">,
  log: Logger,
): Promise<SecretChange> {
  const file = await RolloutFile.open(stateDirectory, log);
  return new SecretChange({ file, log, clock: Date.now, ticks: () => performance.now() });
}
