import tls, { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";

/**
 * The cipher suites with forward secrecy, so that a connection that is recorded today stays secret even if the
 * service's key is stolen tomorrow. Of TLS 1.2, they are those with ECDHE and authenticated encryption; TLS 1.3 has no
 * others.
 */
export const forwardSecret: SecureContextOptions = {
  minVersion: "TLSv1.2",
  ciphers: [
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
  ].join(":"),
};

/**
 * Sets these suites as the default, for the libraries of gRPC's services, of etcd and of Kubernetes, which do not
 * choose any.
 */
export function onlyForwardSecrecy(): void {
  tls.DEFAULT_MIN_VERSION = "TLSv1.2";
  tls.DEFAULT_CIPHERS = forwardSecret.ciphers ?? tls.DEFAULT_CIPHERS;
}

/** The TLS context of a client that trusts these authorities, in PEM. */
export const clientContext = (authorities: string): SecureContext =>
  createSecureContext({ ...forwardSecret, ca: authorities });
