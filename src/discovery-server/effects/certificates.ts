import { unwatchFile, watchFile } from "node:fs";
import { createSecureContext } from "node:tls";
import { experimental, type ServerCredentials } from "@grpc/grpc-js";
import type { Logger } from "pino";
import { errorText, KubespanError } from "../../system/error.ts";
import { readPem } from "../../system/read-pem.ts";

/** PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  /** With it, only clients with a certificate of these authorities are let in. */
  readonly clientAuthorities?: string;
}

/** What is served with at the moment; new connections get what is newest. */
export interface Certificates {
  readonly credentials: ServerCredentials;
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
  const identity = new Published<experimental.IdentityCertificateUpdate>();
  const authorities = new Published<experimental.CaCertificateUpdate>();
  let current = await load(files);
  const publish = (loaded: Loaded): void => {
    current = loaded;
    identity.publish({ certificate: loaded.cert, privateKey: loaded.key });
    if (loaded.clientAuthorities) authorities.publish({ caCertificate: loaded.clientAuthorities });
  };
  publish(current);
  const reload = async (): Promise<void> => {
    try {
      const loaded = await load(files);
      if (isSame(loaded, current)) return;
      publish(loaded);
      log.info({ file: files.cert }, "new certificate in use");
    } catch (error) {
      log.error(`the certificate stays as it was: ${errorText(error)}`);
    }
  };
  const paths = [files.cert, files.key, files.clientAuthorities].filter((path) => path !== undefined);
  const onChange = (): void => void reload();
  for (const path of paths) watchFile(path, { interval: lookEveryMs, persistent: false }, onChange);
  const provider: experimental.CertificateProvider = {
    addIdentityCertificateListener: (listener) => identity.add(listener),
    removeIdentityCertificateListener: (listener) => identity.remove(listener),
    addCaCertificateListener: (listener) => authorities.add(listener),
    removeCaCertificateListener: (listener) => authorities.remove(listener),
  };
  const hasClients = files.clientAuthorities !== undefined;
  return {
    // The library names these parameters the other way round: the first is the service's own certificate.
    credentials: experimental.createCertificateProviderServerCredentials(
      provider,
      hasClients ? provider : null,
      hasClients,
    ),
    reload,
    close: () => {
      for (const path of paths) unwatchFile(path, onChange);
    },
  };
}

/** A value and those who want to know of each new one. */
class Published<Value> {
  readonly #listeners = new Set<(value: Value | null) => void>();
  #value: Value | null = null;

  publish(value: Value): void {
    this.#value = value;
    for (const listener of this.#listeners) listener(value);
  }

  add(listener: (value: Value | null) => void): void {
    this.#listeners.add(listener);
    const value = this.#value;
    process.nextTick(listener, value); // the library is not ready to hear of it yet
  }

  remove(listener: (value: Value | null) => void): void {
    this.#listeners.delete(listener);
  }
}

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
