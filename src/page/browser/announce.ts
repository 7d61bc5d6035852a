import type { PageState } from "../wire.ts";

const mostNamed = 3;

/** Tells a screen reader which peers changed their state; `undefined` if none did. */
export function announcement(before: PageState | undefined, now: PageState): string | undefined {
  if (!before) return undefined;
  const known = new Map(before.peers.map((peer) => [peer.id, peer.state]));
  const changed = now.peers
    .filter(({ id, state }) => known.get(id) !== state)
    .map(({ name, state }) => `${name} is ${state}`);
  const present = new Set(now.peers.map(({ id }) => id));
  const left = before.peers.filter(({ id }) => !present.has(id)).map(({ name }) => `${name} is gone`);
  const work = before.node.work === now.node.work ? [] : [`this node is ${now.node.work}`];
  const all = [...work, ...changed, ...left];
  if (all.length === 0) return undefined;
  const rest = all.length - mostNamed;
  return rest > 0 ? `${all.slice(0, mostNamed).join("; ")}; and ${rest} more` : all.join("; ");
}
