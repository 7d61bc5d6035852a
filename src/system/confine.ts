/**
 * Gives up, for a process that runs for long and for all that it starts later, the groups of its starter and the
 * default permissions of others on new files. Gives what could not be given up, as even root may not do so everywhere
 * (user namespaces).
 */
export function confine(): string[] {
  process.umask(0o077);
  if (process.geteuid?.() !== 0) return [];
  try {
    process.setgroups?.([]);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [`the groups of whoever started this process stay: ${reason}`];
  }
}
