import type { Config } from "../config/index.ts";
import { type Decision, type Kernel, mtuOf } from "../mesh/index.ts";
import { PathMtus } from "../path-mtu/effects/index.ts";
import { type PathMtu, type PathPeer, small } from "../path-mtu/index.ts";
import { observePathExceptions } from "../routing/effects/index.ts";
import { Echoes } from "../survey/effects/index.ts";
import type { MeshParts } from "./mesh-parts.ts";
import { memberAt } from "./named-member.ts";

/** The part that finds what passes to each peer, by echoes that the peers' messengers send back. */
export class PathsToPeers {
  /** The echoes of this node, which answer those of others; absent where the configuration wants none at all. */
  readonly echoes: Echoes | undefined;
  readonly #search: PathMtus | undefined;

  readonly #config: Config;
  #linkMtu: number | undefined;

  constructor({ config, membership, run, clock }: MeshParts, onChange: () => void) {
    const { messenger } = membership;
    this.#config = config;
    if (!config.pathMTU && !config.matrix) return;
    const echoes = new Echoes({
      post: (bytes, to) => messenger.post(bytes, to),
      isMember: (address) => memberAt(address, membership.members, clock()) !== undefined,
    });
    this.echoes = echoes;
    messenger.heedOthers((bytes, from) => echoes.receive(bytes, from));
    if (!config.pathMTU) return;
    this.#search = new PathMtus(
      {
        send: (to, size, onHeard) => echoes.send(to, size === small ? undefined : size, onHeard),
        known: () => observePathExceptions(run),
        onChange,
      },
      clock,
    );
  }

  /** What is known of the paths, by public key; `undefined` where nobody looks. */
  get found(): ReadonlyMap<string, PathMtu> | undefined {
    return this.#search?.found;
  }

  /** Notes the MTU of the link, up to which packets are tried. */
  look(kernel: Kernel): void {
    this.#linkMtu = mtuOf(this.#config, kernel);
  }

  /** Follows a poll of the peers. */
  follow(seen: Pick<Decision, "specs" | "polled">): void {
    if (this.#linkMtu !== undefined) this.#search?.follow(peersIn(seen), this.#linkMtu);
  }

  close(): void {
    this.#search?.close();
  }
}

/** The peers whose paths can be measured. Talos knows no echoes, and is not asked. */
const peersIn = ({ specs, polled }: Pick<Decision, "specs" | "polled">): PathPeer[] =>
  specs.peers.flatMap(({ publicKey, address, goesBack }) => {
    const connection = polled.memory.connections.get(publicKey);
    const { phase, path, history } = connection ?? {};
    if (!path || !history || goesBack || phase === "connecting") return [];
    const isUp = phase === "up" || phase === "doubted";
    return [
      { publicKey, address, endpoint: path.endpoint, upSince: history.since, phase: isUp ? phase : "other" },
    ];
  });
