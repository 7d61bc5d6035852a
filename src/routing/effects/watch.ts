import type { KubespanError } from "../../base/index.ts";
import { tableNameOf } from "../../nftables/index.ts";
import { racingTableNameOf } from "../../port/index.ts";
import { relayTablesOf } from "../../relay/index.ts";
import { isLossEvent, isPodEvent, isRelevantEvent, type RoutingScope } from "../index.ts";
import { Monitor } from "./monitor.ts";

interface WatchOptions {
  readonly scope: RoutingScope;
  /** Whether a line of `nft monitor` is the last one of a transaction of this program. */
  readonly isSignature: (line: string) => boolean;
  /**
   * Called when something of ours may have changed in the kernel. Calls come in bursts. The caller waits for their end,
   * unless a call is urgent: then something that steers was taken away, and traffic may leave in clear.
   */
  readonly onChange: (isUrgent: boolean) => void;
  /** Called when a rule of somebody else's that has to do with marks came, changed or went. Calls come in bursts, too. */
  readonly onOthers: () => void;
  /** Called when a link, or a route by a gateway, came, changed or went: a CNI plug-in may be at work. */
  readonly onPods: () => void;
  /** Called when a watching process died or cannot be started. It is started again by itself. */
  readonly onError: (error: KubespanError) => void;
}

interface KernelWatch {
  /** Ends the watching processes; resolves when they are gone. */
  stop(): Promise<void>;
}

/** Watches links, addresses, routes, rules, their settings and our nft table, in the network namespace of this process. */
export function watchKernel({
  scope,
  isSignature,
  onChange,
  onOthers,
  onPods,
  onError,
}: WatchOptions): KernelWatch {
  const table = tableNameOf(scope.interfaceName);
  const racingTable = racingTableNameOf(scope.interfaceName);
  const relayTables = Object.values(relayTablesOf(scope.interfaceName));
  const monitors = [
    new Monitor({
      program: "ip",
      args: ["-o", "-N", "monitor", "label", "link", "address", "route", "rule", "netconf"],
      concerns: (line) => [
        ...(isLossEvent(line, scope) ? (["us, urgently"] as const) : []),
        ...(isRelevantEvent(line, scope) ? (["us"] as const) : []),
        ...(line.startsWith("[RULE]") ? (["others"] as const) : []),
        ...(isPodEvent(line) ? (["pods"] as const) : []),
      ],
      onChange,
      onOthers,
      onPods,
      onError,
    }),
    new Monitor({
      program: "nft",
      args: ["monitor"],
      // Other tables may change a thousand times a minute. A flushed ruleset names each table that it takes away.
      concerns: (line) => {
        if (names(line, table)) return [line.startsWith("delete ") ? "us, urgently" : "us"];
        if (isLoss(line)) return ["us, urgently"]; // the lost events may be those of the table
        if ([racingTable, ...relayTables].some((each) => names(line, each))) return ["us"];
        return / (?:mark\b|type filter hook (?:input|forward) )/.test(line) ? ["others"] : [];
      },
      // A change of ours is known already, and looking for its traces would cost more than the change.
      endOf: transactionEnds(isSignature),
      onChange,
      onOthers,
      onError,
    }),
  ];
  return {
    stop: async () => {
      await Promise.all(monitors.map((monitor) => monitor.stop()));
    },
  };
}

/** Tells whose transaction a line ends. It is told all lines in their order, since a signature stands right before the end. */
function transactionEnds(
  isSignature: (line: string) => boolean,
): (line: string) => "ours" | "theirs" | undefined {
  let isSigned = false;
  return (line) => {
    const author = isSigned ? "ours" : "theirs";
    isSigned = isSignature(line);
    if (isLoss(line)) return "theirs"; // among the lost events may be the end of somebody's transaction
    return line.startsWith("# new generation ") ? author : undefined;
  };
}

/** Whether a line names a table, and not one whose longer name begins like that: the table of another mesh. */
const names = (line: string, table: string): boolean => `${line} `.includes(`${table} `);

/** nft monitor reports that the kernel sent more events than it could read. */
const isLoss = (line: string): boolean => line.startsWith("# ERROR");
