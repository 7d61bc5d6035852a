import { join } from "node:path";
import type { LabNode } from "./node.ts";
import { debianFirewalls } from "./programs/index.ts";
import { Service } from "./service.ts";
import { showPackages } from "./shown.ts";
import { waitFor } from "./wait.ts";

/** What the packages' scripts do when they are installed. */
const configure = `
set -e
rm -rf /etc/ufw /etc/firewalld
cp -a "$1/etc/ufw" "$1/etc/firewalld" /etc
cp -a /usr/share/ufw/iptables/. /usr/share/ufw/ufw.conf /usr/share/ufw/before.init /usr/share/ufw/after.init /etc/ufw
cd /usr/share/polkit-1/actions
cp org.fedoraproject.FirewallD1.server.policy.choice org.fedoraproject.FirewallD1.policy
`;

async function prepare(node: LabNode): Promise<void> {
  const folder = await debianFirewalls();
  await showPackages(node, folder);
  await node.run("sh", "-c", configure, "sh", join(folder, "root"));
}

/** Installs ufw on the node and switches it on, as its manual says. */
export async function startUfw(node: LabNode): Promise<void> {
  await prepare(node);
  await node.run("ufw", "--force", "enable");
}

/** Installs firewalld on the node and starts it, with the bus by which `firewall-cmd` talks to it. */
export async function startFirewalld(node: LabNode): Promise<void> {
  await prepare(node);
  await node.run("mkdir", "-p", "/run/dbus");
  const bus = new Service(node.namespace, "dbus", ["dbus-daemon", "--system", "--nofork", "--nopidfile"]);
  await bus.start();
  await waitFor(() => node.run("test", "-S", "/run/dbus/system_bus_socket").then(() => true), {
    what: "the bus",
    describe: () => bus.log(),
  });
  const daemon = ["firewalld", "--nofork", "--nopid", "--log-file", "/run/firewalld-own.log"];
  const firewalld = new Service(node.namespace, "firewalld", daemon);
  await firewalld.start();
  await waitFor(async () => (await node.namespace.attempt("firewall-cmd", "--state")).exitCode === 0, {
    what: "firewalld",
    describe: () => firewalld.log(),
  });
}
