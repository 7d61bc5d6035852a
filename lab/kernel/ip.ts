import {
  type Address,
  type Family,
  familyOf,
  type Prefix,
  parseAddress,
  parsePrefix,
} from "../../src/net/index.ts";
import { batchIn, fail, Words } from "./failure.ts";
import { addressesText, routesText, rulesText } from "./ip-text.ts";
import type { Link, Links } from "./links.ts";
import type { Route, Rule } from "./routing.ts";

interface Host {
  readonly links: Links;
  /** Takes the name of a link that comes up. */
  readonly onUp: (name: string) => void;
}

/** Carries out `ip` as far as the mesh and its tests use it: `link`, `address`, `route` and `rule`, and a batch of these. */
export function ip(host: Host, args: readonly string[], input: string | undefined): string {
  const words = new Words(args);
  const options: string[] = [];
  while (words.first?.startsWith("-")) options.push(words.take());
  const lines = options.includes("-batch") ? batchIn(words.take(), input) : [words];
  return lines.map((line) => carryOut(host, line, options)).join("");
}

function carryOut({ links, onUp }: Host, words: Words, options: readonly string[]): string {
  const family: Family = options.includes("-6") ? 6 : 4;
  const isBoth = !options.includes("-6") && !options.includes("-4");
  const [object, verb] = [words.take(), words.take()];
  switch (`${object} ${verb}`) {
    case "link add":
      return addLink(links, words);
    case "link set":
      return setLink(links, onUp, words);
    case "link del":
      links.remove(words.take());
      return "";
    case "address show":
      return addressesText(shownLinks(links, words), {
        isDetailed: options.includes("-d"),
        family: isBoth ? undefined : family,
      });
    case "address add":
    case "address del":
      return changeAddress(links, verb === "add", words);
    case "route show":
      return routesText(shownRoutes(links, family, words, options.includes("-batch")), {
        isNumeric: options.includes("-N"),
      });
    case "route add":
    case "route replace":
      links.addRoute(routeIn(words, family), verb === "replace");
      return "";
    case "route del": {
      const { metric, type, ...choice } = routeIn(words, family, { isChoice: true });
      links.routing.remove({ ...choice, ...(metric >= 0 && { metric }), ...(type !== "any" && { type }) });
      return "";
    }
    case "rule show":
      return rulesText(links.routing.rules.filter((rule) => rule.family === family));
    case "rule add":
      links.routing.addRule(ruleIn(words, family));
      return "";
    case "rule del":
      links.routing.removeRule(ruleIn(words, family));
      return "";
    default:
      return fail(`Command "${verb}" is unknown, try "ip ${object} help".`);
  }
}

function shownRoutes(links: Links, family: Family, words: Words, mayBeMissing: boolean): Route[] {
  const routes = links.routing.inTable(family, tableIn(words), { mayBeMissing });
  if (words.takes("proto")) {
    const protocol = words.takeNumber();
    // What was asked for is not repeated in the answer.
    return routes
      .filter((route) => route.protocol === protocol)
      .map(({ protocol: _asked, ...route }) => route);
  }
  if (!words.takes("exact")) return routes;
  const network = networkIn(words.take(), family);
  return routes.filter(({ to }) => to === network);
}

function addLink(links: Links, words: Words): string {
  const name = words.take();
  if (!words.takes("type")) return fail('Not enough information: "type" argument is required');
  const kind = words.take();
  const peer = words.takes("peer") && words.takes("name") ? words.take() : undefined;
  links.add(name, kind, peer);
  return "";
}

function setLink(links: Links, onUp: (name: string) => void, words: Words): string {
  const link = links.get(words.take());
  while (!words.isEmpty) {
    const word = words.take();
    if (word === "mtu") link.mtu = words.takeNumber();
    else if (word === "address") link.hardwareAddress = words.take();
    else if (word === "up" || word === "down") links.setUp(link, word === "up");
    else return fail(`Error: either "dev" is duplicate, or "${word}" is a garbage.`);
    if (word === "up") onUp(link.name);
  }
  return "";
}

function shownLinks(links: Links, words: Words): Link[] {
  if (!words.takes("dev")) return [...links.all.values()];
  const name = words.take();
  return [links.all.get(name) ?? fail(`Device "${name}" does not exist.`)];
}

function changeAddress(links: Links, isAdded: boolean, words: Words): string {
  const [text = "", bitsText] = words.take().split("/");
  const address = addressIn(text);
  const bits = bitsText === undefined ? (familyOf(address) === 4 ? 32 : 128) : Number(bitsText);
  let [name, scope] = ["", "global"];
  while (!words.isEmpty) {
    const word = words.take();
    if (word === "dev") name = words.take();
    else if (word === "scope") scope = words.take();
    else if (word !== "nodad") return fail(`Error: either "local" is duplicate, or "${word}" is a garbage.`);
  }
  if (isAdded) links.addAddress(links.get(name), { address, bits, scope });
  else links.removeAddress(links.get(name), address, bits);
  return "";
}

const routeTypes = ["unreachable", "blackhole", "prohibit", "throw", "local", "unicast"];
const mainTable = 254;

const tableIn = (words: Words): number => (words.takes("table") ? words.takeNumber() : mainTable);

/** Reads a route. One that chooses among routes may leave out its type, which is `any` then, and its metric, which is -1. */
function routeIn(words: Words, family: Family, { isChoice = false } = {}): Route {
  const isTyped = words.first !== undefined && routeTypes.includes(words.first);
  const type = isTyped ? words.take() : isChoice ? "any" : "unicast";
  const found: { -readonly [Name in keyof Route]: Route[Name] } = {
    family,
    type,
    to: networkIn(words.take(), family),
    table: mainTable,
    metric: isChoice ? -1 : family === 4 ? 0 : 1024,
  };
  while (!words.isEmpty) {
    const word = words.take();
    if (word === "dev") found.device = words.take();
    else if (word === "via") found.gateway = addressIn(words.take());
    else if (word === "table") found.table = words.takeNumber();
    else if (word === "mtu") found.mtu = words.takeNumber();
    else if (word === "src") found.source = addressIn(words.take());
    else if (word === "metric") found.metric = words.takeNumber();
    else if (word === "proto") found.protocol = words.takeNumber();
    else return fail(`Error: either "to" is duplicate, or "${word}" is a garbage.`);
  }
  return found;
}

function ruleIn(words: Words, family: Family): Rule {
  const found: { -readonly [Name in keyof Rule]: Rule[Name] } = { family, priority: 0, table: mainTable };
  while (!words.isEmpty) {
    const word = words.take();
    if (word === "priority") found.priority = words.takeNumber();
    else if (word === "lookup") found.table = words.takeNumber();
    else if (word === "protocol") found.protocol = words.takeNumber();
    else if (word === "fwmark") {
      const [mark, mask = "0xffffffff"] = words.take().split("/");
      found.mark = Number(mark);
      found.mask = Number(mask);
    } else return fail(`Error: argument "${word}" is wrong`);
  }
  return found;
}

const addressIn = (text: string): Address =>
  parseAddress(text) ?? fail(`Error: any valid prefix is expected rather than "${text}".`);

function networkIn(text: string, family: Family): Prefix {
  if (text === "default") return (family === 4 ? "0.0.0.0/0" : "::/0") as Prefix;
  return parsePrefix(text) ?? fail(`Error: any valid prefix is expected rather than "${text}".`);
}
