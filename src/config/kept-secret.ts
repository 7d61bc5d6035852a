import { createHash } from "node:crypto";
import { z } from "zod";
import { readJson, Secret } from "../base/index.ts";
import { decodeKey } from "../identity/index.ts";
import type { ClusterIdentity } from "./config.ts";
import { hasReached, type SecretChanged, secretStages } from "./secret-stage.ts";

/** The secret that an operator's command brought to this node, which its file does not have. */
export interface KeptSecret extends SecretChanged {
  readonly secret: Secret;
  /** The secrets of before that are still accepted, the one that sealed before first. */
  readonly before: readonly Secret[];
  /** The digests, in base64, of the secrets that were replaced: a file with one of them is older than the command. */
  readonly replaced: readonly string[];
}

/** The secrets of before that are still accepted: with the new one, as many as a node tells the names of. */
const mostBefore = 2;
/** The replaced secrets that are remembered: the first of all, which a file may have for ever, and the last ones. */
const mostReplaced = 64;

const digestOf = (id: string, secret: Secret): string =>
  createHash("sha256").update(`kubespan replaced secret\0${id}\0`).update(secret.reveal()).digest("base64");

const others = (secrets: readonly Secret[], secret: Secret): readonly Secret[] =>
  secrets.filter((each, at) => !each.equals(secret) && secrets.findIndex((one) => one.equals(each)) === at);

/**
 * The secrets that count: those that are kept, as long as the file has one that a command replaced, or the new one itself.
 * `undefined` if it has another: then an operator has changed it by hand since, and the file counts.
 */
export function withKept(file: ClusterIdentity, kept: KeptSecret): ClusterIdentity | undefined {
  const { number, stage, secret, before, replaced } = kept;
  if (!replaced.includes(digestOf(file.id, file.secret)) && !file.secret.equals(secret)) return undefined;
  const inOrder =
    stage === "accept" ? [...before.slice(0, 1), secret, ...before.slice(1)] : [secret, ...before];
  const [sealing = secret] = inOrder;
  const accepted = others([...inOrder, ...(file.accepted ?? [])], sealing);
  return {
    id: file.id,
    secret: sealing,
    ...(accepted.length > 0 && { accepted }),
    change: { number, stage },
  };
}

/** The newest secret of a cluster, which nodes that join should have. */
export const newestSecret = ({ secret, accepted, change }: ClusterIdentity): Secret =>
  (change?.stage === "accept" ? accepted?.[0] : undefined) ?? secret;

/**
 * What is to be kept once a node hears of a change, or of its next stage. `present` has the secrets that count now, and
 * `known` is what is kept by now.
 */
export function keptAfter(
  present: ClusterIdentity,
  known: KeptSecret | undefined,
  { number, stage, secret }: SecretChanged & { readonly secret: Secret },
): KeptSecret {
  const kept = present.change && known;
  const same = kept?.number === number ? kept : undefined;
  const secrets = [present.secret, ...(present.accepted ?? [])];
  const later = same && hasReached(same.stage, stage) ? same.stage : stage;
  const digests = others(secrets, secret).map((each) => digestOf(present.id, each));
  const replaced = [...new Set([...(kept?.replaced ?? []), ...digests])];
  return {
    number,
    stage: later,
    secret,
    before: later === "finish" ? [] : others(same?.before ?? secrets, secret).slice(0, mostBefore),
    replaced:
      replaced.length > mostReplaced
        ? [...replaced.slice(0, 1), ...replaced.slice(1 - mostReplaced)]
        : replaced,
  };
}

const key = z.string().max(64);
const form = z.strictObject({
  version: z.literal(1),
  number: z.int().nonnegative(),
  stage: z.enum(secretStages),
  secret: key,
  before: z.array(key).max(mostBefore),
  replaced: z.array(key).max(mostReplaced),
});

/** The text of the file that keeps the secret, which is for its owner alone. */
export const keptText = ({ number, stage, secret, before, replaced }: KeptSecret): string =>
  `${JSON.stringify({
    version: 1,
    number,
    stage,
    secret: secret.revealBase64(),
    before: before.map((each) => each.revealBase64()),
    replaced,
  })}\n`;

/** Reads the text that `keptText` writes; `undefined` for any other. */
export function parseKept(text: string): KeptSecret | undefined {
  const read = readJson(text, form);
  if ("problem" in read) return undefined;
  const { number, stage, replaced } = read.value;
  const [secret, ...before] = [read.value.secret, ...read.value.before].map(decodeKey);
  if (!secret || before.some((each) => each === undefined)) return undefined;
  return {
    number,
    stage,
    replaced,
    secret: new Secret(secret),
    before: before.flatMap((each) => (each ? [new Secret(each)] : [])),
  };
}
