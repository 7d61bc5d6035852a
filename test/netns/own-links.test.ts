import { afterAll, beforeAll, expect, test } from "vitest";
import { observeHostLinks } from "../../src/routing/effects/index.ts";
import { ownAddresses } from "../../src/routing/index.ts";
import { makeNamespace, type Namespace } from "./namespace.ts";

let namespace: Namespace;
beforeAll(async () => {
  namespace = await makeNamespace("own-links");
  await namespace.sh("ip link add eth0 type veth peer name far-eth0");
  await namespace.sh("ip link set eth0 up");
  await namespace.sh("ip link set far-eth0 up");
});
afterAll(() => namespace?.remove());

test("the links of the host and the addresses that others can reach", async () => {
  for (const line of [
    "ip link add br0 type bridge",
    "ip link set br0 up", // br1 stays down
    "ip link add br1 type bridge",
    "ip link add br2 type bridge",
    "ip link set br2 up",
    "ip link add cni0 type bridge",
    "ip tuntap add tun7 mode tun",
    "ip address add 192.0.2.7/24 dev eth0",
    "ip -6 address add 2001:db8::7/64 dev eth0 nodad",
    "ip -6 address add 2001:db8::8/64 dev eth0 nodad preferred_lft 0",
    "ip address add 10.244.0.1/24 dev cni0",
    "ip address add 10.9.0.1/24 dev br0",
    "ip address add 10.9.1.1/24 dev br1",
    "ip address add 10.9.2.1/24 dev br2",
    "ip address add 203.0.113.9/32 dev lo",
    "ip address add 203.0.113.16/28 dev lo",
    "ip route add default dev br2 metric 7",
  ])
    await namespace.sh(line);
  const links = await observeHostLinks(namespace.run, "kubespan");
  expect(links.map(({ name, kind }) => [name, kind])).toEqual(
    expect.arrayContaining([
      ["lo", undefined],
      ["eth0", "veth"],
      ["br0", "bridge"],
      ["tun7", "tun"],
    ]),
  );
  expect(links.find(({ name }) => name === "eth0")).toMatchObject({ up: true, mtu: 1500 });
  expect(links.find(({ name }) => name === "tun7")).toMatchObject({ up: false, hardwareAddress: undefined });
  const own = ownAddresses(links, { interfaceName: "kubespan", advertisedPrefixes: [] });
  expect(own.usable).toEqual(["192.0.2.7", "2001:db8::7", "10.9.2.1", "2001:db8::8", "203.0.113.9"]);
  expect(own.undialled).toEqual([{ value: "2001:db8::8", reason: "it is deprecated (on eth0)" }]);
  expect(own.leftOut).toEqual(
    expect.arrayContaining([
      { value: "10.244.0.1", reason: "the link belongs to containers or pods (on cni0)", isUsual: true },
      {
        value: "10.9.0.1",
        reason: "the bridge has no port that leads out, and no default route leads there (on br0)",
      },
      {
        value: "10.9.1.1",
        reason: "the bridge has no port that leads out, and no default route leads there (on br1)",
      },
      { value: "203.0.113.16", reason: "it is a network on the loopback link (on lo)", isUsual: true },
    ]),
  );
});

/** Links of these names, with the command of `ip` that makes one. */
const made = (command: string, ...names: readonly string[]) => names.map((name) => ({ name, command }));

test("what is the same on every machine, or another overlay's, is not announced, whatever made it", async () => {
  const links = [
    ...made(
      "link add %s type bridge",
      "docker_gwbridge",
      "nerdctl0",
      "incusbr0",
      "azure0",
      "l4tbr0",
      "mpqemubr0",
    ),
    ...made("link add %s type veth peer name x%s", "tmfifo_net0", "vboxnet0"), // these look like hardware
    ...made("tuntap add %s mode tun", "wt0", "nebula1", "kilo0", "nordlynx"), // in userspace
    ...made("tuntap add %s mode tap", "ztabcdefgh"),
  ];
  for (const [at, { name, command }] of links.entries()) {
    await namespace.sh(`ip ${command.replaceAll("%s", name)}`);
    await namespace.sh(`ip link set ${name} up`);
    await namespace.sh(`ip address add 172.30.${at}.1/24 dev ${name}`);
  }
  const observed = await observeHostLinks(namespace.run, "kubespan");
  const { usable, leftOut } = ownAddresses(observed, {
    interfaceName: "kubespan",
    advertisedPrefixes: [],
  });
  expect(usable.filter((address) => address.startsWith("172.30."))).toEqual([]);
  for (const [at, { name }] of links.entries())
    expect(leftOut).toContainEqual(
      expect.objectContaining({
        value: `172.30.${at}.1`,
        reason: expect.stringMatching(
          new RegExp(`^(?:the bridge has|the link (?:is another overlay's|leads to)).*on ${name}\\)$`),
        ) as string,
      }),
    );
});
