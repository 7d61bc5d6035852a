/** The user as which the kernel treats this process. */
export const effectiveUser = (): number => process.geteuid?.() ?? 0;
