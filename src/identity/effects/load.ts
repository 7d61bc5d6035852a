import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { KubespanError, messageText } from "../../base/index.ts";
import {
  checkOwnFolder,
  createAtomically,
  readTextFile,
  removeStateFile,
  writeAtomically,
} from "../../system/index.ts";
import {
  damageHint,
  type Identity,
  identityText,
  newIdentity,
  parseIdentity,
  type Random,
} from "../identity.ts";

import { standInFile, withKeptStandIn } from "./stand-in.ts";

const fileName = "identity.json";
const largestFile = 16 * 1024;

export interface IdentitySource {
  readonly stateDirectory: string;
  /** Gives the hardware address. It is called only when there is no identity yet. */
  readonly hardwareAddress: () => Promise<string>;
  readonly random: Random;
  /** Takes a warning about something that was found and corrected. */
  readonly warn?: (text: string) => void;
}

/**
 * The node's identity from the file, or a new one that is written once. Of several daemons that start at the same time
 * one writes, and all get what it wrote. An existing file is never replaced. Throws `KubespanError("state")` if the
 * file cannot be read, is damaged or cannot be written, or if others may write to its folder.
 */
export async function loadIdentity(source: IdentitySource): Promise<Identity> {
  const file = join(source.stateDirectory, fileName);
  await checkOwnFolder(source.stateDirectory);
  const found = await readIdentity(file, { isMadePrivate: true });
  if (found) return withKeptStandIn(source.stateDirectory, warned(file, found, source.warn), source.warn);
  await makeFolder(source.stateDirectory);
  await checkOwnFolder(source.stateDirectory);
  const identity = newIdentity(await source.hardwareAddress(), source.random);
  if (await createAtomically(file, identityText(identity), { mode: 0o600 })) return identity;
  const winner = await readIdentity(file);
  if (winner) return winner.identity;
  throw new KubespanError("state", `${file} appeared and vanished while this node made its identity`, {
    hint: "is another daemon using the same state directory?",
  });
}

/**
 * The identity in the file; `undefined` if there is none. Writes nothing. Throws `KubespanError("state")` for a damaged
 * file.
 */
export async function storedIdentity(stateDirectory: string): Promise<Identity | undefined> {
  await checkOwnFolder(stateDirectory);
  const found = await readIdentity(join(stateDirectory, fileName));
  return found && withKeptStandIn(stateDirectory, found.identity);
}

/**
 * Puts an identity of the same node, with another key, in place of the one in the file. A start after this, or after a
 * power cut, finds either the former identity or this one. Throws `KubespanError("state")`, and then the former one stays.
 */
export async function replaceIdentity(stateDirectory: string, identity: Identity): Promise<void> {
  const { hardwareAddress, givenUp = hardwareAddress } = identity;
  const file = join(stateDirectory, fileName);
  // The file has the node's own hardware address, also where another one stands in for it.
  await writeAtomically(file, identityText({ ...identity, hardwareAddress: givenUp }), { mode: 0o600 });
}

/** The identity in the file, or one as `loadIdentity` would make it. Writes nothing. */
export const previewIdentity = async (source: IdentitySource): Promise<Identity> =>
  (await storedIdentity(source.stateDirectory)) ?? newIdentity(await source.hardwareAddress(), source.random);

/**
 * The files beside the identity that mean nothing without it: the machine that it was made on, its last announcement,
 * and the hardware address that stands in for its own.
 */
const besides = ["machine.json", "announced.json", standInFile];

/** Removes the identity, so that the next start makes a new one. Gives `false` if there was none. */
export async function forgetIdentity(stateDirectory: string): Promise<boolean> {
  await checkOwnFolder(stateDirectory);
  for (const name of besides) await removeStateFile(join(stateDirectory, name));
  return removeStateFile(join(stateDirectory, fileName));
}

interface Found {
  readonly identity: Identity;
  /** The permission bits that the file had. */
  readonly mode: number;
}

async function readIdentity(file: string, more: { isMadePrivate?: true } = {}): Promise<Found | undefined> {
  const read = await readTextFile(file, { largest: largestFile, code: "state", hint: damageHint, ...more });
  return read && { identity: parseIdentity(read.text, file), mode: read.mode };
}

/** The identity in the file, with a warning if the file had to be made readable for its owner only. */
function warned(file: string, found: Found, warn: IdentitySource["warn"]): Identity {
  if ((found.mode & 0o077) === 0) return found.identity;
  warn?.(
    `${file} holds the private key and had mode 0${found.mode.toString(8)}; it is 0600 now. ` +
      "If others use this machine, give it a new key: kubespan down --forget-identity",
  );
  return found.identity;
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new KubespanError("state", `cannot make the state directory ${path}: ${messageText(error)}`, {
      hint: "stateDirectory in the configuration names it",
      cause: error,
    });
  }
}
