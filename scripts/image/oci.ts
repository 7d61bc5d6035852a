import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const type = (name: string): string => `application/vnd.oci.image.${name}`;

/** What a blob is called by whoever refers to it. */
interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Layer extends Descriptor {
  /** The hash of the layer before it was compressed. */
  readonly unpacked: string;
}

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** The order, owners and times of these archives do not tell who made them, where and when. */
const tarOf = (from: string, madeAt: number): Buffer =>
  execFileSync(
    "tar",
    [
      "--sort=name",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--format=gnu",
      "--mode=u=rwX,go=rX",
      `--mtime=@${madeAt}`,
      "-cf",
      "-",
      "-C",
      from,
      ".",
    ],
    { maxBuffer: 2 ** 30 },
  );

/** An OCI image layout that grows in a folder. */
export class Layout {
  readonly #folder: string;
  readonly #madeAt: number;

  constructor(folder: string, madeAt: number) {
    this.#folder = folder;
    this.#madeAt = madeAt;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  }

  layer(root: string): Layer {
    const archive = tarOf(root, this.#madeAt);
    const unpacked = digestOf(archive);
    return { ...this.#blob(type("layer.v1.tar+gzip"), gzipSync(archive, { level: 6 })), unpacked };
  }

  /** Adds the image of an architecture. */
  image(architecture: string, layers: readonly Layer[], labels: Readonly<Record<string, string>>): object {
    const created = new Date(this.#madeAt * 1000).toISOString();
    const config = {
      Entrypoint: ["kubespan"],
      Cmd: ["run"],
      Env: ["PATH=/usr/local/bin:/usr/bin:/usr/sbin"],
      Labels: labels,
    };
    const rootfs = { type: "layers", diff_ids: layers.map(({ unpacked }) => unpacked) };
    const settings = this.#json(type("config.v1+json"), {
      created,
      architecture,
      os: "linux",
      config,
      rootfs,
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: type("manifest.v1+json"),
      config: settings,
      layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    };
    return { ...this.#json(manifest.mediaType, manifest), platform: { architecture, os: "linux" } };
  }

  /** Writes the archive with all images under one name. */
  write(file: string, name: string, images: readonly object[]): void {
    const mediaType = type("index.v1+json");
    const index = this.#json(mediaType, { schemaVersion: 2, mediaType, manifests: images });
    const annotations = {
      "io.containerd.image.name": name,
      "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
    };
    const top = { schemaVersion: 2, mediaType, manifests: [{ ...index, annotations }] };
    writeFileSync(join(this.#folder, "index.json"), JSON.stringify(top));
    writeFileSync(join(this.#folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    writeFileSync(file, tarOf(this.#folder, this.#madeAt));
    rmSync(this.#folder, { recursive: true });
  }

  #json(mediaType: string, value: object): Descriptor {
    return this.#blob(mediaType, Buffer.from(JSON.stringify(value)));
  }

  #blob(mediaType: string, bytes: Uint8Array): Descriptor {
    const digest = digestOf(bytes);
    writeFileSync(join(this.#folder, "blobs", digest.replace(":", "/")), bytes);
    return { mediaType, digest, size: bytes.length };
  }
}
