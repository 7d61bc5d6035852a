/**
 * The group of a daemon that root runs. Its number lies where no distribution, directory service, systemd or container
 * engine gives any (65536 to 524287), so that no other process has it.
 */
const groupOfRoot = 117_356;

/** The group by which the kernel knows the sockets of the daemon that this user runs. The user of a service has its own. */
export const daemonGroup = (): number | undefined =>
  process.geteuid?.() === 0 ? groupOfRoot : process.getegid?.();

/**
 * Gives this process a group of its own, in which sockets are made from now on. Everything else it may do as before. Gives
 * the group, or the reason why it has none, as even root may not take one everywhere (user namespaces).
 */
export function takeOwnGroup(): { readonly group: number } | { readonly problem: string } {
  const group = daemonGroup();
  try {
    if (group === undefined) throw new Error("this system has no groups");
    if (process.getegid?.() !== group) process.setegid?.(group);
    return { group };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      problem:
        "this daemon has no group of its own, so a discovery service on a member is reached only while that member is " +
        `connected: ${reason}`,
    };
  }
}
