import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export interface Certificates {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** The same certificate and key, read. */
  readonly tls: { readonly cert: Buffer; readonly key: Buffer };
}

const openssl = (...args: string[]): unknown => execFileSync("openssl", args, { stdio: "pipe" });

/** An authority of its own and a certificate that it issued, made with openssl; gone after the test. */
export function certificatesFor(subjectAltName: string): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "kubespan-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return certificatesIn(folder, subjectAltName);
}

/** The same, in a folder that is there. */
export function certificatesIn(folder: string, subjectAltName: string): Certificates {
  const file = (name: string): string => join(folder, name);
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    "req",
    "-x509",
    ...ec,
    "-keyout",
    file("ca.key"),
    "-out",
    file("ca.pem"),
    "-subj",
    "/CN=Test CA",
    "-days",
    "2",
  );
  openssl("req", "-new", ...ec, "-keyout", file("key.pem"), "-out", file("request.pem"), "-subj", "/CN=test");
  writeFileSync(file("extensions"), `subjectAltName=${subjectAltName}\n`);
  const authority = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial", "-days", "2"];
  const names = ["-extfile", file("extensions")];
  openssl("x509", "-req", "-in", file("request.pem"), ...authority, ...names, "-out", file("cert.pem"));
  return {
    caFile: file("ca.pem"),
    certFile: file("cert.pem"),
    keyFile: file("key.pem"),
    tls: { cert: readFileSync(file("cert.pem")), key: readFileSync(file("key.pem")) },
  };
}
