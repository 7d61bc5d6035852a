import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Address } from "../../../src/net/index.ts";
import { actionBody, readAnswer, readControls } from "../../../src/port-mapping/igd.ts";
import { readLocation, searches, urlAt } from "../../../src/port-mapping/ssdp.ts";

const gateway = "192.168.1.1" as Address;
const location = new URL("http://192.168.1.1:5000/root.xml");
const wanIp = "urn:schemas-upnp-org:service:WANIPConnection:1";

const answer = (...headers: readonly string[]): Buffer =>
  Buffer.from(["HTTP/1.1 200 OK", ...headers, "", ""].join("\r\n"));
const service = (type: string, controlURL: string): string =>
  `<service><serviceType>${type}</serviceType><controlURL>${controlURL}</controlURL></service>`;
const root = (...services: readonly string[]): string =>
  `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><serviceList>${services.join("")}</serviceList></device></root>`;

test("a search names the gateway's kind, both versions of it", () => {
  expect(searches("192.168.1.1").map(String)).toEqual(
    ["1", "2"].map((version) => expect.stringContaining(`InternetGatewayDevice:${version}\r\n`)),
  );
});

describe("where a gateway describes itself", () => {
  test("is what its answer says", () => {
    expect(readLocation(answer("Location: http://192.168.1.1:5000/root.xml"), gateway)?.href).toBe(
      location.href,
    );
  });

  test.each([
    ["another host", answer("LOCATION: http://192.168.1.66/root.xml")],
    ["a name", answer("LOCATION: http://router.example/root.xml")],
    ["this host", answer("LOCATION: http://127.0.0.1:8080/")],
    ["a host before the gateway's name", answer("LOCATION: http://192.168.1.1@192.168.1.66/")],
    ["credentials", answer("LOCATION: http://root:root@192.168.1.1/")],
    ["a file", answer("LOCATION: file:///etc/passwd")],
    ["TLS, for which the gateway has no name", answer("LOCATION: https://192.168.1.1/")],
    ["nothing", answer("ST: upnp:rootdevice")],
    ["a path alone", answer("LOCATION: /root.xml")],
    ["a long URL", answer(`LOCATION: http://192.168.1.1/${"a".repeat(600)}`)],
    ["a long answer", answer("LOCATION: http://192.168.1.1/", `X: ${"a".repeat(3000)}`)],
    ["a search", Buffer.from("M-SEARCH * HTTP/1.1\r\nLOCATION: http://192.168.1.1/\r\n\r\n")],
  ])("is not believed where it says %s", (_, packet) => {
    expect(readLocation(packet, gateway)).toBeUndefined();
  });

  test("is at the gateway whatever the bytes are", () => {
    const packet = fc.oneof(
      fc.uint8Array({ maxLength: 2200 }),
      fc.webUrl().map((url) => answer(`LOCATION: ${url}`)),
      fc.string().map((text) => answer(`LOCATION: http://192.168.1.1${text}`)),
    );
    fc.assert(
      fc.property(packet, (bytes) => {
        const url = readLocation(bytes, gateway);
        expect(url?.hostname ?? gateway).toBe(gateway);
      }),
    );
  });
});

describe("the services of a gateway", () => {
  test("are those that map ports, the best first", () => {
    const xml = root(
      service("urn:schemas-upnp-org:service:Layer3Forwarding:1", "/l3"),
      service(wanIp, "/ctl?a=1&amp;b=2"),
      service("urn:schemas-upnp-org:service:WANIPConnection:2", "http://192.168.1.1:80/two"),
    );
    expect(readControls(xml, gateway, location).map(({ url }) => url.href)).toEqual([
      "http://192.168.1.1/two",
      "http://192.168.1.1:5000/ctl?a=1&b=2",
    ]);
  });

  test.each([
    ["at another host", root(service(wanIp, "http://192.168.1.66/ctl"))],
    ["at another host, without a scheme", root(service(wanIp, "//192.168.1.66/ctl"))],
    [
      "below a base at another host",
      `<URLBase>http://192.168.1.66/</URLBase>${root(service(wanIp, "/ctl"))}`,
    ],
    ["without an end", `<service><serviceType>${wanIp}`],
    ["of a type that goes on", root(service(`${wanIp}"><x>`, "/ctl"))],
  ])("%s are none", (_, xml) => {
    expect(readControls(xml, gateway, location)).toEqual([]);
  });

  test("are a few, and are found in time that grows with the text alone", () => {
    const many = root(...Array.from({ length: 60 }, () => service(wanIp, "/ctl")));
    expect(readControls(many, gateway, location)).toHaveLength(3);
    for (const text of ["<service>", "<serviceType", "<serviceType ", "<service><serviceType>"])
      expect(readControls(text.repeat(65_536 / text.length), gateway, location)).toEqual([]);
  });
});

describe("an action", () => {
  test("is asked by a body of SOAP", () => {
    const body = actionBody(wanIp, "DeletePortMapping", { NewProtocol: "UDP" });
    expect(body).toContain(
      `<u:DeletePortMapping xmlns:u="${wanIp}"><NewProtocol>UDP</NewProtocol></u:DeletePortMapping>`,
    );
  });

  test.each([
    [200, "<u:DoResponse xmlns:u='x'></u:DoResponse>", { kind: "done" }],
    [500, "<s:Fault><errorCode>718</errorCode></s:Fault>", { kind: "failed", code: 718 }],
    [500, "<s:Fault><errorCode>many</errorCode></s:Fault>", undefined],
    [500, "", undefined],
    [302, "<u:DoResponse/>", undefined],
    [200, "<html>", undefined],
  ])("with the status %d and %s", (status, xml, expected) => {
    const read = readAnswer(status, xml, "Do");
    if (expected) expect(read).toMatchObject(expected);
    else expect(read).toBeUndefined();
  });

  test("has fields, also such with attributes", () => {
    const xml = '<u:DoResponse><A xmlns:dt="x" dt:dt="string"> 203.0.113.1 </A><B>1<C/></B></u:DoResponse>';
    const read = readAnswer(200, xml, "Do");
    expect(read?.kind === "done" && [read.field("A"), read.field("B"), read.field("D")]).toEqual([
      "203.0.113.1",
      undefined,
      undefined,
    ]);
  });
});

test("no text whatever makes a reader throw", () => {
  const piece = fc.constantFrom(
    "<service>",
    "</service>",
    "<serviceType>",
    "</serviceType>",
    wanIp,
    "<controlURL>",
    "http://",
    "/",
    "&amp;",
    "]]>",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.oneof(piece, fc.string())).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (xml) => {
      for (const { url } of readControls(xml, gateway, location)) expect(url.hostname).toBe(gateway);
      readAnswer(200, xml, "Do");
      readAnswer(500, xml, "Do");
      urlAt(xml, gateway);
    }),
  );
});
