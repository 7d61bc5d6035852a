import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { annotationNames } from "../../../../src/discovery/kubernetes/annotations.ts";
import type { NodeEvent, NodesApi } from "../../../../src/discovery/kubernetes/effects/nodes-api.ts";
import { followNodes } from "../../../../src/discovery/kubernetes/effects/session.ts";
import { KnownNodes } from "../../../../src/discovery/kubernetes/known-nodes.ts";
import { type KubernetesNode, readNode } from "../../../../src/discovery/kubernetes/node.ts";
import type { NodePage, SeenNode } from "../../../../src/discovery/kubernetes/seen-node.ts";
import { idOf, nameOf } from "../samples.ts";

interface NodeText {
  readonly uid?: string;
  readonly version: number;
  readonly podCIDRs?: readonly string[];
}

function nodeOf(name: string, { uid = "u", version, podCIDRs = [] }: NodeText): KubernetesNode {
  const annotations = { [annotationNames.nodeId]: idOf(name) };
  const node = readNode({
    metadata: { name, uid, resourceVersion: String(version), annotations },
    spec: { podCIDRs },
  });
  if (!node) throw new Error("no node");
  return node;
}

const outline = (name: string, text: NodeText, isUnready = false): SeenNode => ({
  node: nodeOf(name, text),
  isOutline: true,
  isUnready,
});

const page = (version: number, nodes: readonly SeenNode[], next?: string): NodePage => ({
  nodes,
  resourceVersion: String(version),
  ...(next !== undefined && { next }),
});

class Gone extends Error {
  readonly statusCode = 410;
}

/** An API that answers as the test says, and whose watches last until the test ends them. */
class FakeApi implements NodesApi {
  readonly location = "https://192.0.2.1";
  readonly isChecked = true;
  readonly lists: (NodePage | Error)[] = [];
  readonly listed: (string | undefined)[] = [];
  readonly watched: string[] = [];
  readonly readNames: string[] = [];
  readonly whole = new Map<string, unknown>();
  present = "100";
  asked = 0;
  tell: (event: NodeEvent) => void = () => undefined;
  /** Ends the present watch. */
  fail: (error: Error) => void = () => undefined;

  list(next: string | undefined): Promise<NodePage> {
    this.listed.push(next);
    const answer = this.lists.shift() ?? new Error("no more lists");
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }
  version(): Promise<string> {
    this.asked++;
    return Promise.resolve(this.present);
  }
  watch(from: string, events: Parameters<NodesApi["watch"]>[1], signal: AbortSignal): Promise<void> {
    this.watched.push(from);
    events.onOpen();
    this.tell = events.onEvent;
    return new Promise((_, reject) => {
      this.fail = reject;
      signal.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
    });
  }
  patch(): Promise<unknown> {
    return Promise.reject(new Error("nothing is written here"));
  }
  read(name: string): Promise<unknown> {
    this.readNames.push(name);
    return Promise.resolve(this.whole.get(name));
  }
}

const bookmark = (version: number): NodeEvent => ({ type: "BOOKMARK", seen: [], version: String(version) });
const modified = (seen: SeenNode): NodeEvent => ({
  type: "MODIFIED",
  seen: [seen],
  version: seen.node.resourceVersion,
});

function follow(api: FakeApi) {
  const stop = new AbortController();
  const known = new KnownNodes(idOf("own"), "own");
  const [unclear, wentBack]: [string[], string[][]] = [[], []];
  const events = {
    onWatching: () => undefined,
    onChange: () => undefined,
    onUnclear: ({ name }: KubernetesNode) => unclear.push(name),
    onWentBack: (...versions: string[]) => wentBack.push(versions),
  };
  const ended = followNodes({ api, known, position: {}, events, ownName: "own" }, stop.signal);
  ended.catch(() => undefined);
  onTestFinished(() => stop.abort());
  return { known, unclear, wentBack, ended };
}

const namesIn = (known: KnownNodes): string[] => known.affiliates().map(({ nodeId }) => nameOf(nodeId));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

