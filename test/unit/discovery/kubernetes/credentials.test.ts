import { chmod, chown, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { loadCredentials } from "../../../../src/discovery/kubernetes/effects/credentials.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { thrownBy } from "../../thrown-by.ts";

async function kubeconfig(user: string): Promise<string> {
  const file = join(await temporaryFolder(), "kubeconfig");
  const text = `apiVersion: v1
kind: Config
clusters: [{name: cluster, cluster: {server: "https://192.0.2.1:6443"}}]
users: [{name: node, user: ${user}}]
contexts: [{name: node, context: {cluster: cluster, user: node}}]
current-context: node
`;
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

const load = (file: string) => loadCredentials(new KubeConfig(), { kubeconfig: file });
const plugIn = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/true}}";

test.each([
  ["a plug-in", plugIn],
  ["a provider of earlier times", "{auth-provider: {name: gcp, config: {cmd-path: /bin/true}}}"],
])("a kubeconfig that names a program (%s) is used only if root alone may write in it", async (_, user) => {
  const file = await kubeconfig(user);
  expect((await load(file)).getCurrentUser()?.name).toBe("node");
  await chmod(file, 0o602);
  const error = await thrownBy(load(file));
  expect(error).toMatchObject({
    code: "config",
    hint: expect.stringContaining(`chmod go-w ${file}`) as string,
  });
  expect(error.message).toContain("it names a program to run, and others than root may write in it");
  await chmod(file, 0o600);
  await chown(file, 65534, 65534);
  expect(await thrownBy(load(file))).toMatchObject({ code: "config" });
});

test("one with a token names no program, whoever may write in it", async () => {
  const file = await kubeconfig("{token: abc}");
  await chmod(file, 0o666);
  expect((await load(file)).getCurrentUser()?.token).toBe("abc");
});
