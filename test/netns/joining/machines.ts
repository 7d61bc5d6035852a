import { execa } from "execa";
import { expect } from "vitest";
import { makeNode, type Node } from "../readme/node.ts";

/** Whole machines at one switch. What this gives for one of them runs shell scripts there. */
export interface Machines {
  /** Runs a script that has to succeed, and gives what it printed. */
  done(name: string, script: string): Promise<string>;
  /** Runs a script, whatever its end. */
  shell(name: string, script: string): Promise<{ readonly exitCode?: number; readonly all: string }>;
  /** Ends everything that a machine runs, as if its power had failed. */
  kill(name: string): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Stands for systemd: it notes what it is told, and starts what the units of the packages start, which goes on by itself.
 * A discovery service does not start as long as there is a file /run/held.
 */
const systemctl = `#!/bin/sh
echo "$@" >>/run/systemctl.log
case $1 in
cat) exit 0 ;;
is-active) exit 0 ;;
restart) shift 2 ;;
*) exit 0 ;;
esac
for unit; do
  case $unit in
  kubespan.service) setsid ${process.cwd()}/bin/kubespan run >>/run/daemon.log 2>&1 </dev/null & ;;
  kubespan-discovery.service)
    . /etc/kubespan/discovery.env
    mkdir -p /var/lib/kubespan-discovery
    set -f
    {
      while [ -e /run/held ]; do sleep 0.1; done
      exec setsid ${process.cwd()}/bin/kubespan discovery serve $KUBESPAN_DISCOVERY_OPTIONS
    } >>/run/discovery.log 2>&1 </dev/null & ;;
  esac
done
`;

/** What a machine has before the test: an address, and a systemd unless it is to do without. */
const setUp = (address: string, hasSystemd: boolean): string =>
  [
    `ip address add ${address}/24 dev eth0`,
    "ip link set eth0 up",
    "ip route add default via 192.0.2.1",
    "mkdir -p /run/programs",
    `ln -s ${process.cwd()}/bin/kubespan /run/programs/kubespan`,
    ...(hasSystemd
      ? [
          "mkdir -p /run/systemd/system",
          `cat >/run/programs/systemctl <<'END'\n${systemctl}END`,
          "chmod +x /run/programs/systemctl",
        ]
      : []),
  ].join("\n");

const inside = (node: Node, script: string) => node.shell(`PATH=/run/programs:$PATH\n${script}`);

async function done(node: Node, script: string): Promise<string> {
  const { exitCode, all } = await inside(node, script);
  expect(exitCode, `${script}\n${all}`).toBe(0);
  return all;
}

/** Makes machines with these addresses in 192.0.2.0/24, of which none can be reached from elsewhere. */
export async function machinesAt(
  addresses: Readonly<Record<string, string>>,
  { hasSystemd = true }: { readonly hasSystemd?: boolean } = {},
): Promise<Machines> {
  const middle = await makeNode("switch");
  const nodes = new Map<string, Node>();
  const nodeOf = (name: string): Node => {
    const node = nodes.get(name);
    if (!node) throw new Error(`there is no machine ${name}`);
    return node;
  };
  await done(middle, "ip link add br0 type bridge; ip link set br0 up");
  for (const [name, address] of Object.entries(addresses)) {
    const node = await makeNode(name);
    nodes.set(name, node);
    const cable = ["ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", `${node.pid}`];
    await execa("nsenter", ["-t", `${middle.pid}`, "--net", "--", ...cable]);
    await done(middle, `ip link set ${name} master br0; ip link set ${name} up`);
    await done(node, setUp(address, hasSystemd));
  }
  return {
    done: (name, script) => done(nodeOf(name), script),
    shell: (name, script) => inside(nodeOf(name), script),
    kill: async (name) => {
      await nodeOf(name).remove();
      nodes.delete(name);
    },
    remove: async () => {
      for (const node of [...nodes.values(), middle]) await node.remove();
    },
  };
}

/** The token in what a command printed. */
export function tokenIn(text: string): string {
  const [token] = /^kubespan1\.\S+$/m.exec(text) ?? [];
  if (token === undefined) throw new Error(`no token in:\n${text}`);
  return token;
}
