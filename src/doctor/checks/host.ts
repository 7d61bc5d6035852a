import { hasCapability, hexText, isOlderVersion } from "../../base/index.ts";
import { type Engine, isSlowEngine, slowEngineCure, slowEngineText } from "../../wireguard/index.ts";
import { installCommand } from "../distribution.ts";
import type { Facts, ToolFact } from "../facts.ts";
import { type Finding, type Fix, loadModule, modulesFile, rootId, unknownFinding } from "../finding.ts";

export function checkPrivileges({ userId, capabilities }: Facts): Finding[] {
  const evidence = `user id ${userId}`;
  const root: Finding =
    userId === 0
      ? { id: rootId, severity: "ok", text: "this is root", evidence }
      : {
          id: rootId,
          severity: "error",
          text: "the daemon needs root, and without it much of what follows is not visible",
          evidence,
          fix: { commands: ["sudo kubespan doctor"] },
        };
  return [root, netAdminFinding(capabilities)];
}

function netAdminFinding(capabilities: Facts["capabilities"]): Finding {
  const id = "privilege.net_admin";
  if ("unknown" in capabilities) return unknownFinding(id, "the capabilities", capabilities.unknown);
  const evidence = `effective capabilities ${hexText(capabilities.value)}`;
  if (hasCapability(capabilities.value, "net_admin"))
    return { id, severity: "ok", text: "networks may be changed (CAP_NET_ADMIN)", evidence };
  const advice = "run it outside a container, or in one with CAP_NET_ADMIN and the host's network";
  return { id, severity: "error", text: "networks may not be changed", evidence, fix: { advice } };
}

/** The versions that the tests use. Older versions may work. */
const tested: Readonly<Record<string, string>> = {
  ip: "6.1",
  nft: "1.0.6",
  setpriv: "2.38",
  sysctl: "4.0",
  wg: "1.0.20210914",
};

export const checkTools = (facts: Facts): Finding[] =>
  facts.tools.filter(({ name }) => name !== "wireguard-go").map((tool) => toolFinding(facts, tool));

function toolFinding({ distribution }: Facts, { name, isInstalled, version }: ToolFact): Finding {
  const id = `tool.${name}`;
  if (!isInstalled)
    return {
      id,
      severity: "error",
      text: `${name} is missing`,
      evidence: `no ${name} in PATH`,
      fix: installFix(distribution, name),
    };
  const evidence = version === undefined ? "it does not tell its version" : `version ${version}`;
  const wanted = tested[name];
  if (version !== undefined && wanted !== undefined && isOlderVersion(version, wanted))
    return { id, severity: "note", text: `${name} is older than what is tested (${wanted})`, evidence };
  return { id, severity: "ok", text: `${name} is installed`, evidence };
}

function installFix(distribution: Facts["distribution"], tool: string): Fix {
  const command = installCommand(distribution, tool);
  return command === undefined ? { advice: `install ${tool}` } : { commands: [command] };
}