const ownObject = {
  metadata: { name: "own", uid: "u", resourceVersion: "90" },
  spec: { podCIDRs: ["10.244.1.0/24"] },
};

describe("outlines", () => {
  test("the own Node is read whole, and others only when they may be silent", async () => {
    const api = new FakeApi();
    api.whole.set("own", ownObject);
    api.lists.push(page(100, [outline("a", { version: 80 }), outline("own", { version: 90 })]));
    const { known, unclear } = follow(api);
    await pass(10);
    expect(api.readNames).toEqual(["own"]);
    expect(known.podNetworks()).toEqual(["10.244.1.0/24"]);
    api.tell(modified(outline("a", { version: 101 })));
    api.tell(modified(outline("b", { version: 102 })));
    expect(unclear).toEqual([]);
    expect(namesIn(known)).toEqual(["a", "b"]);
    api.tell(modified(outline("b", { version: 103 }, true)));
    api.tell(modified(outline("own", { version: 104 })));
    expect(unclear).toEqual(["b", "own"]);
    expect(known.podNetworks()).toEqual(["10.244.1.0/24"]);
  });

  test("a Node that was made anew for this node has no pod networks until they are known, rather than none", async () => {
    const api = new FakeApi();
    api.lists.push(page(100, [outline("a", { version: 80 })]));
    const { known, unclear } = follow(api);
    await pass(10);
    api.tell(modified(outline("own", { version: 101 })));
    expect(unclear).toEqual(["own"]);
    expect(known.own()).toBeUndefined();
    known.put(nodeOf("own", { version: 101, podCIDRs: ["10.244.1.0/24"] }));
    api.tell(modified(outline("own", { version: 101 }))); // the write's answer has told it
    expect(unclear).toEqual(["own"]);
  });
});

describe("an API that went back", () => {
  test.each<[string, (api: FakeApi) => void]>([
    ["a bookmark is older", (api) => api.tell(bookmark(60))],
    ["an event is older", (api) => api.tell(modified(outline("a", { version: 60 })))],
    ["it is silent, and its version is older", (api) => (api.present = "60")],
  ])("%s: all Nodes are listed again within a minute, and nobody is taken for deleted", async (_, goBack) => {
    const api = new FakeApi();
    api.lists.push(page(100, [outline("a", { version: 80 }), outline("b", { version: 81 })]));
    const { known, wentBack } = follow(api);
    await pass(10);
    api.lists.push(page(60, [outline("a", { version: 50 })]));
    goBack(api);
    api.present = "60";
    await pass(60_000);
    expect(wentBack).toEqual([["60", "100"]]);
    expect(api.watched).toEqual(["100", "60"]);
    expect(namesIn(known)).toEqual(["a"]);
    expect([...known.deleted()]).toEqual([]);
  });

  test("while it tells something, nobody asks it whether it did", async () => {
    const api = new FakeApi();
    api.lists.push(page(100, []));
    follow(api);
    await pass(10);
    for (let version = 101; version < 111; version++) {
      api.tell(bookmark(version));
      await pass(30_000);
    }
    expect(api.asked).toBe(0);
  });
});

describe("a position that the API no longer knows", () => {
  test("in the middle of a list: it begins anew", async () => {
    const api = new FakeApi();
    api.lists.push(page(100, [outline("a", { version: 80 })], "more"), new Gone(), page(110, []));
    const { ended } = follow(api);
    await pass(5_000);
    expect(api.listed).toEqual([undefined, "more", undefined]);
    expect(api.watched).toEqual(["110"]);
    await expect(Promise.race([ended, Promise.resolve("goes on")])).resolves.toBe("goes on");
  });

  test("in a watch: the nodes of a large cluster list one after the other", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const api = new FakeApi();
    const many = Array.from({ length: 1_000 }, (_, index) => outline(`n${index}`, { version: 80 }));
    api.lists.push(page(100, many), page(110, many));
    follow(api);
    await pass(10);
    api.fail(new Gone());
    await pass(9_500);
    expect(api.listed).toHaveLength(1);
    await pass(2_000);
    expect(api.listed).toHaveLength(2);
    expect(api.watched).toEqual(["100", "110"]);
  });
});
