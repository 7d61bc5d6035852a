/**
 * What a process that runs for long gives up at its start, with all that it starts later: the groups of whoever started it,
 * and the permissions that others would get by default. Gives what could not be given up; not everywhere may root do that
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
