import {
  type ConnectivityLine,
  type MatrixLine,
  type NodeName,
  ownSiteOf,
  type PeerReport,
  type Status,
  siteOf,
} from "../api/index.ts";
import { KubespanError } from "../base/index.ts";
import { mtuHole } from "../causes/index.ts";
import { recipientOf } from "../members/index.ts";
import type { Process } from "../mesh/index.ts";
import { type Address, prefixContains } from "../net/index.ts";
import type { Seen } from "../resources/index.ts";
import { type Echoes, type Present, Survey } from "../survey/effects/index.ts";
import { type Cell, mostCells } from "../survey/index.ts";
import type { MeshParts } from "./mesh-parts.ts";
import { memberAt } from "./named-member.ts";

/** The members that are asked at one time. */
const mostAsked = 16;

/** Facts of the process, on which nothing depends that is told to others. */
const someProcess: Process = { pid: 0, startedAt: 0, work: { state: "working" } };

type See = (process: Process) => Omit<Seen, "events">;

/** The part that asks members and answers them; `undefined` where the configuration lets nobody ask. */
export function surveyOf(
  { config, membership, identity, clock }: MeshParts,
  echoes: Echoes | undefined,
  see: See,
): Survey | undefined {
  if (!config.matrix || !echoes) return undefined;
  const { messenger } = membership;
  const survey = new Survey({
    keys: identity,
    post: (bytes, to) => messenger.post(bytes, to),
    keyAt: (address) => memberAt(address, membership.members, clock())?.claim.kubespan?.publicKey,
    present: () => presentOf(see(someProcess)),
    echoes,
  });
  messenger.heedOthers((bytes, from) => survey.receive(bytes, from));
  return survey;
}

function presentOf({ status, pass }: Pick<Seen, "status" | "pass">): Present {
  const { mtu, advertisedPrefixes } = status.node;
  const all =
    pass?.kernel.links.flatMap(({ addresses }) => addresses.flatMap(({ address }) => address)) ?? [];
  const isPods = (address: Address): boolean =>
    advertisedPrefixes.some((prefix) => prefixContains(prefix, address));
  return { peers: status.peers, linkMtu: mtu, podAddresses: all.filter(isPods) };
}

/** Names the paths that drop large packets, as far as they are known; the others are measured for the next question. */
export function withHoles(status: Status, survey: Survey | undefined): Status {
  const linkMtu = status.node.mtu;
  const holes = survey?.holes(status.peers, linkMtu);
  if (!holes || holes.size === 0) return status;
  const peers = status.peers.map((peer) => {
    const hole = holes.get(peer.nodeId);
    const cause = hole && mtuHole({ ...hole, linkMtu });
    return cause ? { ...peer, causes: [cause, ...(peer.causes ?? [])] } : peer;
  });
  return { ...status, peers };
}

/** Asks all members whom they reach. The lines come as they answer, and those of this node first. */
export async function* matrixOf(survey: Survey | undefined, seen: Seen): AsyncGenerator<MatrixLine> {
  const asking = isOn(survey);
  const { node, peers } = seen.status;
  const self: NodeName = { nodeId: node.nodeId, label: node.hostname || node.nodeId };
  const names = new Map([
    [recipientOf(node.publicKey), self],
    ...peers.map((peer) => [recipientOf(peer.publicKey), nameOf(peer)] as const),
  ]);
  const row = async function* (
    from: NodeName,
    ask: (index: number) => Promise<Page | undefined>,
  ): AsyncGenerator<MatrixLine> {
    for (let index = 0, total = 1; index < total; index += mostCells) {
      const page = await ask(index);
      if (!page) {
        yield { from, problem: unanswered };
        return;
      }
      total = page.total;
      const cells = page.cells.map(({ to, ...cell }) => ({ to: names.get(to) ?? { label: to }, ...cell }));
      yield { from, linkMtu: page.linkMtu, cells };
    }
  };
  yield {
    nodes: [
      { ...self, site: ownSiteOf(node), isSelf: true },
      ...peers.map((peer) => ({ ...nameOf(peer), site: siteOf(peer) })),
    ],
  };
  yield* merged<MatrixLine>([
    () => row(self, (index) => asking.ownPage(index)),
    ...peers.map((peer) => () => {
      const from = nameOf(peer);
      if (peer.state !== "up") return only({ from, problem: `this node does not reach it: ${whyNot(peer)}` });
      return row(from, (index) => asking.ask(peer.address, { kind: "row", from: index }));
    }),
  ]);
}

type Page = { readonly total: number; readonly linkMtu: number; readonly cells: readonly Cell[] };

const unanswered = "it does not answer: its version is older, or its configuration has matrix: false";
const whyNot = ({ trouble, state }: PeerReport): string => trouble ?? `it is ${state}`;
const nameOf = ({ nodeId, label }: PeerReport): NodeName => ({ nodeId, label });

function isOn(survey: Survey | undefined): Survey {
  if (survey) return survey;
  throw new KubespanError("config", "the configuration has matrix: false", {
    hint: "without it this node neither asks others nor answers; remove that line, and reload",
  });
}

/** Measures the paths to all peers, and asks each for addresses in its pod networks. */
export async function* connectivityOf(
  survey: Survey | undefined,
  seen: Seen,
): AsyncGenerator<ConnectivityLine> {
  const asking = isOn(survey);
  const { linkMtu, podAddresses } = presentOf(seen);
  yield { linkMtu, podAddresses };
  yield* merged<ConnectivityLine>(
    seen.status.peers.map(
      (peer) =>
        async function* () {
          const { address } = peer;
          const [{ to: _to, ...cell }, pods] = await Promise.all([
            asking.cellNow(peer, linkMtu),
            peer.state === "up" ? asking.ask(address, { kind: "pods" }) : undefined,
          ]);
          yield {
            peer: nameOf(peer),
            address,
            ...cell,
            ...(cell.way === "none" && { problem: whyNot(peer) }),
            ...routeMtuOf(peer),
            answers: pods !== undefined,
            podAddresses: pods?.addresses ?? [],
          };
        },
    ),
  );
}

const routeMtuOf = ({ pathMtu }: PeerReport): { readonly routeMtu?: number } =>
  pathMtu?.isSmaller && pathMtu.mtu !== undefined ? { routeMtu: pathMtu.mtu } : {};

async function* only<Line>(line: Line): AsyncGenerator<Line> {
  yield line;
}

/** The lines of several sources as they come. So many are asked at one time. */
async function* merged<Line>(sources: readonly (() => AsyncGenerator<Line>)[]): AsyncGenerator<Line> {
  const waiting = sources.values();
  const running = new Map<
    AsyncGenerator<Line>,
    Promise<readonly [AsyncGenerator<Line>, IteratorResult<Line>]>
  >();
  const advance = (source: AsyncGenerator<Line>): void => {
    running.set(
      source,
      source.next().then((step) => [source, step] as const),
    );
  };
  const fill = (): void => {
    while (running.size < mostAsked) {
      const next = waiting.next();
      if (next.done) return;
      advance(next.value());
    }
  };
  for (fill(); running.size > 0; fill()) {
    const [source, step] = await Promise.race(running.values());
    if (step.done) running.delete(source);
    else {
      advance(source);
      yield step.value;
    }
  }
}
