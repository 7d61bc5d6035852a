/** A port of the router before this node that leads to WireGuard's port, by PCP (RFC 6887) or NAT-PMP (RFC 6886). */
export { type PortMappingReport, portMappingOff } from "./lease.ts";
