import {
  type Address,
  bitsOf,
  type Family,
  familyOf,
  hostPrefix,
  type Prefix,
  prefixContains,
} from "../../src/net/index.ts";
import { fail } from "./failure.ts";

export interface Route {
  readonly family: Family;
  readonly table: number;
  /** The type of the route: `unicast`, `unreachable`, `blackhole`... */
  readonly type: string;
  readonly to: Prefix;
  readonly device?: string;
  readonly gateway?: Address;
  /** The MTU in bytes. */
  readonly mtu?: number;
  readonly source?: Address;
  readonly metric: number;
  /** The number of the program that made the route; absent where nobody says. */
  readonly protocol?: number;
}

/** The properties that a deletion names. What is absent matches everything. */
export type RouteChoice = Partial<Route> & Pick<Route, "family" | "table" | "to">;

export interface Rule {
  readonly family: Family;
  readonly priority: number;
  readonly table: number;
  readonly mark?: number;
  readonly mask?: number;
  /** The number of the program that made the rule; absent where nobody says. */
  readonly protocol?: number;
}

const [local, main, fallback] = [255, 254, 253];
const rule = (family: Family, priority: number, table: number): Rule => ({ family, priority, table });

/** The tables of routes and the rules that lead to them. */
export class Routing {
  /** The routes, in the order in which a lookup prefers those to the same network. */
  routes: Route[] = [];
  rules: Rule[] = [
    rule(4, 0, local),
    rule(4, 32_766, main),
    rule(4, 32_767, fallback),
    rule(6, 0, local),
    rule(6, 32_766, main),
  ];
  /** The tables. Each comes into being with its first route, and stays. */
  readonly #tables = new Set<string>();

  add(route: Route, isReplaced: boolean): void {
    const isSame = (other: Route): boolean =>
      isAt(other, route) && other.to === route.to && other.metric === route.metric;
    const at = this.routes.findIndex(isSame);
    if (at >= 0 && !isReplaced) fail("RTNETLINK answers: File exists");
    if (at >= 0) this.routes[at] = route;
    else this.routes.push(route);
    this.routes.sort((left, right) => left.metric - right.metric);
    this.#tables.add(`${route.family} ${route.table}`);
  }

  /** Adds the route by which the kernel takes an IPv4 address of a link for its own. Each link has one of its own. */
  addLocal(address: Address, device: string): void {
    const to = hostPrefix(address);
    this.removeLocal(address, device);
    this.routes.unshift({ family: 4, table: local, type: "local", to, device, source: address, metric: 0 });
    this.#tables.add(`4 ${local}`);
  }

  removeLocal(address: Address, link: string): void {
    this.routes = this.routes.filter(
      ({ table, to, device }) => table !== local || device !== link || to !== hostPrefix(address),
    );
  }

  /** Removes the first route that is meant. In IPv4 the metric 0 stands for any. */
  remove(choice: RouteChoice): void {
    if (choice.family === 4 && !this.#tables.has(`4 ${choice.table}`))
      fail("Error: FIB table does not exist.");
    const isMeant = (route: Route): boolean =>
      isAt(route, choice) &&
      route.to === choice.to &&
      (choice.type === undefined || route.type === choice.type) &&
      (choice.device === undefined || route.device === choice.device) &&
      (choice.metric === undefined ||
        (choice.family === 4 && choice.metric === 0) ||
        route.metric === choice.metric);
    const at = this.routes.findIndex(isMeant);
    if (at < 0) fail("RTNETLINK answers: No such process");
    this.routes.splice(at, 1);
  }

  /**
   * Gives the routes of a table in the order in which they are listed. Throws `ToolFailure` for a table that never had a
   * route, unless it may be missing: in a batch, `ip` asks the kernel for all tables and picks one itself.
   */
  inTable(family: Family, table: number, { mayBeMissing = false } = {}): Route[] {
    if (!mayBeMissing && !this.#tables.has(`${family} ${table}`))
      fail(`Error: ipv${family}: FIB table does not exist.\nDump terminated`);
    return this.routes.filter((route) => isAt(route, { family, table }));
  }

  /** Removes the routes through a link that is down. The node's own addresses stay its own. */
  linkIsDown(name: string): void {
    this.routes = this.routes.filter(({ device, table }) => device !== name || table === local);
  }

  /** Removes the routes of a family that a link carries no more; of both families where none is named. */
  linkIsGone(name: string, gone?: Family): void {
    this.routes = this.routes.filter(
      ({ device, family }) => device !== name || (gone !== undefined && family !== gone),
    );
  }

  /** Takes the source from the IPv6 routes whose source is gone. */
  sourceIsGone(address: Address, link: string): void {
    this.routes = this.routes.map((route) => {
      const { source, ...rest } = route;
      return source === address && route.device === link ? rest : route;
    });
  }

  addRule(added: Rule): void {
    if (this.rules.some((each) => isSameRule(each, added, true))) fail("RTNETLINK answers: File exists");
    const later = this.rules.findIndex(
      ({ family, priority }) => family === added.family && priority > added.priority,
    );
    if (later < 0) this.rules.push(added);
    else this.rules.splice(later, 0, added);
  }

  /** Removes the first rule that is like this one. One without a protocol is like those of any. */
  removeRule(choice: Rule): void {
    const at = this.rules.findIndex((each) => isSameRule(each, choice, choice.protocol !== undefined));
    if (at < 0) fail("RTNETLINK answers: No such file or directory");
    this.rules.splice(at, 1);
  }

  /** Finds the route that a packet takes, if any leads there. `ownRoutes` are those to the networks of the links themselves. */
  lookUp(to: Address, mark: number, ownRoutes: readonly Route[]): Route | undefined {
    const family = familyOf(to);
    const all = [...ownRoutes, ...this.routes];
    for (const each of this.rules) {
      const isOther = each.mark !== undefined && ((mark ^ each.mark) & (each.mask ?? -1)) !== 0;
      if (each.family !== family || isOther) continue;
      const found = all.filter((route) => isAt(route, each) && prefixContains(route.to, to));
      const [best] = found.toSorted(
        (left, right) => bitsOf(right.to) - bitsOf(left.to) || left.metric - right.metric,
      );
      if (best && best.type !== "throw") return best;
    }
    return undefined;
  }
}

const isAt = (route: Pick<Route, "family" | "table">, other: Pick<Route, "family" | "table">): boolean =>
  route.family === other.family && route.table === other.table;

const isSameRule = (one: Rule, other: Rule, isByProtocol: boolean): boolean =>
  isAt(one, other) &&
  one.priority === other.priority &&
  one.mark === other.mark &&
  one.mask === other.mask &&
  (!isByProtocol || one.protocol === other.protocol);
