import { fingerprintOf, parseAuthorityKey } from "../../authority/index.ts";
import { KubespanError, type Secret } from "../../base/index.ts";
import { type Config, newestSecret } from "../../config/index.ts";
import { readTextFile } from "../../system/index.ts";
import { filesBeside } from "../files.ts";
import { tokenServices } from "../services.ts";
import type { Token } from "../token.ts";

const largestFile = 64 * 1024;

/**
 * The token of the mesh of which this node is a member, and the names of the services that no token can tell. `told` are
 * the URLs of services of which only other nodes tell.
 */
export async function heldToken(
  config: Config,
  told: readonly string[] = [],
): Promise<{ readonly token: Token; readonly unnamed: readonly string[] }> {
  const file = config.discovery?.authority;
  const authority = file === undefined ? undefined : await fingerprintIn(file);
  const { services, unnamed } = tokenServices(config.services, file ?? "");
  const more = authority ? told.map((url) => ({ url, isOurs: true })) : [];
  const { cluster, operatorKeys } = config;
  return {
    token: {
      cluster: { id: cluster.id, secret: newestSecret(cluster) },
      services: [...services, ...more],
      ...(authority && { authority }),
      ...(operatorKeys && { operatorKeys }),
    },
    unnamed,
  };
}

async function fingerprintIn(path: string): Promise<Uint8Array> {
  const hint = "discovery.authority names a PEM file with the certificate of the cluster's authority";
  const file = await readTextFile(path, { largest: largestFile, code: "config", hint });
  const fingerprint = fingerprintOf(file?.text ?? "");
  if (fingerprint) return fingerprint;
  throw new KubespanError("config", `${path} holds no certificate`, { hint });
}

/** The key of the cluster's authority, which a node has that runs a discovery service. */
export async function readAuthorityKey(configFile: string): Promise<Secret> {
  const path = filesBeside(configFile).authorityKey;
  const hint = "run this on a node that began or joined the mesh with --discovery";
  const file = await readTextFile(path, { largest: largestFile, code: "config", hint });
  if (file) return parseAuthorityKey(file.text, path);
  throw new KubespanError("usage", `this node has no key of the cluster's authority (${path})`, { hint });
}
