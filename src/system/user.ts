import type { Stats } from "node:fs";

/** The user as which the kernel treats this process. */
export const effectiveUser = (): number => process.geteuid?.() ?? 0;

/** Tells whether a file belongs to root or to this user. */
export const isTrusted = ({ uid }: Stats): boolean => uid === 0 || uid === effectiveUser();

/** Tells whether others than the owner, or a group other than root's, may write. */
export const othersMayWrite = ({ mode, gid }: Stats): boolean =>
  (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0);
