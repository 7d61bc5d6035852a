import { KubespanError, parseNumber, wordOf } from "../../base/index.ts";
import type { Runner } from "../../system/index.ts";
import { exists, readTextFile, runProcess } from "../../system/index.ts";
import {
  controlSocket,
  type ObservedDevice,
  type ObservedLink,
  type ObservedWireGuard,
  parseDump,
} from "../index.ts";

/**
 * Observes the device of that name. `link` is what was seen of it among the links, and `before` is the device at an
 * earlier look.
 */
export async function observeWireGuard(
  run: Runner,
  name: string,
  link: ObservedLink | undefined,
  before?: ObservedDevice,
): Promise<ObservedWireGuard> {
  if (!link) return { link, device: undefined, kernelSupport: await kernelHasWireGuard() };
  return {
    link,
    device: (await canBeAsked(name, link)) ? await observeDevice(run, name, before) : undefined,
  };
}

/**
 * Reads the keys, peers, handshakes and counters of an existing device. Values that have not changed since `before` are
 * taken from there.
 */
export async function observeDevice(
  run: Runner,
  name: string,
  before?: ObservedDevice,
): Promise<ObservedDevice> {
  const [dump, givenBytes] = await Promise.all([
    run({ program: "wg", args: ["show", name, "dump"] }),
    readGivenBytes(name),
  ]);
  return { ...parseDump(dump, before), ...(givenBytes !== undefined && { givenBytes }) };
}

/** Reads what the host gave to the link. Where /sys is another namespace's, as in some containers, nobody tells. */
async function readGivenBytes(name: string): Promise<number | undefined> {
  const path = `/sys/class/net/${name}/statistics/tx_bytes`;
  const options = { largest: 32, code: "command", hint: "is /sys mounted?" } as const;
  const found = await readTextFile(path, options).catch(() => undefined);
  const bytes = found && parseNumber(found.text.trim());
  return bytes === undefined ? undefined : Number(bytes);
}

/** Reads the port and the mark of a device without its peers; `undefined` if it cannot be asked. */
export async function observePort(
  run: Runner,
  name: string,
): Promise<{ readonly listenPort: number; readonly mark: number } | undefined> {
  const ask = (what: string): Promise<string> => run({ program: "wg", args: ["show", name, what] });
  try {
    const [listenPort, mark] = [
      wordOf((await ask("listen-port")).trim()),
      wordOf((await ask("fwmark")).trim()),
    ];
    return listenPort && mark ? { listenPort, mark } : undefined;
  } catch {
    return undefined; // the link of another daemon may go away at any moment
  }
}

async function canBeAsked(name: string, { kind }: ObservedLink): Promise<boolean> {
  return kind === "wireguard" || (kind === "tun" && (await exists(controlSocket(name))));
}

/** Whether the kernel's WireGuard is loaded, built in, or a module that can be loaded. */
export const kernelHasWireGuard = async (): Promise<boolean> =>
  (await exists("/sys/module/wireguard")) || isLoadable();

const modprobeTimeoutMs = 20_000;

/** Throws `KubespanError("command")` if modprobe takes too long, which says nothing about the kernel. */
async function isLoadable(): Promise<boolean> {
  const args = ["--dry-run", "--quiet", "wireguard"];
  const { exitCode, stopped } = await runProcess("modprobe", args, modprobeTimeoutMs);
  if (exitCode !== 0 && stopped === "too late")
    throw new KubespanError("command", `modprobe did not finish within ${modprobeTimeoutMs / 1000} s`);
  return exitCode === 0;
}
