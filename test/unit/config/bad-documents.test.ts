import { describe, expect, test } from "vitest";
import { parseConfig } from "../../../src/config/index.ts";
import { clusterID, clusterSecret, complaints, identity, talos } from "./documents.ts";

const head = (kind: string): string => `apiVersion: v1alpha1\nkind: ${kind}\n`;
/** A document of a kind on lines 1 and 2, its fields from line 3 on, and an identity behind it. */
const file = (kind: string, fields: string): string => `${head(kind)}${fields}\n---\n${identity}`;

describe("keys that are wrong are never shown", () => {
  const expected = "32 random bytes in base64 (44 characters), as 'kubespan gen config' makes";
  test.each([
    [clusterSecret.slice(1), "4:16: clusterSecret is not valid (43 characters)"],
    [`${clusterSecret.slice(0, -1)}A`, "4:16: clusterSecret is not valid (44 characters)"],
    [`[${clusterSecret}]`, "4:16: clusterSecret is not text"],
    [`{${clusterSecret}: 1}`, "4:16: clusterSecret is not text"],
    ["12345", "4:16: clusterSecret is not valid (5 characters)"],
    ["", "4:16: clusterSecret is missing"],
  ])("%s", (value, complaint) => {
    const text = identity.replace(clusterSecret, value);
    expect(complaints(text)).toEqual([
      `${complaint}; expected the secret that all nodes of the cluster share: ${expected}`,
    ]);
  });

  test("a secret that is the id, in whichever alphabet", () => {
    const standard = clusterID.replaceAll("-", "+").replaceAll("_", "/");
    for (const same of [clusterID, standard])
      expect(complaints(identity.replace(clusterSecret, same))).toEqual([
        "4:16: clusterSecret is the same as clusterID, which is sent to the discovery service; expected a value of its own",
      ]);
  });
});

describe("documents", () => {
  const kinds =
    "KubeSpanConfig, KubeSpanEndpointsConfig, DiscoveryIdentityConfig, DiscoveryServiceConfig, KubeSpanDaemonConfig";
  const noIdentity =
    "1:1: no DiscoveryIdentityConfig; expected one with clusterID and clusterSecret, the same on all nodes ('kubespan gen config' makes them)";
  test.each<[string, string, string[]]>([
    ["an empty file", "", [noIdentity]],
    ["comments only", "# nothing\n---\n", [noIdentity]],
    ["no identity", head("KubeSpanDaemonConfig"), [noIdentity]],
    [
      "an unknown kind, nearly right",
      `${identity}---\n${head("KubespanConfg")}`,
      [`7:7: kind is "KubespanConfg"; expected one of ${kinds} (did you mean "KubeSpanConfig"?)`],
    ],
    ["a kind that is no text", `${identity}---\nkind: 7\n`, [`6:7: kind is 7; expected one of ${kinds}`]],
    [
      "a machine configuration of Talos whose secret is cut",
      `version: v1alpha1\nmachine: {}\ncluster:\n  id: ${clusterID}\n  secret: abc\n`,
      [
        "5:11: clusterSecret is not valid (3 characters); expected the secret that all nodes of the cluster share: 32 random bytes in base64 (44 characters), as 'kubespan gen config' makes",
      ],
    ],
    ["no kind", `${identity}---\napiVersion: v1alpha1\n`, [`6:1: kind is missing; expected one of ${kinds}`]],
    [
      "kind misspelt",
      `${identity}---\nKind: KubeSpanConfig\n`,
      [`6:1: kind is missing; expected one of ${kinds} (did you mean it with "Kind"?)`],
    ],
    [
      "another version",
      identity.replace("v1alpha1", "v1beta1"),
      ['1:13: apiVersion is "v1beta1"; expected v1alpha1'],
    ],
    [
      "no version",
      identity.replace("apiVersion: v1alpha1\n", ""),
      ["1:1: apiVersion is missing; expected v1alpha1"],
    ],
    [
      "no map",
      `${identity}---\n- a\n`,
      ["6:1: the document is a list; expected a map with apiVersion and kind"],
    ],
    [
      "a line separator, which would break the message",
      "\u2028",
      ['1:1: the document is "?"; expected a map with apiVersion and kind'],
    ],
    [
      "text",
      `${identity}---\nhello\n`,
      ['6:1: the document is "hello"; expected a map with apiVersion and kind'],
    ],
    [
      "enabled without a registry",
      file("KubeSpanConfig", "mtu: 1400\nenabled: true"),
      [
        "4:10: enabled is true, but no registry tells about other nodes; expected a DiscoveryServiceConfig, or kubernetes.enabled in KubeSpanDaemonConfig",
      ],
    ],
    [
      "two identities",
      `${identity}---\n${identity}`,
      ["6:1: a second DiscoveryIdentityConfig; expected at most one in the file"],
    ],
    [
      "the whole file twice",
      `${talos}---\n${talos}`,
      [
        "26:1: a second KubeSpanConfig; expected at most one in the file",
        "37:1: a second KubeSpanEndpointsConfig; expected at most one in the file",
        "41:1: a second DiscoveryIdentityConfig; expected at most one in the file",
        '48:7: name "primary" stands in another DiscoveryServiceConfig too; expected a name of its own',
      ],
    ],
  ])("%s", (_, text, expected) => {
    expect(complaints(text)).toEqual(expected);
  });

  test("all problems at once, in the order of the file", () => {
    const text = `${file("KubeSpanConfig", "mtu: -1\nenabled: 2\nextra: 3")}---\n${head("KubeSpanDaemonConfig")}log: {level: loud, format: xml}\n`;
    expect(complaints(text).map((line) => line.split("; ")[0])).toEqual([
      "3:6: mtu is -1",
      "4:10: enabled is 2",
      "5:1: extra is not known here",
      '14:14: log.level is "loud"',
      '14:28: log.format is "xml"',
    ]);
  });

  test("the message names the file and says how many, the hint what to do", () => {
    expect(() => parseConfig("kind: 1", "/etc/x.yaml")).toThrow(
      expect.objectContaining({
        code: "config",
        exitCode: 3,
        message: expect.stringMatching(/^the configuration has a problem:\n\/etc\/x\.yaml:1:7: /) as string,
        hint: "correct the file, then check it with: kubespan validate /etc/x.yaml",
      }),
    );
  });

  test("no more than fifty problems are listed", () => {
    const lines = complaints(
      file("KubeSpanConfig", Array.from({ length: 70 }, (_, index) => `q${index}: 1`).join("\n")),
    );
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toBe(" 20 more");
  });
});
