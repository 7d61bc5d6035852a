import { Option } from "commander";
import { requestNextSecret, requestRotateSecret } from "../api/effects/index.ts";
import type { Secret } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import { print } from "../system/index.ts";
import { wholeNumber } from "./options.ts";

/** The longest time for which the old secret is accepted, in hours: a year. */
const longestHours = 366 * 24;

export const withinOption = (): Option =>
  new Option("--within <hours>", "hours after which the old secret ends in any case")
    .argParser(wholeNumber(1, longestHours, "hours"))
    .default(24);

/** Gives the cluster another secret. The daemon makes it, and neither it nor the operator's key goes the other way. */
export async function rotateSecret(
  { runDirectory, cluster }: Pick<Config, "runDirectory" | "cluster">,
  key: Secret,
  hours: number,
): Promise<void> {
  const { signSecretChange } = await import("../secret-change/index.ts");
  const { number, digest, replaces } = await requestNextSecret(runDirectory);
  const statements = signSecretChange(key, cluster.id, { number, digest, replaces });
  const { asked, heard, missed } = await requestRotateSecret(runDirectory, statements, hours * 3600);
  print(`The cluster gets another secret: ${heard} of ${asked} other nodes have it already\n`);
  if (missed.length > 0) {
    print(`\nThe old one is accepted for ${hours} h more, or until it has come to:\n`);
    for (const { label, reason } of missed) print(`  ${label}: ${reason}\n`);
    print("\nThis node brings it to them: 'kubespan status' here shows who is missing\n");
  }
  print("For nodes that join from now on, print a new token: kubespan token\n");
}
