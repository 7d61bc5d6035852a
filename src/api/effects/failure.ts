import { z } from "zod";
import { errorCodes, KubespanError, ofForm, type Read, valueOf } from "../../base/index.ts";

/** Tells whether no daemon runs: the socket does not exist, or a daemon that was killed left it behind. */
export const isAbsence = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ECONNREFUSED");

/** The JSON of a `Failure`. */
const failureForm = z.looseObject({
  error: z.string(),
  code: z.enum(errorCodes).optional(),
  hint: z.string().optional(),
});

/** The error that failed in the daemon, with its code and hint, as if it had been thrown here. */
export function failureOfAnswer(status: number | undefined, read: Read<unknown>): KubespanError {
  const { error = "nothing more", code, hint } = valueOf(ofForm(read, failureForm)) ?? {};
  if (code === undefined)
    return new KubespanError("unavailable", `the daemon answered ${status}: ${error.slice(0, 2000)}`);
  return new KubespanError(code, error.slice(0, 2000), hint === undefined ? {} : { hint });
}

export function unavailable(socket: string, error: Error & { code?: string }): KubespanError {
  if (isAbsence(error))
    return new KubespanError("unavailable", `no daemon answers at ${socket}`, {
      hint: `start it with 'kubespan run', or name its configuration with --config`,
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
