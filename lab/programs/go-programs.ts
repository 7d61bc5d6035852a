import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { goBuild } from "../go.ts";
import { kept, sources } from "./cache.ts";

const stripped = "-s -w";
const parts = [
  "kube-apiserver",
  "kube-controller-manager",
  "kube-proxy",
  "kube-scheduler",
  "kubectl",
  "kubelet",
];

/** Finds the version of a module in the text of a go.mod. */
function versionOf(module: string, goMod = ""): string {
  const version = new RegExp(`\\s${module} (v\\S+)`).exec(goMod)?.[1];
  if (version === undefined) throw new Error(`go.mod names no version of ${module}`);
  return version;
}

/** The folder with all of Kubernetes: one program of 135 MB under the names of its parts. */
export async function kubernetes(): Promise<string> {
  const of = await sources("kubernetes/go.mod", "kubernetes/go.sum", "kubernetes/main.go");
  const version = versionOf("k8s.io/kubernetes", of[0]);
  const [, minor = ""] = version.split(".");
  const versions = { gitVersion: version, gitMajor: "1", gitMinor: minor };
  const flags = Object.entries(versions).map(
    ([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`,
  );
  return kept({
    name: `kubernetes-${version}`,
    of,
    make: async (folder) => {
      await goBuild({
        folder: join(import.meta.dirname, "kubernetes"),
        package: ".",
        output: join(folder, "kubernetes"),
        flags: ["-ldflags", [stripped, ...flags].join(" ")],
      });
      for (const part of parts) await symlink("kubernetes", join(folder, part));
    },
  });
}

/** The folder with flanneld. Its backend for old kernels is written in C. */
export async function flannel(): Promise<string> {
  const of = await sources("flannel/go.mod", "flannel/go.sum");
  const version = versionOf("github.com/flannel-io/flannel", of[0]);
  return kept({
    name: `flannel-${version}`,
    of,
    make: (folder) =>
      goBuild({
        folder: join(import.meta.dirname, "flannel"),
        package: "github.com/flannel-io/flannel",
        output: join(folder, "flanneld"),
        flags: ["-ldflags", `${stripped} -X github.com/flannel-io/flannel/pkg/version.Version=${version}`],
        cgo: true,
      }),
  });
}

/** The folder with kube-router, whose firewall for NetworkPolicies k3s has, too. */
export async function kubeRouter(): Promise<string> {
  const of = await sources("kube-router/go.mod", "kube-router/go.sum");
  const module = "github.com/cloudnativelabs/kube-router/v2";
  return kept({
    name: `kube-router-${versionOf(module, of[0])}`,
    of,
    make: (folder) =>
      goBuild({
        folder: join(import.meta.dirname, "kube-router"),
        package: `${module}/cmd/kube-router`,
        output: join(folder, "kube-router"),
        flags: ["-ldflags", stripped],
      }),
  });
}

const plugins = ["ipam/host-local", "main/bridge", "main/loopback", "meta/portmap"];

/** The folder with the reference CNI plug-ins. */
export async function cniPlugins(): Promise<string> {
  const of = await sources("plugins/go.mod", "plugins/go.sum");
  const version = versionOf("github.com/containernetworking/plugins", of[0]);
  return kept({
    name: `cni-plugins-${version}`,
    of: [...of, ...plugins],
    make: async (folder) => {
      for (const plugin of plugins)
        await goBuild({
          folder: join(import.meta.dirname, "plugins"),
          package: `github.com/containernetworking/plugins/plugins/${plugin}`,
          output: join(folder, plugin.replace(/.*\//, "")),
          flags: ["-ldflags", stripped],
        });
    },
  });
}

/** The folder with the probe, our own program that asks and answers. */
export async function probe(): Promise<string> {
  return kept({
    name: "probe",
    of: await sources("probe/go.mod", "probe/main.go"),
    make: (folder) =>
      goBuild({
        folder: join(import.meta.dirname, "probe"),
        package: ".",
        output: join(folder, "probe"),
        flags: ["-ldflags", stripped],
      }),
  });
}
