import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { type Layout, ownLayout } from "./layouts.ts";

/** What is measured, and where the result goes. */
export interface Options {
  readonly peers: readonly number[];
  readonly repetitions: number;
  readonly milliseconds: number;
  /** The size of an Ethernet frame with IPv4; one with IPv6 is 20 bytes longer. */
  readonly frameBytes: number;
  /** The layouts of the caller, beside those that are known here. */
  readonly own: readonly Layout[];
  readonly form: "table" | "json" | "csv";
  /** The folder that gets marking.svg and marking.json. */
  readonly write: string | undefined;
}

export const usage = `Usage: npm run bench:marking -- [options]

Measures what it costs to lead a packet into the mesh, or past it, with many
peers: the table of the daemon against other layouts. It needs root.

Options:
  --peers N,N,...      numbers of peers, 1 to 5000 each (10,100,300,1000,3000)
  --repetitions N      turns in which all layouts are measured, 1 to 100 (5)
  --milliseconds N     length of one sample, 1 to 10000 (40)
  --size BYTES         Ethernet frame of IPv4, 64 to 1498 (64)
  --layout FILE.nft    rules to measure as well (repeatable)
  --quick              10,300 peers and 3 turns
  --csv, --json        print CSV or one JSON object instead of a table
  --write FOLDER       write marking.svg and marking.json there
  --help               print this help

A layout sets the mark 0x40/0x60 on packets to peers, whose networks it finds in
$peers4 and $peers6. Each packet is counted, so one that does not is an error:

  table inet mine {
    chain prerouting {
      type filter hook prerouting priority filter;
      ip daddr $peers4 meta mark set 0x40
      ip6 daddr $peers6 meta mark set 0x40
    }
    chain output {
      type route hook output priority filter;
      ip daddr $peers4 meta mark set 0x40
      ip6 daddr $peers6 meta mark set 0x40
    }
  }
`;

/** Reads the command line. Throws an error in words for one that is wrong; `undefined` if help was asked for. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peers: { type: "string" },
      repetitions: { type: "string" },
      milliseconds: { type: "string", default: "40" },
      size: { type: "string", default: "64" },
      layout: { type: "string", multiple: true, default: [] },
      quick: { type: "boolean", default: false },
      csv: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      write: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return undefined;
  if (values.csv && values.json) throw new Error("--csv and --json exclude each other");
  const peers = values.peers ?? (values.quick ? "10,300" : "10,100,300,1000,3000");
  return {
    peers: peers.split(",").map((each) => numberIn("--peers", each, 1, 5000)),
    repetitions: numberIn("--repetitions", values.repetitions ?? (values.quick ? "3" : "5"), 1, 100),
    milliseconds: numberIn("--milliseconds", values.milliseconds, 1, 10_000),
    frameBytes: numberIn("--size", values.size, 64, 1498),
    own: values.layout.map((file) => ownLayout(nameOf(file), textOf(file))),
    form: values.csv ? "csv" : values.json ? "json" : "table",
    write: values.write,
  };
}

/** The name of a layout, of which the names of its namespaces are made. */
function nameOf(file: string): string {
  const name = basename(file, ".nft");
  if (/^[a-z0-9-]{1,20}$/.test(name)) return name;
  throw new Error(`--layout ${file}: the name of the file has to be of 1 to 20 letters a to z, digits and -`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Error(`--layout ${file}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function numberIn(option: string, text: string, least: number, most: number): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new Error(`${option} ${text}: it has to be a number from ${least} to ${most}`);
}
