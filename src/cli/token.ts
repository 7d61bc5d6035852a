import type { Command } from "commander";
import { fetchStatus } from "../api/effects/index.ts";
import { KubespanError } from "../base/index.ts";
import { loadConfig } from "../config/effects/index.ts";
import type { Config } from "../config/index.ts";
import { isTold } from "../members/index.ts";
import { complain, print } from "../system/index.ts";
import { exampleText } from "./examples.ts";
import { configOption } from "./options.ts";

export function registerToken(program: Command): void {
  program
    .command("token")
    .description("print the token with which other nodes join")
    .addOption(configOption())
    .option("--discovery", "include the authority's key, for a node with a service")
    .option("--qr", "show the token as a QR code as well")
    .addHelpText(
      "after",
      [
        "\nThe token holds the secret of the cluster: whoever has it is a member. With",
        "--discovery it holds more, the key with which discovery services prove who they",
        "are: give it only to control planes.",
        exampleText("token"),
      ].join("\n"),
    )
    .action(token);
}

/** The services of which the daemon has heard from other nodes. */
async function servicesToldTo({ runDirectory, discovery }: Config): Promise<string[]> {
  if (discovery?.authority === undefined) return [];
  try {
    const { registries } = await fetchStatus(runDirectory);
    return registries.filter(isTold).map(({ location }) => `${location}/`);
  } catch (error) {
    if (!(error instanceof KubespanError) || error.code !== "unavailable") throw error;
    complain("warning: no daemon answers: services that only other nodes run are not in the token\n");
    return [];
  }
}

async function token(options: { config: string; discovery?: true; qr?: true }): Promise<void> {
  const { config } = await loadConfig(options.config);
  const { heldToken, readAuthorityKey } = await import("../joining/effects/index.ts");
  const { encodeToken } = await import("../joining/index.ts");
  const { token: held, unnamed } = await heldToken(config, await servicesToldTo(config));
  for (const name of unnamed)
    complain(`warning: discovery service ${name} is left out: its authority is not the cluster's\n`);
  if (held.services.length === 0)
    complain("warning: the token names no discovery service, so nobody can join with it\n");
  const authorityKey = options.discovery && { authorityKey: await readAuthorityKey(options.config) };
  const text = encodeToken({ ...held, ...authorityKey });
  print(`${text}\n`);
  if (!options.qr) return;
  const { renderUnicodeCompact } = await import("uqr");
  print(`${renderUnicodeCompact(text, { ecc: "L" })}\n`);
}
