import { request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { errorCodes, KubespanError, ofForm, parseJson, type Read, valueOf } from "../../base/index.ts";
import { type Down, type Forgotten, socketPath } from "../routes.ts";
import type { Status } from "../status.ts";
import { answers } from "./answers.ts";

const timeoutMs = 30_000;
const pollMs = 20;
const maxBytes = 64 * 1024 * 1024;

/** Asks the daemon for its status. Throws `KubespanError("unavailable")` when no daemon answers. */
export const fetchStatus = async (runDirectory: string): Promise<Status> =>
  // The daemon is this very program, and its socket is in a folder that only root and its user may write in, so its
  // answer is trusted once it is JSON.
  (await ask(runDirectory, "GET", "/status")) as Status;

/**
 * Asks the daemon to take the mesh down and to end, and waits until the process has ended, so that another daemon may
 * start at once. Gives `undefined` when no daemon runs.
 */
export async function requestDown(runDirectory: string): Promise<Down | undefined> {
  try {
    const down = (await ask(runDirectory, "POST", "/down")) as Down;
    await silence(socketPath(runDirectory));
    return down;
  } catch (error) {
    if (error instanceof KubespanError && isAbsence(error.cause)) return undefined;
    throw error;
  }
}

/** Asks the daemon to let go of a member. Throws `KubespanError("usage")` with the daemon's reason if it refuses. */
export const requestForget = async (runDirectory: string, node: string): Promise<Forgotten> =>
  (await ask(runDirectory, "POST", `/forget/${encodeURIComponent(node)}`)) as Forgotten;

async function silence(socket: string): Promise<void> {
  for (let waited = 0; await answers(socket); waited += pollMs) {
    if (waited >= timeoutMs)
      throw new KubespanError("unavailable", "the daemon took everything down, but does not end", {
        hint: "see its log",
      });
    await delay(pollMs);
  }
}

/** Tells whether no daemon runs: the socket does not exist, or a daemon that was killed left it behind. */
const isAbsence = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ECONNREFUSED");

function ask(runDirectory: string, method: string, path: string): Promise<unknown> {
  const socket = socketPath(runDirectory);
  return new Promise((resolve, reject) => {
    const sent = request(
      { socketPath: socket, method, path, timeout: timeoutMs, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxBytes) sent.destroy(new Error("the answer is too large"));
          else chunks.push(chunk);
        });
        response.on("error", (error) => reject(unavailable(socket, error)));
        response.on("end", () =>
          settle(response.statusCode, Buffer.concat(chunks).toString(), resolve, reject),
        );
      },
    );
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
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
  else reject(failure(code, read));
}

/** The JSON of a `Failure`. */
const failureForm = z.looseObject({
  error: z.string(),
  code: z.enum(errorCodes).optional(),
  hint: z.string().optional(),
});

/** The error that failed in the daemon, with its code and hint, as if it had been thrown here. */
function failure(status: number | undefined, read: Read<unknown>): KubespanError {
  const { error = "nothing more", code, hint } = valueOf(ofForm(read, failureForm)) ?? {};
  if (code === undefined)
    return new KubespanError("unavailable", `the daemon answered ${status}: ${error.slice(0, 2000)}`);
  return new KubespanError(code, error.slice(0, 2000), hint === undefined ? {} : { hint });
}

function unavailable(socket: string, error: Error & { code?: string }): KubespanError {
  if (isAbsence(error))
    return new KubespanError("unavailable", `no daemon answers at ${socket}`, {
      hint: `start it with "kubespan run", or name its configuration with --config`,
      cause: error,
    });
  if (error.code === "EACCES" || error.code === "EPERM")
    return new KubespanError(
      "privilege",
      `only root, or the user of the service, may ask the daemon at ${socket}`,
      {
        hint: "run this as root",
        cause: error,
      },
    );
  const hint = "see the daemon's log";
  return new KubespanError("unavailable", `cannot talk to the daemon at ${socket}: ${error.message}`, {
    hint,
    cause: error,
  });
}
