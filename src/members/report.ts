import type { Warning } from "../marks/index.ts";
import { isConnected, labelOf, type Member, type Members } from "./member.ts";

/** The number of vanished members up to which each has a warning of its own. */
const mostNamed = 5;

/**
 * The warnings of members that no registry names and that are not connected. They say for how long the member has been
 * gone and what to do, because traffic to it is refused. Many at once have one cause, and are one warning.
 */
export function vanishedWarnings(members: Members, now: number): Warning[] {
  const vanished = [...members.values()]
    .filter((member) => member.standing === "absent" && !isConnected(member, now))
    .map((member) => ({ label: labelOf(member.claim), seconds: goneFor(member, now) }))
    .sort((one, other) => other.seconds - one.seconds);
  const [longest] = vanished;
  if (!longest) return [];
  if (vanished.length > mostNamed)
    return [
      {
        who: `${vanished.length} members`,
        what:
          `no registry names them, and they are not connected, the longest for ${durationText(longest.seconds)}; what is ` +
          `sent to them is refused. Those that are gone for good: kubespan forget NODE (such as ${longest.label})`,
      },
    ];
  return vanished.map(({ label, seconds }) => ({
    who: `member ${label}`,
    what:
      `vanished ${durationText(seconds)} ago without a farewell; what is sent to it is refused. If it is gone for good: ` +
      `kubespan forget ${label}`,
  }));
}

/** The seconds for which a member has been absent, and the reason; `undefined` for a member that is not absent. */
export function absenceOf(
  member: Member | undefined,
  now: number,
): { readonly seconds: number; readonly why: string } | undefined {
  return member?.standing === "absent" ? { seconds: goneFor(member, now), why: member.why } : undefined;
}

const goneFor = (member: Member, now: number): number => {
  const since = member.standing === "present" ? now : member.since;
  return Math.max(0, Math.round((now - Math.max(since, member.connectedAt ?? 0)) / 1000));
};

export function durationText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
