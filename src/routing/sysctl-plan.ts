import { isDeepStrictEqual } from "node:util";
import type { Stage, Step } from "../base/index.ts";
import type { Family } from "../net/index.ts";
import type { SavedSysctl, SavedSysctls } from "./saved-sysctls.ts";
import { type DesiredSysctls, hasIPv6, type ObservedSysctls, switchOf } from "./sysctls.ts";

/** The steps, and the contents that `sysctls.json` must have before the first and after the last of them. */
export interface SysctlPlan {
  readonly steps: Step[];
  /** The settings that stay as the mesh has set them, with the reasons, for people. */
  readonly left: readonly string[];
  /** The contents before the first step; `undefined` leaves the file as it is. */
  readonly saveBefore: SavedSysctls | undefined;
  /** The contents after the last step; `undefined` leaves the file as it is. */
  readonly saveAfter: SavedSysctls | undefined;
}

/**
 * Plans a loose reverse-path filter and IPv6 on the mesh's link, and forwarding where it is wanted; `undefined` wants
 * nothing. A setting that is no longer wanted gets back the value that it had, unless somebody else has changed it
 * since, or forwards by now and needs it. The link's own settings need no restoring, because they vanish with it. The link must be there when the steps
 * run.
 */
export function planSysctls(
  desired: DesiredSysctls | undefined,
  observed: ObservedSysctls,
  saved: SavedSysctls | undefined,
): SysctlPlan {
  const { bootID } = observed;
  const known = saved?.bootID === bootID ? saved.sysctls : [];
  const families: readonly Family[] = [4, 6];
  const isWanted = (family: Family): boolean => desired?.forwarding[`ipv${family}`] ?? false;

  const onHost = desired ? withoutLink(observed, desired.interfaceName) : observed;
  const changes = families.filter(isWanted).flatMap((family) => forwardingChanges(family, onHost, known));
  const writes = changes.filter(({ key, set }) => observed.values.get(key) !== set);
  const unwanted = families.filter((family) => !isWanted(family));
  const restorable = unwanted.map((family) => restorations(family, observed, known));
  const restored = observed.forwarder === undefined ? restorable.flat() : [];
  const left =
    observed.forwarder === undefined ? [] : restorable.flatMap((all) => leftText(all, observed.forwarder));

  const remembered = [...known, ...changes.filter(({ key }) => !known.some((entry) => entry.key === key))];
  const before = { bootID, sysctls: remembered };
  const after = { bootID, sysctls: remembered.filter(({ key }) => !unwanted.includes(familyOf(key))) };
  const saveBefore = writes.length > 0 && !isSame(saved, before) ? before : undefined;
  return {
    steps: [
      ...(desired ? linkSteps(desired, observed) : []),
      ...settingSteps(
        "grow",
        "switch forwarding on",
        writes.map(({ key, set }) => [key, set]),
      ),
      ...settingSteps(
        "shrink",
        "restore what the mesh changed",
        restored.map((entry) => [entry.key, entry.original]),
      ),
    ],
    left,
    saveBefore,
    saveAfter: isSame(saveBefore ?? saved, after) ? undefined : after,
  };
}

/** The settings of the host without those of the mesh's own link, which vanish with it. */
const withoutLink = (observed: ObservedSysctls, interfaceName: string): ObservedSysctls => ({
  ...observed,
  values: new Map([...observed.values].filter(([key]) => !key.includes(`/conf/${interfaceName}/`))),
});

/** The text about a switch that stays on, because this node forwards for somebody else by now. */
const leftText = (restorable: readonly SavedSysctl[], forwarder: string | undefined): string[] =>
  restorable
    .filter(({ key }) => key === switchOf[familyOf(key)])
    .map(({ key, original, set }) => {
      const name = key.replaceAll("/", ".");
      return (
        `${name} stays ${set}, though it was ${original} before the mesh: ${forwarder} may need it by now. ` +
        `If nobody does: sysctl -w ${name}=${original}`
      );
    });

/** The settings that change when a family's forwarding is switched on, in the order of the changes; none if it was on. */
function forwardingChanges(
  family: Family,
  observed: ObservedSysctls,
  known: readonly SavedSysctl[],
): SavedSysctl[] {
  const key = switchOf[family];
  const original = observed.values.get(key);
  const ours = known.some((entry) => entry.key === key);
  if (original === undefined || (original === "1" && !ours)) return [];
  // A host that forwards ignores router advertisements on links with accept_ra=1, and would lose its routes.
  const advertisements = family === 6 ? linkSettings(observed, 6, "accept_ra", "2") : [];
  // The switch resets every link's own value in both directions, so those that were on must be known afterwards.
  const links = original === "1" ? [] : linkSettings(observed, family, "forwarding", "1");
  return [...advertisements, { key, original, set: "1" }, ...links];
}

