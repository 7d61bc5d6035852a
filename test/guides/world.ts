import type { Lab, Network } from "../../lab/index.ts";
import { installed, type Machine } from "./machine.ts";

/** A machine at a public address. */
export async function publicMachine(
  lab: Lab,
  internet: Network,
  name: string,
  address: string,
): Promise<Machine> {
  const node = await lab.machine(name);
  await node.attach(internet, `${address}/24`);
  await node.defaultRoute(address.replace(/\d+$/, "1"));
  return installed(node);
}

/** Where a machine is: behind a router of its site, whose inner address is the first of the machine's network. */
interface Home {
  readonly site: string;
  readonly own: string;
  readonly outside: string;
}

export async function homeMachine(
  lab: Lab,
  internet: Network,
  name: string,
  { site, own, outside }: Home,
): Promise<Machine> {
  const gateway = own.replace(/\d+$/, "1");
  const home = await lab.network(`home-${site}`);
  const router = await lab.router(`router-${site}`);
  await router.attach(internet, `${outside}/24`);
  await router.attach(home, `${gateway}/24`);
  await router.translate();
  const node = await lab.machine(name);
  await node.attach(home, `${own}/24`);
  await node.defaultRoute(gateway);
  return installed(node);
}
