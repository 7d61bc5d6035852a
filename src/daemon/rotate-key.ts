import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { KeyRotated } from "../api/index.ts";
import { KubespanError } from "../base/index.ts";
import type { Config } from "../config/index.ts";
import type { RegistryState } from "../discovery/index.ts";
import { replaceIdentity } from "../identity/effects/index.ts";
import { type Identity, type Random, withNewKey } from "../identity/index.ts";
import type { Membership } from "./membership.ts";

/** What a node needs to take another key. */
interface Rotation {
  readonly config: Pick<Config, "enabled" | "stateDirectory">;
  readonly identity: Identity;
  readonly registries: { readonly states: () => readonly Pick<RegistryState, "phase">[] };
  readonly log: Logger;
  /** Gives the mesh as it is at the moment, with one identity or the other. */
  readonly mesh: () => {
    readonly membership: Pick<Membership, "tellKey">;
    /** What this node announced last. */
    readonly memory: { readonly said: { readonly number: number } | undefined };
  };
  /** Has the daemon work with another identity; resolves when WireGuard has the key and the registries were told. */
  readonly take: (identity: Identity) => Promise<void>;
  readonly random?: Random;
}

export const keyTaken = "this node takes another WireGuard key";

/**
 * Gives this node another WireGuard key. The members hold the next key before this node takes it. The file is written in
 * between, and from then on the node has the new key, whatever ends this process: a member that holds it learns of that
 * from the first handshake, and any other one from the registries.
 */
export async function rotateKey(rotation: Rotation): Promise<KeyRotated> {
  const { config, identity, log, mesh, take, random = randomBytes } = rotation;
  checkRotation(rotation);
  const next = withNewKey(identity, random);
  const { publicKey } = next;
  const told = { publicKey, number: mesh().memory.said?.number ?? 0 };
  await mesh().membership.tellKey(told);
  await replaceIdentity(config.stateDirectory, next);
  log.warn({ before: identity.publicKey, publicKey }, keyTaken);
  await take(next);
  return { publicKey, ...(await mesh().membership.tellKey(told)) };
}

function checkRotation({ config, registries }: Rotation): void {
  if (!config.enabled)
    throw new KubespanError("usage", "the mesh is disabled, and nobody could be told of the key", {
      hint: "enable it in the configuration, or let the next start make a new node: kubespan down --forget-identity",
    });
  if (registries.states().some(({ phase }) => phase === "connected")) return;
  throw new KubespanError("discovery", "no registry is connected, so the others would not learn of the key", {
    hint: "'kubespan status' says why; try again when one is, and until then the key stays as it is",
  });
}
