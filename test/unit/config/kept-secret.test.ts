import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { ClusterIdentity } from "../../../src/config/config.ts";
import { keepSecret } from "../../../src/config/effects/kept-secret.ts";
import { loadConfig } from "../../../src/config/effects/load.ts";
import {
  type KeptSecret,
  keptAfter,
  keptText,
  newestSecret,
  parseKept,
  withKept,
} from "../../../src/config/kept-secret.ts";
import { secretStages } from "../../../src/config/secret-stage.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const secret = (number: number): Secret => new Secret(Buffer.alloc(32, number));
const [old, next, later, other] = [secret(1), secret(2), secret(3), secret(4)];
const file: ClusterIdentity = { id: Buffer.alloc(32, 9).toString("base64"), secret: old };

const all = (cluster: ClusterIdentity | undefined) =>
  cluster && [cluster.secret, ...(cluster.accepted ?? [])].map((each) => each.reveal()[0]);

/** The secrets after changes that a node hears of, in order, and what is kept of them. */
function after(...told: readonly (readonly [number: number, stage: KeptSecret["stage"], Secret])[]) {
  let [present, kept]: [ClusterIdentity, KeptSecret | undefined] = [file, undefined];
  for (const [number, stage, of] of told) {
    kept = keptAfter(present, kept, { number, stage, secret: of });
    present = withKept(file, kept) ?? expect.fail("the file counts");
  }
  return { present, kept: kept ?? expect.fail() };
}

describe("the secrets of a node in a change", () => {
  test("are the old one that seals and the new one, then the other way round, then the new one alone", () => {
    expect(all(after([1, "accept", next]).present)).toEqual([1, 2]);
    expect(all(after([1, "accept", next], [1, "seal", next]).present)).toEqual([2, 1]);
    expect(all(after([1, "accept", next], [1, "seal", next], [1, "finish", next]).present)).toEqual([2]);
  });

  test("are as late as what a node hears first, and never go back", () => {
    expect(all(after([1, "seal", next]).present)).toEqual([2, 1]);
    expect(all(after([1, "finish", next]).present)).toEqual([2]);
    expect(all(after([1, "seal", next], [1, "accept", next]).present)).toEqual([2, 1]);
    expect(all(after([1, "finish", next], [1, "accept", next]).present)).toEqual([2]);
  });

  test("of two changes go on from one to the other, and the file still has the first", () => {
    expect(all(after([1, "finish", next], [2, "accept", later]).present)).toEqual([2, 3]);
    expect(all(after([1, "finish", next], [2, "finish", later]).present)).toEqual([3]);
    expect(all(after([1, "accept", next], [2, "accept", later]).present)).toEqual([1, 3, 2]);
    expect(all(after([1, "seal", next], [2, "accept", later]).present)).toEqual([2, 3, 1]);
    expect(all(after([1, "seal", next], [2, "accept", later], [2, "seal", later]).present)).toEqual([
      3, 2, 1,
    ]);
  });

  test("are three at most, with the newest and the one that sealed, whatever comes", () => {
    const stages = fc.constantFrom(...secretStages);
    fc.assert(
      fc.property(fc.array(stages, { minLength: 1, maxLength: 100 }), (told) => {
        const changes = told.map((stage, at) => [at + 1, stage, secret(at + 2)] as const);
        const { present, kept } = after(...changes);
        expect(all(present)?.length).toBeLessThanOrEqual(3);
        expect(newestSecret(present).equals(kept.secret)).toBe(true);
        expect(kept.replaced.length).toBeLessThanOrEqual(64);
        expect(parseKept(keptText(kept))).toEqual(kept);
      }),
    );
  });

  test("give who joins the newest one", () => {
    for (const stage of secretStages) {
      const { present } = after([1, stage, next]);
      expect(newestSecret(present).equals(next)).toBe(true);
    }
    expect(newestSecret({ ...file, accepted: [next] }).equals(old)).toBe(true);
  });
});

describe("a file", () => {
  const { kept } = after([1, "finish", next]);

  test("counts once it has a secret that no command replaced", () => {
    expect(withKept({ ...file, secret: other }, kept)).toBeUndefined();
    expect(withKept({ ...file, id: "another" }, kept)).toBeUndefined();
  });

  test("with the new secret means that, too, and goes on to the next one", () => {
    const edited = { ...file, secret: next };
    expect(all(withKept(edited, kept))).toEqual([2]);
    const again = keptAfter(withKept(edited, kept) ?? expect.fail(), kept, {
      number: 2,
      stage: "seal",
      secret: later,
    });
    expect(all(withKept(edited, again))).toEqual([3, 2]);
    expect(all(withKept(file, again))).toEqual([3, 2]);
  });

  test("keeps what it accepts beside", () => {
    expect(all(withKept({ ...file, accepted: [other] }, kept))).toEqual([2, 4]);
  });
});

const text = (secretText: string, state: string): string =>
  [
    "apiVersion: v1alpha1",
    "kind: DiscoveryIdentityConfig",
    `clusterID: ${file.id}`,
    `clusterSecret: ${secretText}`,
    "---",
    "apiVersion: v1alpha1",
    "kind: KubeSpanDaemonConfig",
    `stateDirectory: ${state}`,
    "",
  ].join("\n");

async function node(of = old) {
  const folder = await temporaryFolder();
  await chmod(folder, 0o700);
  const path = join(folder, "config.yaml");
  await writeFile(path, text(of.revealBase64(), folder), { mode: 0o600 });
  return { folder, path };
}

describe("loadConfig", () => {
  test("gives the secret that is kept, from a file for the owner alone, and leaves the configuration as it is", async () => {
    const { folder, path } = await node();
    const before = await readFile(path, "utf8");
    await keepSecret(folder, after([1, "seal", next]).kept);
    const { config, warnings } = await loadConfig(path);
    expect(all(config.cluster)).toEqual([2, 1]);
    expect(config.cluster.change).toEqual({ number: 1, stage: "seal" });
    expect(warnings).toEqual([]);
    expect((await stat(join(folder, "cluster-secret.json"))).mode & 0o777).toBe(0o600);
    expect(await readFile(path, "utf8")).toBe(before);
  });

  test("warns where the file was changed by hand since, or what is kept is damaged, and never quotes it", async () => {
    const { folder, path } = await node(other);
    await keepSecret(folder, after([1, "seal", next]).kept);
    const changed = await loadConfig(path);
    expect(all(changed.config.cluster)).toEqual([4]);
    expect(changed.warnings).toEqual([expect.stringContaining("was changed since")]);
    await writeFile(join(folder, "cluster-secret.json"), next.revealBase64(), { mode: 0o600 });
    const damaged = await loadConfig(path);
    expect(all(damaged.config.cluster)).toEqual([4]);
    expect(damaged.warnings).toEqual([expect.stringContaining("is damaged")]);
    expect(damaged.warnings.join()).not.toContain(next.revealBase64());
  });
});
