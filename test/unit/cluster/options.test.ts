import { expect, test } from "vitest";
import { readOrder, usage } from "../../../demo/cluster/options.ts";

test("the cluster is one of Flannel's unless something else is asked for", () => {
  expect(readOrder(["up"])).toMatchObject({
    command: "up",
    variant: { cni: "flannel", backend: "vxlan", proxy: "nftables", advertised: false },
    isChosen: false,
    format: "text",
  });
  const asked = ["ways", "--cni", "/some/cni", "--advertise", "--proxy=iptables", "-o", "junit"];
  expect(readOrder(asked)).toMatchObject({
    command: "ways",
    variant: { cni: { folder: "/some/cni" }, proxy: "iptables", advertised: true },
    isChosen: true,
    format: "junit",
  });
});

test.each([
  [[], "command is one of up, ways"],
  [["down"], "command is one of up, ways"],
  [["up", "--backend", "udp"], "--backend is one of vxlan, host-gw"],
  [["ways", "-o", "xml"], "--output is one of text, json, junit"],
  [["ways", "up"], "there is one command"],
  [["up", "--nothing"], "Unknown option '--nothing'"],
])("%j is refused with a reason", (argv, reason) => {
  const order = readOrder(argv);
  expect(order).toHaveProperty("problem");
  expect((order as { problem: string }).problem).toContain(reason);
});

test("help fits 80 columns", () => {
  expect(readOrder(["up", "--help"])).toBe("help");
  expect(usage.split("\n").filter((line) => line.length > 80)).toEqual([]);
});
