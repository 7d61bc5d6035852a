// What the version of 22 November 2026 left on a disk and said to others, recorded from one: node `a` of two, with the pods
// 10.244.1.0/24 and a peer `b` with 10.244.2.0/24. The secret in it is that of a mesh which nobody has any more.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { beforeEach, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/index.ts";
import { openEnvelope } from "../../../src/discovery/index.ts";
import { loadIdentity, replaceIdentity } from "../../../src/identity/effects/index.ts";
import { LedgerFile } from "../../../src/members/effects/index.ts";
import { LastWorkingFile } from "../../../src/peers/effects/index.ts";
import { readSavedSysctls, writeSavedSysctls } from "../../../src/routing/effects/index.ts";
import { temporaryFolder } from "../temporary-folder.ts";

interface Recorded {
  readonly configuration: string;
  readonly state: Readonly<Record<string, string>>;
  readonly announced: readonly { readonly id: string; readonly data: string; readonly endpoints: string[] }[];
  readonly publicKeys: { readonly b: string };
}
const recorded = JSON.parse(
  await readFile(join(import.meta.dirname, "november-22.json"), "utf8"),
) as Recorded;
const { cluster } = parseConfig(recorded.configuration, "config.yaml");
const [ofA, ofB] = recorded.announced;
const bytes = (base64: string): Uint8Array => Buffer.from(base64, "base64");
const log = pino({ level: "silent" });

let folder: string;
beforeEach(async () => {
  folder = join(await temporaryFolder(), "state");
  await mkdir(folder, { mode: 0o700 });
  for (const [name, text] of Object.entries(recorded.state))
    await writeFile(join(folder, name), text, { mode: 0o600 });
});

const identity = () =>
  loadIdentity({
    stateDirectory: folder,
    hardwareAddress: () => Promise.reject(new Error("there is an identity")),
    random: () => new Uint8Array(),
  });

/** What the former version looks for in a file, by its keys; it takes none of another version of the form. */
async function form(name: string): Promise<readonly string[]> {
  const value = JSON.parse(await readFile(join(folder, name), "utf8")) as Record<string, unknown>;
  expect(value["version"]).toBe(1);
  return Object.keys(value);
}
const formerForm = (name: string): readonly string[] => Object.keys(JSON.parse(recorded.state[name] ?? ""));

test("its configuration means the same", () => {
  expect(parseConfig(recorded.configuration, "config.yaml")).toMatchObject({
    advertisedPrefixes: ["10.244.1.0/24"],
    services: [{ host: "203.0.113.9", port: 3000 }],
  });
});

test("an upgraded node is the same node", async () => {
  expect((await identity()).nodeId).toBe(ofA?.id);
});

test("an upgraded node knows its peer and the peer's networks before a registry answers", async () => {
  const { nodeId } = await identity();
  const { found } = await LedgerFile.open({
    stateDirectory: folder,
    cluster,
    nodeId,
    log,
    clock: Date.now,
  });
  expect([...(found?.members.keys() ?? [])]).toEqual([ofB?.id]);
  const members = JSON.stringify([...(found?.members.values() ?? [])]);
  expect(members).toContain(recorded.publicKeys.b);
  expect(members).toContain("10.244.2.0/24");
  const { lastWorking } = (await LastWorkingFile.open(folder, log, Date.now)).found;
  expect([...lastWorking.values()].map((endpoint) => JSON.stringify(endpoint)).join()).toContain(
    "203.0.113.2",
  );
  expect((await readSavedSysctls(folder))?.sysctls).toMatchObject([{ key: "net/ipv4/ip_forward" }]);
});

test("what a node of it announces is understood", () => {
  const opened = recorded.announced.map(({ id, data, endpoints }) =>
    openEnvelope(cluster.secret, { id, data: bytes(data), endpoints: endpoints.map(bytes) }),
  );
  expect(opened).toMatchObject([
    { affiliate: { nodeName: "a" }, dropped: [] },
    { affiliate: { nodeName: "b", kubespan: { publicKey: recorded.publicKeys.b } }, dropped: [] },
  ]);
  expect(JSON.stringify(opened[1])).toContain("10.244.2.0/24");
});

test("what an upgraded node writes has the form that it reads again after a roll-back", async () => {
  await replaceIdentity(folder, await identity());
  expect(await form("identity.json")).toEqual(formerForm("identity.json"));
  const saved = await readSavedSysctls(folder);
  if (!saved) throw new Error("there are saved settings");
  await writeSavedSysctls(folder, saved);
  expect(await form("sysctls.json")).toEqual(formerForm("sysctls.json"));
  const file = await LastWorkingFile.open(folder, log, Date.now);
  await file.keep(file.found, true);
  await file.keep({ ...file.found, lastWorking: new Map(file.found.lastWorking) }, true);
  expect(await form("endpoints.json")).toEqual(expect.arrayContaining([...formerForm("endpoints.json")]));
});
