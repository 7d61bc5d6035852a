import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { INPUT } from "../../src/base/command.ts";
import { type Prefix, parsePrefix, unite } from "../../src/net/index.ts";
import { observeTable } from "../../src/nftables/effects/observe.ts";
import { type DesiredTable, observedTargets, planTable } from "../../src/nftables/index.ts";
import type { Runner } from "../../src/system/index.ts";
import { frame } from "../unit/nftables/frame.ts";
import { apply, makeNamespace, type Namespace } from "./namespace.ts";

/** Networks of texts, as few as possible. */
export const prefixes = (...texts: string[]): Prefix[] =>
  unite(texts.flatMap((text) => parsePrefix(text) ?? []));

/** The table that steers these networks, in a frame that is the same for all tests. */
export const wanted = (...texts: string[]): DesiredTable => ({ ...frame, targets: prefixes(...texts) });

/** A namespace for the tests of a file, whose ruleset is empty when a test begins. */
export interface TableWorld {
  readonly namespace: () => Namespace;
  readonly run: Runner;
  readonly nft: (input: string) => Promise<string>;
  /** Makes one pass, and proves that it was enough. */
  readonly converge: (desired: DesiredTable | undefined) => Promise<void>;
}

/** Makes the namespace before the tests of the file, and removes it after them. */
export function tableWorld(): TableWorld {
  let namespace: Namespace;
  beforeAll(async () => {
    namespace = await makeNamespace("nft");
  });
  afterAll(() => namespace?.remove());
  const run: Runner = (command) => namespace.run(command);
  const nft = (input: string): Promise<string> =>
    run({ program: "nft", args: ["-f", INPUT], input: `${input}\n` });
  beforeEach(() => nft("flush ruleset"));
  const converge = async (desired: DesiredTable | undefined): Promise<void> => {
    await apply(run, planTable(desired, await observeTable(run, "kubespan")));
    const observed = await observeTable(run, "kubespan");
    expect(unite(observedTargets(observed))).toEqual(desired?.targets ?? []);
    expect(planTable(desired, observed)).toEqual([]);
  };
  return { namespace: () => namespace, run, nft, converge };
}