/** The settings of links that are 1 now. */
const linkSettings = (observed: ObservedSysctls, family: Family, name: string, set: string): SavedSysctl[] =>
  [...observed.values]
    .filter(([key, value]) => value === "1" && isLinkSetting(key, family, name))
    .map(([key]) => ({ key, original: "1", set }));

const isLinkSetting = (key: string, family: Family, name: string): boolean =>
  key.startsWith(`net/ipv${family}/conf/`) && key.endsWith(`/${name}`) && key !== switchOf[family];

/**
 * The settings in the order in which they are written back. The switch comes first, because it resets the settings of
 * the links.
 */
function restorations(
  family: Family,
  observed: ObservedSysctls,
  known: readonly SavedSysctl[],
): SavedSysctl[] {
  const own = known.filter(({ key, set }) => familyOf(key) === family && observed.values.get(key) === set);
  const main = own.filter(({ key }) => key === switchOf[family]);
  const others = own.filter(
    ({ key, original, set }) => key !== switchOf[family] && (original !== set || main.length > 0),
  );
  return [...main, ...others];
}

const familyOf = (key: string): Family => (key.startsWith("net/ipv6/") ? 6 : 4);

function linkSteps({ interfaceName, forwarding }: DesiredSysctls, observed: ObservedSysctls): Step[] {
  const filter = `net/ipv4/conf/${interfaceName}/rp_filter`;
  const disabled = `net/ipv6/conf/${interfaceName}/disable_ipv6`;
  // The kernel takes the greater of both values. Off is right where the host allows it: WireGuard has checked the
  // source of packets that come out of the tunnel, and even the loose filter drops sources to which no route leads, as
  // on a node without a default route. Under a strict filter for all links, loose is the mildest there is.
  const wanted = (observed.values.get("net/ipv4/conf/all/rp_filter") ?? "0") === "0" ? "0" : "2";
  // A link that is not there yet will get the default.
  const isDisabled =
    observed.values.get(disabled) ?? observed.values.get("net/ipv6/conf/default/disable_ipv6");
  return [
    ...(observed.values.get(filter) === wanted
      ? []
      : settingSteps(
          "grow",
          `let ${interfaceName} take packets that a strict reverse-path filter would drop`,
          [[filter, wanted]],
        )),
    ...(hasIPv6(observed, interfaceName) && isDisabled === "1"
      ? settingSteps("grow", `let ${interfaceName} carry IPv6`, [[disabled, "0"]])
      : []),
    ...settingSteps(
      "grow",
      `let ${interfaceName} take packets for the networks behind this node`,
      ([4, 6] as const)
        .filter((family) => forwarding[`ipv${family}`] && isHeldBack(family, interfaceName, observed))
        .map((family) => [`net/ipv${family}/conf/${interfaceName}/forwarding`, "1"]),
    ),
  ];
}

/**
 * Whether the link itself does not forward although the host does. Where the host does not yet, its switch will reset
 * the value of each link.
 */
function isHeldBack(family: Family, interfaceName: string, { values }: ObservedSysctls): boolean {
  const own = (name: string): string | undefined => values.get(`net/ipv${family}/conf/${name}/forwarding`);
  return values.get(switchOf[family]) === "1" && (own(interfaceName) ?? own("default")) === "0";
}

/**
 * Plans one command for all values, so that nothing can come between a switch and the links whose values it resets. If
 * only half of that were done, nobody could tell which values are whose.
 */
function settingSteps(stage: Stage, text: string, values: readonly (readonly [string, string])[]): Step[] {
  if (values.length === 0) return [];
  const assignments = values.map(([key, value]) => `${key}=${value}`);
  const shown = assignments.slice(0, 3).join(", ") + (assignments.length > 3 ? ", ..." : "");
  return [
    {
      stage,
      text: `${text}: ${shown}`,
      commands: [{ program: "sysctl", args: ["-q", "-w", ...assignments] }],
      apart: "a setting",
    },
  ];
}

/** Whether both say the same. A missing file and a file without entries do. */
const isSame = (left: SavedSysctls | undefined, right: SavedSysctls): boolean =>
  left === undefined || left.sysctls.length === 0
    ? right.sysctls.length === 0
    : isDeepStrictEqual(left, right);