export function checkWireGuard({ kernel, settings, tools, distribution }: Facts): Finding[] {
  const id = "wireguard";
  const evidence = `Linux ${kernel.release}, wireguard: ${settings.wireguard}`;
  const wantsKernel = settings.wireguard !== "userspace";
  if (wantsKernel && kernel.wireguard === "present")
    return [{ id, severity: "ok", text: "the kernel has WireGuard", evidence }];
  if (wantsKernel && kernel.wireguard === "loadable")
    return [
      { id, severity: "ok", text: "the kernel can load WireGuard", evidence, fix: loadModule("wireguard") },
    ];
  if (wantsKernel && kernel.wireguard === "unknown")
    return [unknownFinding(id, "WireGuard in the kernel", "modprobe did not tell")];
  if (settings.wireguard === "kernel") {
    const advice = "use a kernel with WireGuard (5.6 or later has it), or wireguard: auto";
    return [{ id, severity: "error", text: "the kernel has no WireGuard", evidence, fix: { advice } }];
  }
  const text = `${wantsKernel ? "the kernel has no WireGuard; " : ""}the slower wireguard-go is used`;
  if (!tools.some(({ name, isInstalled }) => name === "wireguard-go" && isInstalled))
    return [
      {
        id,
        severity: "error",
        text: wantsKernel
          ? "neither the kernel nor wireguard-go offers WireGuard"
          : "wireguard-go is not installed",
        evidence,
        fix: installFix(distribution, "wireguard-go"),
      },
    ];
  if (kernel.tunProblem !== undefined)
    return [
      {
        id,
        severity: "error",
        text: `wireguard-go cannot run: ${kernel.tunProblem.text}`,
        evidence,
        fix: kernel.tunProblem.isMissing ? loadModule("tun") : { advice: mayOpenTun },
      },
    ];
  const version = tools.find(({ name }) => name === "wireguard-go")?.version;
  const engine: Engine = { name: "wireguard-go", version };
  if (isSlowEngine(engine))
    return [
      { id, severity: "note", text: slowEngineText(engine), evidence, fix: { advice: slowEngineCure } },
    ];
  return [{ id, severity: wantsKernel ? "note" : "ok", text, evidence }];
}

const mayOpenTun =
  "give whoever runs the daemon the right to open /dev/net/tun (mode 0666; DeviceAllow=/dev/net/tun rw in a unit; the device in a container)";

export function checkNftables({ nftTables, natProblem, userId }: Facts): Finding[] {
  const id = "nftables";
  if ("value" in nftTables)
    return [
      { id, severity: "ok", text: "nf_tables works", evidence: `${nftTables.value} tables listed` },
      translationFinding(natProblem),
    ];
  if (userId !== 0 || nftTables.isLate) return [unknownFinding(id, "nf_tables", nftTables.unknown)];
  return [
    {
      id,
      severity: "error",
      text: "nf_tables does not work",
      evidence: nftTables.unknown,
      fix: loadModule("nf_tables"),
    },
  ];
}

/** Our table has a chain that translates sources; the kernel needs two more modules for it, and takes nothing of the table without. */
function translationFinding(problem: Facts["natProblem"]): Finding {
  const id = "nftables.nat";
  if (problem === undefined)
    return {
      id,
      severity: "ok",
      text: "nf_tables translates addresses",
      evidence: "checked, without loading",
    };
  if (problem.isLate) return unknownFinding(id, "nf_tables' translation of addresses", problem.unknown);
  const modules = ["nft_chain_nat", "nft_masq"];
  return {
    id,
    severity: "error",
    text: "nf_tables does not translate addresses, which the mesh's table needs",
    evidence: problem.unknown,
    fix: {
      commands: modules.map((name) => `modprobe ${name}`),
      file: { path: modulesFile, lines: modules },
    },
  };
}

/**
 * Checks the clock. With a clock that is behind, certificates seem not to be valid yet, and the node is cut off from
 * its discovery service.
 */
export function checkClock({ clock }: Facts): Finding[] {
  const id = "clock";
  const evidence = `${new Date(clock.now).toISOString()}, ${synchronisation(clock.synchronised)}`;
  const fix = { commands: ["timedatectl set-ntp true"] };
  if (clock.now < clock.installedAt)
    return [
      {
        id,
        severity: "error",
        text: `the clock is behind: this program was installed at ${new Date(clock.installedAt).toISOString()}`,
        evidence,
        fix,
      },
    ];
  if (clock.synchronised === false)
    return [{ id, severity: "warning", text: "the clock is not synchronised", evidence, fix }];
  return [{ id, severity: "ok", text: "the clock is plausible", evidence }];
}

const synchronisation = (state: boolean | undefined): string =>
  state === undefined
    ? "whether it is synchronised is not known"
    : state
      ? "synchronised"
      : "not synchronised";
