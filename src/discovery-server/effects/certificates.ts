import { unwatchFile, watchFile } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import type { Logger } from "pino";
import { errorText, KubespanError } from "../../base/index.ts";
import { forwardSecret, readPem } from "../../system/index.ts";

/** PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  /** With it, only clients with a certificate of these authorities are let in. */
  readonly clientAuthorities?: string;
}

/** What TLS is served with; it may become something else. */
export interface TlsSource {
  options(): SecureContextOptions;
  /** Only clients with a certificate of the authorities in the options are let in. */
  readonly asksClients: boolean;
  onChange(listener: () => void): void;
}

/** What is served with at the moment; new connections get what is newest. */
export interface Certificates {
  readonly tls: TlsSource;
  /** Reads the files again. What does not work is said, and changes nothing. */
  reload(): Promise<void>;
  close(): void;
}

interface Loaded {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientAuthorities?: Buffer;
}

/** By time and not by events: files that are links into a folder that is swapped as a whole have no events. */
const lookEveryMs = 5_000;

/** Throws `KubespanError("config")` when the files do not work at the start. */
export async function openCertificates(files: CertificateFiles, log: Logger): Promise<Certificates> {
  const listeners = new Set<() => void>();
  let current = await load(files);
  const reload = async (): Promise<void> => {
    try {
      const loaded = await load(files);
      if (isSame(loaded, current)) return;
      current = loaded;
      for (const listener of listeners) listener();
      log.info({ file: files.cert }, "new certificate in use");
    } catch (error) {
      log.error(`the certificate stays as it was: ${errorText(error)}`);
    }
  };
  const paths = [files.cert, files.key, files.clientAuthorities].filter((path) => path !== undefined);
  const onChange = (): void => void reload();
  for (const path of paths) watchFile(path, { interval: lookEveryMs, persistent: false }, onChange);
  return {
    tls: {
      options: () => tlsOptions(current),
      asksClients: files.clientAuthorities !== undefined,
      onChange: (listener) => listeners.add(listener),
    },
    reload,
    close: () => {
      for (const path of paths) unwatchFile(path, onChange);
    },
  };
}

const tlsOptions = ({ cert, key, clientAuthorities }: Loaded): SecureContextOptions => ({
  cert,
  key,
  ...(clientAuthorities && { ca: clientAuthorities }),
  ...forwardSecret,
});

/** Of a certificate that does not change. */
export const fixedTls = (pair: { readonly cert: Buffer; readonly key: Buffer }): TlsSource => ({
  options: () => tlsOptions(pair),
  asksClients: false,
  onChange: () => undefined,
});

async function load(files: CertificateFiles): Promise<Loaded> {
  const pair = { cert: await readPem(files.cert), key: await readPem(files.key) };
  const clientAuthorities =
    files.clientAuthorities === undefined ? undefined : await readPem(files.clientAuthorities);
  try {
    createSecureContext({ ...pair, ...(clientAuthorities && { ca: clientAuthorities }) });
  } catch (error) {
    throw new KubespanError("config", `${files.cert} and ${files.key} do not work for TLS`, {
      hint: `they must be a certificate and its own unencrypted key in PEM (${error instanceof Error ? error.message : ""})`,
      cause: error,
    });
  }
  if (clientAuthorities && !clientAuthorities.includes("-----BEGIN CERTIFICATE-----"))
    throw new KubespanError("config", `${files.clientAuthorities ?? ""} holds no certificate`, {
      hint: "give the certificates of the authorities, in PEM",
    });
  return { ...pair, ...(clientAuthorities && { clientAuthorities }) };
}

const isSame = (one: Loaded, other: Loaded): boolean =>
  one.cert.equals(other.cert) &&
  one.key.equals(other.key) &&
  (one.clientAuthorities ?? Buffer.of()).equals(other.clientAuthorities ?? Buffer.of());
