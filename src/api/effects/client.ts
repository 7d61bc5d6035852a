import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { KubespanError, parseJson } from "../../base/index.ts";
import type { Netcheck } from "../netcheck.ts";
import type { Definition, Listing } from "../resource.ts";
import {
  type Down,
  type Evicted,
  type Forgotten,
  type KeyRotated,
  type LogLevelReport,
  type SecretOffer,
  type SecretRotated,
  socketPath,
} from "../routes.ts";
import type { Status } from "../status.ts";
import type { Why } from "../why.ts";
import { answers } from "./answers.ts";
import { failureOfAnswer, isAbsence, unavailable } from "./failure.ts";
import { type KindAsked, kindPath } from "./follow.ts";

const timeoutMs = 30_000;
/**
 * The time that something may take which the daemon is asked to do. It goes on with it, whoever waits, so giving up early
 * would tell of a failure where there is none; a daemon that dies is noticed at once.
 */
const actMs = 300_000;
const pollMs = 20;
const maxBytes = 64 * 1024 * 1024;

/** Asks the daemon for its status. Throws `KubespanError("unavailable")` when no daemon answers. */
export const fetchStatus = async (runDirectory: string): Promise<Status> =>
  // The daemon is this very program, and its socket is in a folder that only root and its user may write in, so its
  // answer is trusted once it is JSON.
  (await askAnyVersion(runDirectory, "GET", "/status")) as Status;

/**
 * Asks the daemon to take the mesh down and to end, and waits until the process has ended, so that another daemon may
 * start at once. Gives `undefined` when no daemon runs.
 */
export async function requestDown(runDirectory: string): Promise<Down | undefined> {
  try {
    const down = (await askAnyVersion(runDirectory, "POST", "/down")) as Down;
    await silence(socketPath(runDirectory));
    return down;
  } catch (error) {
    if (error instanceof KubespanError && isAbsence(error.cause)) return undefined;
    throw error;
  }
}

/** Asks the daemon to let go of a member. Throws `KubespanError("usage")` with the daemon's reason if it refuses. */
export const requestForget = async (runDirectory: string, node: string): Promise<Forgotten> =>
  (await askAnyVersion(runDirectory, "POST", `/forget/${encodeURIComponent(node)}`)) as Forgotten;

/** Gives the daemon the statement of an operator. Throws `KubespanError("usage")` with the reason if it is not obeyed. */
export const requestEvict = async (runDirectory: string, statement: string): Promise<Evicted> =>
  (await ask(runDirectory, "POST", `/v1/evict/${encodeURIComponent(statement)}`)) as Evicted;

/** Asks the daemon to take another WireGuard key. Throws `KubespanError` with the daemon's reason if it refuses. */
export const requestRotateKey = async (runDirectory: string): Promise<KeyRotated> =>
  (await ask(runDirectory, "POST", "/v1/rotate-key")) as KeyRotated;

/** Asks the daemon for a secret that the cluster may take next. Throws `KubespanError` with the reason if it has none. */
export const requestNextSecret = async (runDirectory: string): Promise<SecretOffer> =>
  (await ask(runDirectory, "POST", "/v1/next-secret")) as SecretOffer;

/** Has the daemon give the cluster the secret that it offered last, with the statements of an operator. */
export const requestRotateSecret = async (
  runDirectory: string,
  statements: readonly string[],
  seconds: number,
): Promise<SecretRotated> =>
  (await ask(
    runDirectory,
    "POST",
    `/v1/rotate-secret/${encodeURIComponent(statements.join("."))}/${seconds}`,
  )) as SecretRotated;

/** Asks the daemon where packets for an address go. */
export const fetchWhy = async (runDirectory: string, address: string): Promise<Why> =>
  (await ask(runDirectory, "GET", `/v1/why/${encodeURIComponent(address)}`)) as Why;

/** Asks the daemon what the network lets this node do. */
export const fetchNetcheck = async (runDirectory: string): Promise<Netcheck> =>
  (await ask(runDirectory, "GET", "/v1/netcheck")) as Netcheck;

/** Asks the daemon for the level of its log, or sets it. */
export const requestLogLevel = async (runDirectory: string, level?: string): Promise<LogLevelReport> =>
  (await (level === undefined
    ? ask(runDirectory, "GET", "/v1/log-level")
    : ask(runDirectory, "PUT", `/v1/log-level/${encodeURIComponent(level)}`))) as LogLevelReport;

/** Asks the daemon for the kinds of resources. */
export const fetchDefinitions = async (runDirectory: string): Promise<readonly Definition[]> =>
  (await ask(runDirectory, "GET", "/v1/resources")) as readonly Definition[];

/** Asks the daemon for all resources of a kind. */
export const fetchResources = async (runDirectory: string, kind: KindAsked): Promise<Listing> =>
  (await ask(runDirectory, "GET", kindPath(kind))) as Listing;

async function silence(socket: string): Promise<void> {
  for (let waited = 0; await answers(socket); waited += pollMs) {
    if (waited >= actMs)
      throw new KubespanError("unavailable", "the daemon took everything down, but does not end", {
        hint: "see its log",
      });
    await delay(pollMs);
  }
}

/**
 * Asks a daemon that may have been started before an upgrade. The first version had three routes, and no number before
 * them.
 */
const askAnyVersion = (runDirectory: string, method: string, path: string): Promise<unknown> =>
  ask(runDirectory, method, `/v1${path}`, path);

/** `before` is the path at a daemon that does not know the first one. */
function ask(runDirectory: string, method: string, path: string, before?: string): Promise<unknown> {
  const socket = socketPath(runDirectory);
  const timeout = method === "GET" ? timeoutMs : actMs;
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: socket, method, path, timeout, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxBytes) sent.destroy(new Error("the answer is too large"));
        else chunks.push(chunk);
      });
      response.on("error", (error) => reject(unavailable(socket, error)));
      response.on("end", () => {
        if (response.statusCode === 404 && before !== undefined)
          return resolve(ask(runDirectory, method, before));
        return settle(response.statusCode, Buffer.concat(chunks).toString(), resolve, reject);
      });
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${timeout / 1000} s`)));
    sent.on("error", (error) => reject(unavailable(socket, error)));
    sent.end();
  });
}

function settle(
  code: number | undefined,
  text: string,
  resolve: (value: unknown) => void,
  reject: (error: KubespanError) => void,
): void {
  const read = parseJson(text);
  if ("problem" in read) reject(new KubespanError("unavailable", "the daemon's answer is not JSON"));
  else if (code === 200) resolve(read.value);
  else reject(failureOfAnswer(code, read));
}
