import type { HostPort } from "../../net/index.ts";
import { filesBeside } from "../files.ts";
import { serveArguments } from "../services.ts";
import { hasUnits, startUnits, units } from "./units.ts";

/** Whether the services run, or what the operator has to run. */
export type Start = { readonly started: readonly string[] } | { readonly commands: readonly string[] };

/** The path of the configuration that the units of the packages read. */
const configOfUnits = "/etc/kubespan/config.yaml";

/** Starts what this node runs, by systemd if it is there; otherwise gives the commands to run. */
export async function startNode(
  configFile: string,
  own: HostPort | undefined,
  isWanted: boolean,
): Promise<Start> {
  if (isWanted && configFile === configOfUnits && (await hasUnits())) {
    const names = [...(own ? [units.discovery] : []), units.barrier, units.daemon];
    await startUnits(...names);
    return { started: names };
  }
  const config = configFile === configOfUnits ? "" : ` --config ${configFile}`;
  const serve = own && `kubespan discovery serve ${serveArguments(own, filesBeside(configFile)).join(" ")}`;
  return { commands: [...(serve === undefined ? [] : [serve]), `kubespan run${config}`] };
}
