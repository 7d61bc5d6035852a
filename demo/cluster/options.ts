import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { formats, type Variant } from "../../lab/cluster/index.ts";

export const usage = `Usage: node demo/cluster/main.ts up|ways [options]

up    builds a Kubernetes cluster on three nodes in network namespaces of this
      machine, with a mesh under it, and leaves it up until Ctrl-C
ways  asks 45 ways between its pods, nodes and Services, and prints which way
      the packets took: in the cluster that is up, or else in one of its own

It needs root. With make: make cluster ARGS="--backend host-gw"; make ways.

Options:
  --backend vxlan|host-gw    how Flannel sends (vxlan)
  --proxy nftables|iptables  the mode of kube-proxy (nftables)
  --advertise                nodes tell each other their pod networks
  --dual-stack               nodes, pods and Services have IPv6, too
  --policies                 kube-router enforces NetworkPolicies
  --cni FOLDER               a CNI of your own instead of Flannel: see
                             docs/cni-testing.md
  --all                      ways: every combination with Flannel, one by one
  -o, --output FORMAT        ways: ${formats.join(", ")} (text)
  -h, --help                 print this help

Exit codes: 0 all ways are as expected, 1 some are not, 2 wrong usage.
`;

export interface Order {
  readonly command: "up" | "ways";
  readonly variant: Variant;
  /** Whether the variant was chosen, so that a cluster that is up may be another one. */
  readonly isChosen: boolean;
  readonly isAll: boolean;
  readonly format: (typeof formats)[number];
}

/** Reads the command line. Gives what is wrong with it, or what is to be printed instead. */
export function readOrder(argv: readonly string[]): Order | { readonly problem: string } | "help" {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        backend: text,
        proxy: text,
        cni: text,
        advertise: flag,
        "dual-stack": flag,
        policies: flag,
        all: flag,
        output: { ...text, short: "o", default: "text" },
        help: { ...flag, short: "h" },
      },
    });
    if (values.help) return "help";
    const { backend, proxy, cni, advertise } = values;
    const command = oneOf("command", ["up", "ways"], positionals[0]);
    if (positionals.length > 1) throw new Error("there is one command");
    return {
      command,
      variant: {
        cni: cni === undefined ? "flannel" : { folder: resolve(process.env["INIT_CWD"] ?? ".", cni) },
        backend: oneOf("--backend", ["vxlan", "host-gw"], backend ?? "vxlan"),
        proxy: oneOf("--proxy", ["iptables", "nftables"], proxy ?? "nftables"),
        advertised: advertise,
        isDual: values["dual-stack"],
        hasPolicies: values.policies,
      },
      isChosen:
        advertise ||
        values["dual-stack"] ||
        values.policies ||
        [backend, proxy, cni].some((value) => value !== undefined),
      isAll: values.all,
      format: oneOf("--output", formats, values.output),
    };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function oneOf<Value extends string>(
  name: string,
  values: readonly Value[],
  value: string | undefined,
): Value {
  const found = values.find((each) => each === value);
  if (found === undefined) throw new Error(`${name} is one of ${values.join(", ")}`);
  return found;
}
