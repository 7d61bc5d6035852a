import type { Step } from "../base/index.ts";
import { hexText, INPUT, KubespanError } from "../base/index.ts";
import type { DesiredDevice, Implementation } from "./device.ts";
import type { ObservedDevice } from "./dump.ts";

/** The link that carries the device's name, of whatever kind. */
export interface ObservedLink {
  /** The kind as `ip -d link` names it: `wireguard`, `tun`, ...; absent for hardware. */
  readonly kind?: string;
  readonly mtu: number;
  readonly isUp: boolean;
}

/**
 * The link, and the device behind it if it is a WireGuard link. Where there is no link, `kernelSupport` tells whether
 * the kernel has a WireGuard of its own, or can load it.
 */
export type ObservedWireGuard =
  | { readonly link: ObservedLink; readonly device: ObservedDevice | undefined }
  | { readonly link: undefined; readonly device: undefined; readonly kernelSupport: boolean };

/** The observation with the device as it was read since. */
export const withDevice = (
  observed: ObservedWireGuard,
  device: ObservedDevice,
): ObservedWireGuard | undefined => observed.link && { link: observed.link, device };

/** The socket at which wireguard-go listens for `wg`. */
export const controlSocket = (interfaceName: string): string => `/var/run/wireguard/${interfaceName}.sock`;

/**
 * Chooses the implementation to use. With `auto` an existing device is kept, because replacing it would cut every
 * tunnel.
 * Throws `KubespanError("conflict")` when the link belongs to something else or cannot be had.
 */
export function chooseImplementation(
  wish: "auto" | Implementation,
  name: string,
  observed: ObservedWireGuard,
): Implementation {
  if (observed.link) {
    const present = implementationOf(name, observed);
    if (wish === "auto" || wish === present) return present;
    throw new KubespanError("conflict", `the link ${name} uses the ${present} implementation, not ${wish}`, {
      hint: `run 'kubespan down' first to change the implementation`,
    });
  }
  if (wish === "kernel" && !observed.kernelSupport)
    throw new KubespanError("conflict", "this kernel has no WireGuard", {
      hint: `load the module "wireguard", or set "wireguard: auto" to use wireguard-go`,
    });
  if (wish !== "auto") return wish;
  return observed.kernelSupport ? "kernel" : "userspace";
}

function implementationOf(name: string, observed: ObservedWireGuard): Implementation {
  const kind = observed.link?.kind;
  if (kind === "wireguard") return "kernel";
  if (kind === "tun" && observed.device) return "userspace";
  throw new KubespanError(
    "conflict",
    `there is a link ${name} that is no WireGuard link (${kind ?? "no kind"})`,
    {
      hint: `remove it, or set another "interfaceName"`,
    },
  );
}

/** Plans the way from the observed to the desired link and device, without its peers. The plan is empty if nothing differs. */
export const planTunnels = (desired: DesiredDevice, observed: ObservedWireGuard): Step[] => [
  ...planLink(desired, observed.link),
  ...planDevice(desired, observed),
];

/** Plans to end the device. A wireguard-go process ends with its link. */
export function planNoWireGuard(name: string, observed: ObservedWireGuard): Step[] {
  if (!observed.link) return [];
  implementationOf(name, observed);
  return [
    {
      stage: "shrink",
      text: `remove the link ${name}`,
      commands: [{ program: "ip", args: ["link", "del", name] }],
    },
  ];
}

function planLink(desired: DesiredDevice, link: ObservedLink | undefined): Step[] {
  const { interfaceName: name, mtu } = desired;
  const mtuStep: Step = {
    stage: "grow",
    text: `set the MTU of ${name} to ${mtu}`,
    commands: [{ program: "ip", args: ["link", "set", name, "mtu", String(mtu)] }],
  };
  if (!link) return [creationOf(desired), mtuStep];
  return link.mtu === mtu ? [] : [mtuStep];
}

function creationOf({ interfaceName: name, implementation }: DesiredDevice): Step {
  return implementation === "kernel"
    ? {
        stage: "grow",
        text: `create the link ${name} with the kernel's WireGuard`,
        commands: [{ program: "ip", args: ["link", "add", name, "type", "wireguard"] }],
      }
    : {
        stage: "grow",
        text: `create the link ${name} with wireguard-go`,
        commands: [
          {
            program: "wireguard-go",
            args: ["-f", name],
            detached: { readyFile: controlSocket(name), device: "/dev/net/tun" },
          },
        ],
      };
}

/**
 * Plans key, port and mark first, and then to bring the link up: a port that is taken is refused before anything
 * depends on it.
 */
function planDevice(desired: DesiredDevice, { device, link }: ObservedWireGuard): Step[] {
  const { interfaceName: name, privateKey, listenPort, firewallMark } = desired;
  const hasKey = device?.privateKey?.equals(privateKey) === true;
  const settings: (readonly [name: string, value: string])[] = [
    ...(hasKey ? [] : [["private-key", INPUT] as const]),
    ...(device?.listenPort === listenPort ? [] : [["listen-port", String(listenPort)] as const]),
    ...(device?.firewallMark === firewallMark ? [] : [["fwmark", hexText(firewallMark)] as const]),
  ];
  const steps: Step[] = [];
  if (settings.length > 0)
    steps.push({
      stage: "grow",
      text: `WireGuard: set ${settings.map(([setting]) => setting).join(", ")} of ${name}`,
      commands: [
        {
          program: "wg",
          args: ["set", name, ...settings.flat()],
          ...(!hasKey && { input: privateKey }),
        },
      ],
    });
  if (!link?.isUp)
    steps.push({
      stage: "grow",
      text: `bring ${name} up`,
      commands: [{ program: "ip", args: ["link", "set", name, "up"] }],
    });
  return steps;
}
