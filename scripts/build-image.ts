import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Layout } from "./image/oci.ts";
import { layOutTools } from "./image/tools.ts";
import { type Architecture, architectures } from "./packages/fetch.ts";
import { madeAt, product, stageRoot } from "./packages/root.ts";

/**
 * Makes the container image as an OCI archive, without a container engine: a layer of tools from Debian, and one with what the
 * packages install. It needs dist/ (npm run build), apt, git or SOURCE_DATE_EPOCH, and the network.
 */
const usage = `build-image [--arch amd64,arm64] [--out FILE]`;
const { values } = parseArgs({
  options: {
    arch: { type: "string", default: Object.keys(architectures).join() },
    out: { type: "string", default: `dist/kubespan-${product.version}.oci.tar` },
    help: { type: "boolean", default: false },
  },
});

const work = ".cache/image";

async function build(layout: Layout, architecture: Architecture): Promise<object> {
  const tools = join(work, `tools-${architecture}`);
  const archives = layOutTools(architecture, tools);
  const program = await stageRoot(architecture, join(work, `program-${architecture}`));
  // Units and the settings of a host are no business of a container.
  for (const name of [
    "etc",
    "usr/lib/systemd",
    "usr/lib/sysctl.d",
    "usr/lib/sysusers.d",
    "usr/lib/tmpfiles.d",
  ])
    rmSync(join(program, name), { recursive: true, force: true });
  rmSync(join(program, "usr/lib/modules-load.d"), { recursive: true, force: true });
  mkdirSync(join(program, "usr/bin"), { recursive: true });
  symlinkSync("../lib/kubespan/bin/kubespan", join(program, "usr/bin/kubespan"));
  const labels = {
    "org.opencontainers.image.version": product.version,
    "org.opencontainers.image.licenses": product.license,
    "kubespan.debian": archives.map((name) => name.replace(/_[^_]*\.deb$/, "")).join(" "),
  };
  return layout.image(architecture, [layout.layer(tools), layout.layer(program)], labels);
}

if (values.help) console.log(usage);
else {
  const wanted = values.arch.split(",");
  const unknown = wanted.find((name) => !(name in architectures));
  if (unknown !== undefined) throw new Error(`no image for ${unknown}; usage: ${usage}`);
  const layout = new Layout(join(work, `layout-${process.pid}`), madeAt);
  const images: object[] = [];
  for (const architecture of wanted) {
    console.log(`build-image: ${architecture}`);
    images.push(await build(layout, architecture as Architecture));
  }
  layout.write(values.out, `docker.io/library/kubespan:${product.version}`, images);
  const bytes = readFileSync(values.out);
  const sum = createHash("sha256").update(bytes).digest("hex");
  console.log(`build-image: ${values.out} ${(bytes.length / 1024 / 1024).toFixed(1)} MB sha256 ${sum}`);
}
