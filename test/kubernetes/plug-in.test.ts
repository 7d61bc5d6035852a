import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { errorOf } from "../../src/discovery/index.ts";
import { until } from "../unit/discovery/loopback.ts";
import { ApiServer } from "./api-server.ts";
import { annotationsOfOne, ownOf, registryOf } from "./registries.ts";

/*
 *   a registry --- kube-apiserver, to which a program of the kubeconfig's gives the token
 */
let server: ApiServer;
beforeAll(async () => {
  server = await ApiServer.start();
});
afterAll(() => server?.close());

test("a plug-in that gives the token is asked again once the API does not know that one any more", async () => {
  await server.createNode("one");
  const kubeconfig = await server.kubeconfigWithPlugIn();
  let said = ownOf("one");
  const one = registryOf("one", kubeconfig, () => said);
  await until(async () => expect(await server.annotations("one")).toEqual(annotationsOfOne));
  await server.replaceAccount();
  // The API server remembers a good token for some seconds: the daemon has news until it is refused.
  await until(() => {
    said = { ...said, apiServerPort: (said.apiServerPort ?? 6443) + 1 };
    one.publish({ own: said, observed: new Map() });
    expect(errorOf(one.state()) ?? "").toContain("does not know who we are");
  });
  await writeFile(server.file("token"), await server.token());
  await until(async () =>
    expect(await server.annotations("one")).toMatchObject({
      "networking.talos.dev/api-server-port": String(said.apiServerPort),
    }),
  );
  await until(() => expect(one.state()).toMatchObject({ phase: "connected" }));
});
