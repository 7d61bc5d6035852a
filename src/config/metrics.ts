import { parseAddressPort } from "../net/index.ts";
import { listOf, matchingText, parsedText, section, trueOrFalse } from "./fields.ts";

const everyAddress: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

const listen = parsedText("an address and a port such as 127.0.0.1:9586 or [::1]:9586", (text) =>
  parseAddressPort(text),
);

const name = matchingText("a host name such as node1.example.com", /^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/);

/** The metrics, and the page beside them. They name the nodes of the mesh and their addresses, so they are shown on every link only where that is said. */
export const metrics = section({
  listen: listen.optional(),
  peers: trueOrFalse().default(true),
  page: trueOrFalse().default(false),
  names: listOf(name, "host names", 16),
  anyAddress: trueOrFalse().default(false),
}).refine(({ listen: at, anyAddress }) => !at || anyAddress || !everyAddress.has(at.host), {
  path: ["listen"],
  error:
    "is every address of this node, at which anybody could read the metrics; expected one address such as 127.0.0.1, or anyAddress: true beside it",
});
