import { unwatchFile, watchFile } from "node:fs";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import type { Logger } from "pino";
import { errorText, KubespanError } from "../../base/index.ts";
import { forwardSecret, readPem } from "../../system/index.ts";

/** The paths of the PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  /** The authorities of which clients need a certificate. Without them, clients need none. */
  readonly clientAuthorities?: string;
}

/** The TLS options at the moment; reloading replaces them. */
export interface TlsSource {
  options(): SecureContextOptions;
  /** Whether clients need a certificate of the authorities in the options. */
  readonly asksClients: boolean;
  onChange(listener: () => void): void;
}

/** The certificates in use. New connections get the newest ones. */
export interface Certificates {
  readonly tls: TlsSource;
  /** Reads the files again. A failure is logged and changes nothing. */
  reload(): Promise<void>;
  close(): void;
}

interface Loaded {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientAuthorities?: Buffer;
}

/**
 * The interval at which the files are checked. They are polled because files that are links into a folder that is
 * swapped as a whole cause no events.
 */
const lookEveryMs = 5_000;

/** Opens the files. Throws `KubespanError("config")` when they do not work at the start. */
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

/** A source with a certificate that does not change. */
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
