import { hash } from "node:crypto";
import { z } from "zod";
import type { Secret } from "../base/index.ts";
import { onceFor, readJson } from "../base/index.ts";
import type { ClusterIdentity } from "../config/index.ts";
import type { Affiliate } from "../discovery/index.ts";
import { decodeAffiliate, encodeAffiliate, limits, openData, secretsOf } from "../discovery/index.ts";
import { type Endpoint, type Prefix, parseEndpoint, parsePrefix } from "../net/index.ts";
import { claimOf, networksClaimed } from "./claim.ts";
import { contentsAfter } from "./journal.ts";
import type { Known, Member, Members } from "./member.ts";
import { mostOwnerless, type Ownerless } from "./ownerless.ts";

/** The members of a cluster as they were known once, without this node. */
export interface Ledger {
  /** The time at which the members were last known to be so, in milliseconds since 1970 on this node's clock. */
  readonly savedAt: number;
  readonly members: Members;
  /** The pod networks of this node, as registries told them; absent if none ever did. */
  readonly podNetworks?: readonly Prefix[];
  /** The id of the boot in which it was written; absent in those of earlier versions. */
  readonly bootID?: string;
  /** The networks whose owners are not known; absent for none. */
  readonly ownerless?: Ownerless;
}

/** The largest size of the file in bytes. The contents are bounded so that they always fit, sealed and in base64. */
export const largestLedger = 16 * 1024 * 1024;
const largestContent = 10 * 1024 * 1024;
/** The largest size of one affiliate in base64. Several registries together may say more than one of them accepts. */
const largestData = 4 * limits.dataBytes;

const mostMembers = 2 * limits.affiliatesPerCluster;
const mostPodNetworks = 16;

const time = z.int().nonnegative();
const said = z.strictObject({
  data: z.base64().max(largestData),
  endpoints: z.array(z.string().max(64)).max(limits.endpointsPerAffiliate),
});

const stored = z.strictObject({
  sealed: said.optional(),
  unsealed: said.optional(),
  number: time,
  announcedAt: time,
  /** The times in the order in which `networksClaimed` gives the networks. */
  claimedSince: z.array(time),
  connectedAt: time.optional(),
  lostAt: time.optional(),
  lostAfter: time.optional(),
  standing: z.enum(["present", "absent", "released"]),
  since: time.optional(),
  why: z.string().max(200).optional(),
  until: z.enum(["named", "renewed"]).optional(),
});

const envelope = z.union([
  /** The formats until November 2026, sealed with the cluster secret. */
  z.strictObject({ version: z.union([z.literal(1), z.literal(2)]), sealed: z.base64().max(largestLedger) }),
  z.strictObject({
    version: z.literal(3),
    /** SHA-256 of the content in base64. */
    digest: z.base64().length(44),
    content: z.base64().max(largestLedger),
  }),
]);

const shared = {
  clusterId: z.string(),
  savedAt: time,
  bootID: z.string().max(64).optional(),
  podNetworks: z.array(z.string().max(64)).max(mostPodNetworks).optional(),
};
const contents = {
  /**
   * The format until November 2026: the affiliates that registries had told, and nothing else that was known of them.
   */
  1: z.strictObject({ ...shared, affiliates: z.array(said).max(limits.affiliatesPerCluster) }),
  2: z.strictObject({
    ...shared,
    members: z.array(stored).max(mostMembers),
    ownerless: z
      .strictObject({ networks: z.array(z.string().max(64)).max(mostOwnerless), since: time })
      .optional(),
  }),
};

/** What is written behind the file: the members that differ from before. */
const entry = z.strictObject({ savedAt: time, members: z.array(stored).max(mostMembers) });

/**
 * The texts of the members by node id, without the time. Equal members have equal texts, whatever their order. Members that exceed
 * the bounds are left out.
 */
export function ledgerItems(members: Members): ReadonlyMap<string, string> {
  const items = new Map<string, string>();
  let room = largestContent;
  for (const [nodeId, member] of [...members].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const item = itemOf(member);
    if (item === undefined || item.length > room || items.size >= mostMembers) continue;
    items.set(nodeId, item);
    room -= item.length + 1;
  }
  return items;
}

