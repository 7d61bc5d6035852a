import { chmod, chown } from "node:fs/promises";
import { dirname } from "node:path";
import { errorText } from "../../base/index.ts";
import { readTextFile } from "../../system/index.ts";
import { socketPath } from "../routes.ts";

const groupsFile = "/etc/group";
/** No user has this number, and for chown it means that the owner stays. */
const sameOwner = 0xff_ff_ff_ff;

interface Shared {
  readonly runDirectory: string;
  /** The name of the group; absent for none. */
  readonly socketGroup?: string;
}

/**
 * Lets a group of /etc/group ask the daemon, besides root. `warn` is told the reason where that cannot be done; the socket is
 * then for root alone, as before.
 */
export async function openToGroup(
  { runDirectory, socketGroup }: Shared,
  warn: (text: string) => void,
): Promise<void> {
  const problem = socketGroup === undefined ? undefined : await problemWith(runDirectory, socketGroup);
  if (problem !== undefined) warn(problem);
}

async function problemWith(runDirectory: string, name: string): Promise<string | undefined> {
  const path = socketPath(runDirectory);
  try {
    const hint = "name another group in socketGroup";
    const file = await readTextFile(groupsFile, { largest: 1024 * 1024, code: "config", hint });
    const group = groupIn(file?.text ?? "", name);
    if (group === undefined) return `socketGroup is not used: there is no group ${name} in ${groupsFile}`;
    // The owner comes first: no other group may use the socket at any moment.
    for (const [each, mode] of [
      [dirname(path), 0o710],
      [path, 0o660],
    ] as const) {
      await chown(each, sameOwner, group);
      await chmod(each, mode);
    }
    return undefined;
  } catch (error) {
    await chmod(path, 0o600).catch(() => undefined);
    return `socketGroup is not used: ${errorText(error)}; the daemon needs CAP_CHOWN, or to be in the group ${name}`;
  }
}

/** Finds the number of a group in the text of /etc/group. */
function groupIn(text: string, name: string): number | undefined {
  for (const line of text.split("\n")) {
    const [named, , number = ""] = line.split(":");
    if (named === name && /^\d{1,9}$/.test(number)) return Number(number);
  }
  return undefined;
}
