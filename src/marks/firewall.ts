import { hostPrefix, type Prefix, parseAddress, parsePrefix, prefixesTouch } from "../net/index.ts";

/** The things of the mesh that a firewall has to let through. */
export interface Passage {
  /** The name of the mesh's link. */
  readonly interfaceName: string;
  /** The UDP port of WireGuard. */
  readonly listenPort: number;
  /** Whether this node forwards for networks behind it, and those of them that are known. */
  readonly forwards: boolean;
  /** Whether this node is to relay, which is to forward what bears WireGuard's mark. */
  readonly relays?: boolean;
  readonly networks: readonly Prefix[];
}

type Hook = "input" | "forward";

/** A chain that refuses what it does not accept, and in which no rule was seen for something that the mesh needs. */
export interface Block {
  readonly hook: Hook;
  /** The program that keeps the rules, by which they have to be changed. */
  readonly manager: "firewalld" | "ufw" | "nobody";
  readonly place: {
    readonly tool: "nft" | "iptables" | "ip6tables" | "iptables-legacy" | "ip6tables-legacy";
    readonly table: string;
    readonly chain: string;
  };
  /** The chain in words: `nft table inet filter, chain input`. */
  readonly where: string;
  /** The policy or the last rule, which refuses. */
  readonly refusal: string;
  /**
   * The things that are not seen to be accepted: WireGuard's port, what comes by or goes to the link, or what is relayed.
   */
  readonly missing: readonly ("port" | "link" | "relayed")[];
}

interface Chain {
  readonly place: Block["place"];
  readonly hook: Hook;
  policy: string;
  last: string;
}

interface Table {
  readonly chains: Chain[];
  hasPort: boolean;
  hasMark: boolean;
  readonly hasLink: Record<Hook, boolean>;
  isUfw: boolean;
}

/**
 * Reads the rules of this host line by line and finds chains that keep out what the mesh needs. It does not work out
 * what each rule does: a rule anywhere in the table that accepts the port, or has to do with the link, counts as one for
 * it. So it may miss a firewall that does drop something, and takes none for one that drops what it lets through by a
 * rule of its own.
 */
export class FirewallScanner {
  readonly #passage: Passage;
  readonly #isOwn: (table: string) => boolean;
  readonly #tables = new Map<string, Table>();
  #table = "";
  #chain = "";
  #base: Chain | undefined;

  /** `isOwn` tells the tables of the mesh. */
  constructor(passage: Passage, isOwn: (table: string) => boolean) {
    this.#passage = passage;
    this.#isOwn = isOwn;
  }

