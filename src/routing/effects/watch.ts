import { tableName } from "../../nftables/index.ts";
import { racingTableName } from "../../racing/index.ts";
import type { KubespanError } from "../../system/error.ts";
import { isRelevantEvent, type RoutingScope } from "../index.ts";
import { Monitor } from "./monitor.ts";

interface WatchOptions {
  readonly scope: RoutingScope;
  /** Something of ours may have changed in the kernel. Comes in bursts; the caller waits for their end. */
  readonly onChange: () => void;
  /** A watching process died or cannot be started; it is started again by itself. */
  readonly onError: (error: KubespanError) => void;
}

interface KernelWatch {
  /** Resolves when the watching processes are gone. */
  stop(): Promise<void>;
}

/** Watches links, addresses, routes, rules, their settings and our nft table, in the network namespace of this process. */
export function watchKernel({ scope, onChange, onError }: WatchOptions): KernelWatch {
  const monitors = [
    new Monitor({
      program: "ip",
      args: ["-o", "-N", "monitor", "label", "link", "address", "route", "rule", "netconf"],
      isRelevant: (line) => isRelevantEvent(line, scope),
      onChange,
      onError,
    }),
    new Monitor({
      program: "nft",
      args: ["monitor"],
      // Other tables may change a thousand times a minute. A flushed ruleset names each table that it takes away.
      isRelevant: (line) =>
        line.includes(tableName) || line.includes(racingTableName) || line.startsWith("# ERROR"),
      onChange,
      onError,
    }),
  ];
  return {
    stop: async () => {
      await Promise.all(monitors.map((monitor) => monitor.stop()));
    },
  };
}
