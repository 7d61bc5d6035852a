/**
 * A port of the router before this node that leads to WireGuard's port: by PCP (RFC 6887), NAT-PMP (RFC 6886) or
 * UPnP-IGD (WANIPConnection).
 */
export { type PortMappingReport, portMappingOff } from "./lease.ts";
