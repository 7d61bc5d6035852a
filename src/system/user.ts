/** The user that the kernel takes this process for. */
export const effectiveUser = (): number => process.geteuid?.() ?? 0;
