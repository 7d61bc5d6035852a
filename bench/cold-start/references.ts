import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Lab, type LabNode } from "../../lab/index.ts";
import { publicOf } from "../../src/handshake/index.ts";
import { askedIn } from "./first-answer.ts";

/** What a start costs: the wall-clock seconds until it is done, and the processor seconds of one node. */
export interface Cost {
  readonly wall: number;
  readonly processor: number;
}

const starts = 10;

/** The start of Node without any program. */
export function bareNode(): Cost {
  const [startedAt, before] = [performance.now(), usedByChildren()];
  for (let count = 0; count < starts; count++) spawnSync(process.execPath, ["-e", "0"]);
  return {
    wall: (performance.now() - startedAt) / 1000 / starts,
    processor: (usedByChildren() - before) / starts,
  };
}

/** The processor seconds of all children of this process that have ended, which the kernel counts in hundredths. */
function usedByChildren(): number {
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

const script = `
set -e
LOG_LEVEL=error wireguard-go wg0 >/dev/null 2>&1
printf %s "$1" | wg set wg0 private-key /dev/stdin listen-port 51820 peer "$2" endpoint "$3" allowed-ips "$4/128"
ip address add "$5/64" dev wg0 nodad
ip link set wg0 up
`;

/** Two nodes that were told of each other's keys and addresses, set up by `wg` and `ip` alone. */
export async function plainWireGuard(): Promise<Cost> {
  const lab = await Lab.open();
  try {
    const network = await lab.network("lan");
    const [a, b] = [await lab.node("a"), await lab.node("b")];
    await a.attach(network, "10.0.0.1/24");
    await b.attach(network, "10.0.0.2/24");
    const [own, far] = [newKeys(), newKeys()];
    const answered = askedIn(a, "fd00::2");
    const [startedAt, before] = [process.hrtime.bigint(), usedByChildren()];
    await Promise.all([
      plain(a, own.secret, far.public, "10.0.0.2:51820", "fd00::2", "fd00::1"),
      plain(b, far.secret, own.public, "10.0.0.1:51820", "fd00::1", "fd00::2"),
    ]);
    const processor = (usedByChildren() - before) / 2;
    return { wall: Number((await answered) - startedAt) / 1e9, processor };
  } finally {
    await lab.close();
  }
}

function newKeys(): { readonly secret: string; readonly public: string } {
  const key = randomBytes(32);
  return { secret: key.toString("base64"), public: Buffer.from(publicOf(key)).toString("base64") };
}

const plain = (node: LabNode, ...args: readonly string[]): Promise<string> =>
  node.run("sh", "-c", script, "sh", ...args);