/**
 * The precision in milliseconds with which handshakes are written, so that a thousand of them are no reason to write
 * the file again. A connected peer shakes hands every two minutes, and is let go only after many hours.
 */
const handshakesToMs = 10 * 60_000;

/** The text of one member; `undefined` if it exceeds the bounds. */
const itemOf = onceFor((member: Member): string | undefined => {
  const {
    nodeId: _id,
    revision: _revision,
    silentAt: _silentAt,
    claim,
    sealed,
    unsealed,
    claimedSince,
    ...rest
  } = member;
  const parts = { sealed: sealed && saidBy(sealed), unsealed: unsealed && saidBy(unsealed) };
  if ([parts.sealed, parts.unsealed].some((part) => (part?.data.length ?? 0) > largestData)) return undefined;
  const since = networksClaimed(claim).map((prefix) => claimedSince.get(prefix) ?? member.announcedAt);
  const { connectedAt = 0 } = rest;
  const item: z.input<typeof stored> = {
    ...parts,
    ...rest,
    claimedSince: since,
    ...(connectedAt > 0 && { connectedAt: connectedAt - (connectedAt % handshakesToMs) }),
  };
  return JSON.stringify(item);
});

const saidBy = (affiliate: Affiliate): z.input<typeof said> => ({
  data: Buffer.from(encodeAffiliate(affiliate)).toString("base64"),
  endpoints: (affiliate.kubespan?.endpoints ?? []).slice(0, limits.endpointsPerAffiliate),
});

/**
 * The text of the file, with a digest by which a damaged one is recognized, and which its journal follows. It is not sealed with the cluster secret: that
 * may change, on one node after the other, and a node that forgot the others then would send to them in clear. No seal
 * would hide it from root, or keep root from changing it, who alone can read the file.
 */
export function ledgerText(
  cluster: { readonly id: string },
  items: ReadonlyMap<string, string>,
  savedAt: number,
  { podNetworks = [], bootID, ownerless }: Pick<Ledger, "podNetworks" | "bootID" | "ownerless"> = {},
): { readonly text: string; readonly digest: string } {
  const networks = podNetworks.length === 0 ? undefined : podNetworks.slice(0, mostPodNetworks);
  const unowned = ownerless?.networks.length
    ? { ...ownerless, networks: ownerless.networks.slice(0, mostOwnerless) }
    : undefined;
  const known = { clusterId: cluster.id, savedAt, bootID, podNetworks: networks, ownerless: unowned };
  const head = JSON.stringify(known);
  const plain = Buffer.from(`${head.slice(0, -1)},"members":[${[...items.values()].join(",")}]}`);
  const digest = digestOf(plain);
  // Nothing in base64 has to be escaped, and to look for it in a megabyte takes time.
  return { text: `{"version":3,"digest":"${digest}","content":"${plain.toString("base64")}"}\n`, digest };
}

const digestOf = (plain: string | Buffer): string => hash("sha256", plain, "base64");

/** The content of a file, and the form that it has; `undefined` for one that is damaged, or cannot be opened. */
function contentOf(
  outer: z.output<typeof envelope>,
  secrets: readonly Secret[],
): { readonly plain: string; readonly form: 1 | 2 } | undefined {
  if (outer.version === 3) {
    const plain = Buffer.from(outer.content, "base64").toString();
    return digestOf(plain) === outer.digest ? { plain, form: 2 } : undefined;
  }
  const sealed = Buffer.from(outer.sealed, "base64");
  const [plain] = secrets.flatMap((secret) => openData(secret, sealed)?.toString() ?? []);
  return plain === undefined ? undefined : { plain, form: outer.version };
}

/**
 * Reads the text of the file as warily as the messages of a service, and the journal that follows it. A file that is damaged,
 * or of another cluster, is refused. A member in it that cannot be read is left out.
 */
