import { z } from "zod";
import { KubespanError, readJson } from "../base/index.ts";

/** A setting of the host that this program changed, with the value that it had before. */
export interface SavedSysctl {
  /** The name of the setting with slashes, so that a link's name may hold dots: `net/ipv6/conf/eth0.100/accept_ra`. */
  readonly key: string;
  readonly original: string;
  readonly set: string;
}

/** The contents of `sysctls.json`. A reboot forgets our changes, so entries count only for the boot they name. */
export interface SavedSysctls {
  readonly bootID: string;
  readonly sysctls: readonly SavedSysctl[];
}

const value = z.string().regex(/^-?\d{1,10}$/);

/**
 * The form of the file. It allows only settings that this program itself ever changes: the file must not become a way
 * to write others.
 */
const form = z.strictObject({
  version: z.literal(1),
  bootID: z.string().regex(/^[0-9a-f-]{36}$/),
  sysctls: z
    .array(
      z.strictObject({
        key: z
          .string()
          .regex(
            /^net\/(?:ipv4\/ip_forward|ipv[46]\/conf\/[\w.@-]{1,15}\/forwarding|ipv6\/conf\/[\w.@-]{1,15}\/accept_ra)$/,
          )
          .refine((key) => !key.includes("/../") && !key.includes("/./"), "not the name of a link"),
        original: value,
        set: value,
      }),
    )
    .max(100_000)
    .refine((list) => new Set(list.map(({ key }) => key)).size === list.length, "a key stands there twice"),
});

/**
 * Reads the file's text. Throws `KubespanError("state")`, which names the file, for any text that this program did not
 * write.
 */
export function parseSavedSysctls(text: string, file: string): SavedSysctls {
  const read = readJson(text, form);
  if ("problem" in read) throw damaged(file, read.problem);
  return { bootID: read.value.bootID, sysctls: read.value.sysctls };
}

const damaged = (file: string, reason: string): KubespanError =>
  new KubespanError("state", `${file} is damaged: ${reason}`, {
    hint: "repair it, or delete it: forwarding and accept_ra then stay as they are when the mesh is taken down",
  });

export const savedSysctlsText = ({ bootID, sysctls }: SavedSysctls): string =>
  `${JSON.stringify({ version: 1, bootID, sysctls }, null, 2)}\n`;
