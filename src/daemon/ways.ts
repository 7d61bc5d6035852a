import { type Decision, type Kernel, type Knowledge, ownSide } from "../mesh/index.ts";
import type { Address, Endpoint } from "../net/index.ts";
import { LinkAnswers } from "../routing/effects/index.ts";
import type { ObservedDevice } from "../wireguard/index.ts";
import { Carrying } from "./carrying.ts";
import { Guessing } from "./guessing.ts";
import type { MeshParts } from "./mesh-parts.ts";
import { PathsToPeers } from "./path-mtus.ts";
import { Racing, type RacingEvents } from "./racing.ts";
import { Relaying } from "./relaying.ts";

interface WaysEvents {
  readonly onAnswer: RacingEvents["onAnswer"];
  /** Called when this node is seen elsewhere, or a peer can be reached in another way. */
  readonly onNews: () => void;
  /** Called when packets for a peer get through to an endpoint at which they did not before. */
  readonly onOpened: (publicKey: string, endpoint: Endpoint) => void;
  /** Called when other packets than before pass to a peer, so that routes change. */
  readonly onPathMtu: () => void;
}

/** All by which one mesh reaches peers beside WireGuard itself. It is opened with the data plane and repaired with it. */
export class Ways {
  readonly racing: Racing;
  readonly relaying: Relaying;
  readonly carrying: Carrying;
  readonly guessing: Guessing;
  readonly paths: PathsToPeers;
  readonly #answers: LinkAnswers;

  constructor(parts: MeshParts, { onAnswer, onNews, onOpened, onPathMtu }: WaysEvents) {
    const onStun = (packet: Uint8Array, from: Endpoint): void => this.guessing.receive(packet, from);
    this.racing = new Racing(parts, { onAnswer, onMapping: onNews, onStun });
    this.relaying = new Relaying(parts);
    this.carrying = new Carrying(parts, onNews);
    this.guessing = new Guessing(parts, this, onOpened);
    this.paths = new PathsToPeers(parts, onPathMtu);
    this.#answers = new LinkAnswers(parts.run, onNews);
  }

  /** What a decision has to know of it. */
  get known(): Pick<Knowledge, "canRace" | "carried" | "guessed" | "unreadable" | "pathMtus" | "answered"> {
    const { racing, carrying, guessing } = this;
    const { unreadable } = racing;
    const pathMtus = this.paths.found;
    return {
      canRace: racing.isOn,
      carried: carrying.standIns,
      guessed: guessing.guessed,
      answered: this.#answers.found,
      ...(unreadable && { unreadable }),
      ...(pathMtus && { pathMtus }),
    };
  }

  async open(): Promise<void> {
    await this.racing.open();
    this.carrying.open();
  }

  async repair(kernel: Kernel): Promise<void> {
    await this.racing.repair(kernel.racingTable);
    this.paths.look(kernel);
    await this.relaying.look(ownSide(kernel).networks);
  }

  /** Follows a poll: packets are passed on between those that are connected now, and carried for those that need it. */
  async follow(
    { polled, specs, doubtful }: Pick<Decision, "polled" | "specs"> & Partial<Pick<Decision, "doubtful">>,
    device: ObservedDevice | undefined,
  ): Promise<void> {
    if (doubtful) this.#answers.follow(doubtful);
    this.carrying.polled(specs.peers, polled, device);
    await this.relaying.follow({ polled, specs }, device);
    this.guessing.polled({ polled, specs }, device);
    this.paths.follow({ polled, specs });
  }

  /** Pins the packets of peers that move, and asks where this node is seen after what may have changed that. */
  async settle({ transitions, pins }: Decision["polled"], addresses: readonly Address[]): Promise<void> {
    this.racing.noted(transitions, addresses);
    await this.racing.pin(pins);
  }

  /** Ends what depends on this process. */
  async close(): Promise<void> {
    this.carrying.close();
    this.guessing.close();
    this.paths.close();
    this.#answers.close();
    await this.racing.close();
    await this.relaying.close();
  }
}