export function openLedger(
  cluster: ClusterIdentity,
  nodeId: string,
  text: string,
  journal = "",
): Ledger | { readonly refused: string } {
  const outer = readJson(text, envelope);
  if ("problem" in outer) return { refused: "it is not a ledger of this version" };
  const content = contentOf(outer.value, secretsOf(cluster));
  if (!content) return { refused: "it is damaged, or of an earlier version and another secret" };
  const inner = readJson(content.plain, contents[content.form]);
  if ("problem" in inner) return { refused: "its contents have another shape" };
  const known = inner.value;
  if (known.clusterId !== cluster.id) return { refused: "it is of another cluster" };
  const { bootID } = known;
  const entries = outer.value.version === 3 ? entriesAfter(outer.value.digest, journal) : [];
  const savedAt = entries.at(-1)?.savedAt ?? known.savedAt;
  const members = [
    ...("members" in known
      ? known.members.flatMap(memberFrom)
      : known.affiliates.flatMap((each) => memberHeard(each, known.savedAt))),
    ...entries.flatMap((later) => later.members.flatMap(memberFrom)), // who is there twice is as the last one says
  ];
  const podNetworks = known.podNetworks?.flatMap((each) => parsePrefix(each) ?? []);
  const ownerless = "members" in known ? known.ownerless : undefined;
  return {
    savedAt,
    members: new Map(members.filter((each) => each.nodeId !== nodeId).map((each) => [each.nodeId, each])),
    ...(podNetworks && { podNetworks }),
    ...(bootID !== undefined && { bootID }),
    ...(ownerless && {
      ownerless: { ...ownerless, networks: ownerless.networks.flatMap((each) => parsePrefix(each) ?? []) },
    }),
  };
}

/** The entries of a journal, up to the first one that cannot be read. */
function entriesAfter(digest: string, journal: string): z.output<typeof entry>[] {
  const entries: z.output<typeof entry>[] = [];
  for (const content of contentsAfter(digest, journal)) {
    const read = readJson(content, entry);
    if ("problem" in read) break;
    entries.push(read.value);
  }
  return entries;
}

function memberFrom(item: z.output<typeof stored>): Member[] {
  const [sealed, unsealed] = [
    item.sealed && affiliateFrom(item.sealed),
    item.unsealed && affiliateFrom(item.unsealed),
  ];
  const claim = claimOf(sealed, unsealed);
  if (!claim?.kubespan) return [];
  const { number, announcedAt, connectedAt, lostAt, lostAfter } = item;
  const known: Known = {
    nodeId: claim.nodeId,
    claim,
    revision: 0,
    ...(sealed && { sealed }),
    ...(unsealed && { unsealed }),
    number,
    announcedAt,
    claimedSince: new Map(
      networksClaimed(claim).map((prefix, index) => [prefix, item.claimedSince[index] ?? announcedAt]),
    ),
    ...(connectedAt !== undefined && { connectedAt }),
    ...(lostAt !== undefined && { lostAt }),
    ...(lostAfter !== undefined && { lostAfter }),
  };
  const { standing, since = announcedAt, why = "", until = "named" } = item;
  if (standing === "present") return [{ ...known, standing }];
  return standing === "absent"
    ? [{ ...known, standing, since, why }]
    : [{ ...known, standing, since, why, until }];
}

function memberHeard(item: z.output<typeof said>, savedAt: number): Member[] {
  const claim = affiliateFrom(item);
  if (!claim?.kubespan) return [];
  return [
    {
      nodeId: claim.nodeId,
      claim,
      revision: 0,
      sealed: claim,
      number: claim.membership?.number ?? 0,
      announcedAt: savedAt,
      claimedSince: new Map(networksClaimed(claim).map((prefix) => [prefix, savedAt])),
      standing: "present",
    },
  ];
}

function affiliateFrom({ data, endpoints }: z.output<typeof said>): Affiliate | undefined {
  const result = decodeAffiliate(Buffer.from(data, "base64"), endpoints.flatMap(endpointFrom));
  return "affiliate" in result ? result.affiliate : undefined;
}

const endpointFrom = (text: string): Endpoint[] => {
  const endpoint = parseEndpoint(text);
  return endpoint === undefined ? [] : [endpoint];
};
