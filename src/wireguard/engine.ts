import { isOlderVersion } from "../base/index.ts";

/** The program that carries the packets of a device. */
export interface Engine {
  readonly name: "Linux" | "wireguard-go";
  /** The release, as the program tells it; `undefined` if it tells none. */
  readonly version: string | undefined;
}

/**
 * The first version of wireguard-go that hands the kernel many packets at once. Debian 12's is older: on the same cores it
 * carried 0.13 Gbit/s where a newer one carried 0.83.
 */
const firstInBatches = "0.0.20230223";

/** Whether another version of the engine would be several times as fast. */
export const isSlowEngine = ({ name, version }: Engine): boolean =>
  name === "wireguard-go" && version !== undefined && isOlderVersion(version, firstInBatches);

export const engineText = ({ name, version }: Engine): string =>
  version === undefined ? name : `${name} ${version}`;

/** The words about a slow engine, with the cure, for `status` and `doctor` alike. */
export const slowEngineText = (engine: Engine): string =>
  `${engineText(engine)} carries about a sixth of what ${firstInBatches} and later do`;

export const slowEngineCure =
  "use a kernel with WireGuard, or a newer wireguard-go, as kubespan's own packages bring it";
