import { type Command, INPUT, type Stage, type Step } from "../base/index.ts";
import { type Prefix, prefixFamily } from "../net/index.ts";

/** A change of the route to a network, as a line of a batch of `ip`. */
export interface RouteChange {
  readonly network: Prefix;
  readonly line: string;
}

const mostNamed = 5;

/** One process for all routes of a family, as there may be one for each peer. One that fails does not hold up the rest. */
export function routeSteps(stage: Stage, text: string, changes: readonly RouteChange[]): Step[] {
  return ([4, 6] as const).flatMap((family): Step[] => {
    const own = changes.filter(({ network }) => prefixFamily(network) === family);
    if (own.length === 0) return [];
    const networks = [...new Set(own.map(({ network }) => network))];
    const more = networks.length > mostNamed ? ` and ${networks.length - mostNamed} more` : "";
    const input = own.map(({ line }) => `${line}\n`).join("");
    const command: Command = { program: "ip", args: [`-${family}`, "-force", "-batch", INPUT], input };
    return [
      { stage, text: `${text}: ${networks.slice(0, mostNamed).join(", ")}${more}`, commands: [command] },
    ];
  });
}