  /** Reads a line of `nft -t list ruleset`. */
  nft(line: string): void {
    const head = /^(?:table (\S+ \S+)|\tchain (\S+)) \{/.exec(line);
    if (head?.[1] !== undefined) [this.#table, this.#base] = [head[1], undefined];
    else if (head?.[2] !== undefined) [this.#chain, this.#base] = [head[2], undefined];
    else if (this.#isOwn(this.#table) || !line.startsWith("\t\t")) return;
    else this.#nftRule(line.trim());
  }

  #nftRule(rule: string): void {
    const [, hook, policy] = /^type filter hook (input|forward) .*?; policy (\w+);/.exec(rule) ?? [];
    if (hook === "input" || hook === "forward") {
      const place = { tool: nftTool(this.#table, this.#chain), table: this.#table, chain: this.#chain };
      this.#base = { place, hook, policy: policy ?? "accept", last: "" };
      this.#tableNow().chains.push(this.#base);
    } else this.#rule(rule, this.#base);
  }

  /** Reads a line of `iptables-save` of the older back end, which nft does not list. */
  legacy(tool: "iptables-legacy" | "ip6tables-legacy", line: string): void {
    const [, name] = /^\*(\w+)$/.exec(line) ?? [];
    if (name !== undefined) this.#table = `${tool} ${name}`;
    if (this.#table !== `${tool} filter`) return;
    const [, chain, policy = ""] = /^:(INPUT|FORWARD) (\w+)/.exec(line) ?? [];
    const table = this.#tableNow();
    if (chain !== undefined) {
      const hook = chain === "INPUT" ? "input" : "forward";
      table.chains.push({
        place: { tool, table: "filter", chain },
        hook,
        policy: policy.toLowerCase(),
        last: "",
      });
    }
    const [, of, rule] = /^-A (\S+) ?(.*)$/.exec(line) ?? [];
    if (of !== undefined && rule !== undefined)
      this.#rule(
        asNft(rule),
        table.chains.find(({ place }) => place.chain === of),
      );
  }

  #rule(rule: string, base: Chain | undefined): void {
    const table = this.#tableNow();
    if (base) base.last = rule;
    if (/\bufw\w*-/.test(rule)) table.isUfw = true;
    if (!/ ?\b(?:accept|goto|jump)\b/.test(rule)) return;
    if (/\baccept\b/.test(rule) && /\bmark\b/.test(rule)) table.hasMark = true;
    if (/\baccept\b/.test(rule) && namesPort(rule, this.#passage.listenPort)) table.hasPort = true;
    // A rule of a chain to which others lead may be one for either.
    if (namesLink(rule, this.#passage.interfaceName))
      for (const hook of base ? [base.hook] : (["input", "forward"] as const)) table.hasLink[hook] = true;
    if (/\baccept\b/.test(rule) && namesNetwork(rule, this.#passage.networks)) table.hasLink.forward = true;
  }

  #tableNow(): Table {
    const known = this.#tables.get(this.#table);
    if (known) return known;
    const table: Table = {
      chains: [],
      hasPort: false,
      hasMark: false,
      hasLink: { input: false, forward: false },
      isUfw: false,
    };
    this.#tables.set(this.#table, table);
    return table;
  }

  blocks(): Block[] {
    return [...this.#tables].flatMap(([name, table]) =>
      table.chains.flatMap((chain) => this.#blockOf(name, table, chain)),
    );
  }

  #blockOf(name: string, table: Table, { hook, place, policy, last }: Chain): Block[] {
    const { isUfw, hasPort, hasMark, hasLink } = table;
    const { forwards, relays = false } = this.#passage;
    const refuses = policy === "drop" || refusing.test(last);
    const missing = [
      ...(hook === "input" && !hasPort ? (["port"] as const) : []),
      ...(hasLink[hook] || (hook === "forward" && !forwards) ? [] : (["link"] as const)),
      ...(hook === "forward" && relays && !hasMark ? (["relayed"] as const) : []),
    ];
    if (!refuses || missing.length === 0) return [];
    const refusal = policy === "drop" ? "policy drop" : last.slice(0, 100);
    const manager = /firewalld/.test(name) ? "firewalld" : isUfw ? "ufw" : "nobody";
    const where = `${place.tool} table ${place.table}, chain ${place.chain}`;
    return [{ hook, manager, place, where, refusal, missing }];
  }
}

/** The tool by which a table of nftables is changed: iptables keeps its rules in tables of these names. */
const nftTool = (table: string, chain: string): "nft" | "iptables" | "ip6tables" =>
  !/^[A-Z]+$/.test(chain)
    ? "nft"
    : table === "ip filter"
      ? "iptables"
      : table === "ip6 filter"
        ? "ip6tables"
        : "nft";

/** A rule without a condition that refuses. */
const refusing = /^(?:counter(?: packets \d+ bytes \d+)? )?(?:drop|reject(?: with .*)?)$/;

/** Writes the parts of an iptables rule that matter here as nft does. */
const asNft = (rule: string): string =>
  rule
    .replace(/-j ACCEPT/, "accept")
    .replace(/-j DROP/, "drop")
    .replace(/-j REJECT(?: --reject-with \S+)?/, "reject")
    .replace(/-[jg] (\S+)/, "jump $1")
    .replace(/-i (\S+)/, 'iifname "$1"')
    .replace(/-o (\S+)/, 'oifname "$1"')
    .replace(/-s (\S+)/, "saddr $1")
    .replace(/-d (\S+)/, "daddr $1")
    .replace(/--dports? (\S+)/, (_, ports: string) => `dport ${ports.replaceAll(":", "-")}`);

/** Whether a rule has to do with this destination port, alone, in a list or in a range. */
function namesPort(rule: string, port: number): boolean {
  const [, list, single] = /\bdport (?:\{ ([^}]*) \}|(\S+))/.exec(rule) ?? [];
  return (list ?? single ?? "").split(/, ?/).some((each) => {
    const [first = Number.NaN, last = first] = each.split("-").map(Number);
    return first <= port && port <= last;
  });
}

const namesLink = (rule: string, link: string): boolean =>
  [...rule.matchAll(/\b[io]if(?:name)? (?:\{ ([^}]*) \}|(\S+))/g)].some(([, list, single]) =>
    (list ?? single ?? "").split(/, ?/).some((each) => {
      const name = each.replaceAll('"', "");
      return name === link || (/[*+]$/.test(name) && link.startsWith(name.slice(0, -1)));
    }),
  );

const namesNetwork = (rule: string, networks: readonly Prefix[]): boolean =>
  [...rule.matchAll(/\b[sd]addr (?:\{ ([^}]*) \}|(\S+))/g)].some(([, list, single]) =>
    (list ?? single ?? "").split(/, ?/).some((each) => {
      const address = parseAddress(each);
      const named = address ? hostPrefix(address) : parsePrefix(each);
      return named !== undefined && networks.some((network) => prefixesTouch(network, named));
    }),
  );

function nameOf(what: Block["missing"][number], { listenPort, interfaceName }: Passage): string {
  if (what === "relayed") return "what this node relays";
  return what === "port" ? `UDP port ${listenPort}` : interfaceName;
}

/** The warning of `status` about a chain that may keep out what the mesh needs. */
export const blockWarning = (
  { where, hook, refusal, missing }: Block,
  passage: Passage,
): { readonly who: string; readonly what: string } => ({
  who: where,
  what:
    `refuses on ${hook} what no rule accepts (${refusal}), and none was seen for ` +
    `${missing.map((what) => nameOf(what, passage)).join(" and ")}: ` +
    "a tunnel may be up, and nothing pass; 'kubespan doctor' has the lines that accept it",
});
