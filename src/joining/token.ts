import { crc32 } from "node:zlib";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { KubespanError, Secret } from "../base/index.ts";
import { parseServiceURL } from "../config/index.ts";

/** What a node has to know to join a mesh. */
export interface Token {
  readonly cluster: { readonly id: string; readonly secret: Secret };
  readonly services: readonly TokenService[];
  /** The SHA-256 of the certificate of the cluster's own authority; absent if no service has a certificate of it. */
  readonly authority?: Uint8Array;
  /** The key of that authority, for a node that is to run a discovery service itself. */
  readonly authorityKey?: Secret;
  /** The public keys, in base64, of the operators who may evict nodes; absent if there are none. */
  readonly operatorKeys?: readonly string[];
}

export interface TokenService {
  readonly url: string;
  /** Whether the certificate of the service is one of the cluster's own authority. */
  readonly isOurs: boolean;
}

/** The mark at the start of every token, with its version: another version has another number. */
const form = /^kubespan(\d{1,3})\.([^]*)$/;
const version = 1;

/** The longest token that is read, in characters. */
export const longestToken = 8192;
const mostServices = 32;
const longestId = 256;
const mostOperatorKeys = 8;

/** The numbers of the fields in a token. A reader leaves out those that it does not know. */
const fields = {
  rawId: 1,
  id: 2,
  secret: 3,
  service: 4,
  ourService: 5,
  authority: 6,
  authorityKey: 7,
  operatorKey: 8,
} as const;

/** Writes a token as one line without spaces. It holds the secret of the cluster. */
export function encodeToken({ cluster, services, authority, authorityKey, operatorKeys }: Token): string {
  const writer = new BinaryWriter();
  const bytes = (field: number, value: Uint8Array): void =>
    void writer.tag(field, WireType.LengthDelimited).bytes(value);
  const rawId = rawOf(cluster.id);
  bytes(rawId ? fields.rawId : fields.id, rawId ?? Buffer.from(cluster.id));
  bytes(fields.secret, cluster.secret.reveal());
  for (const { url, isOurs } of services)
    bytes(isOurs ? fields.ourService : fields.service, Buffer.from(url));
  if (authority) bytes(fields.authority, authority);
  if (authorityKey) bytes(fields.authorityKey, authorityKey.reveal());
  for (const key of operatorKeys ?? []) bytes(fields.operatorKey, Buffer.from(key, "base64"));
  const body = Buffer.from(writer.finish());
  return `kubespan${version}.${Buffer.concat([body, checksum(version, body)]).toString("base64url")}`;
}

/** The id as 32 bytes, which are shorter than their text; `undefined` for another id, which has to stay as it is. */
function rawOf(id: string): Uint8Array | undefined {
  const raw = Buffer.from(id, "base64");
  return raw.length === 32 && raw.toString("base64") === id ? raw : undefined;
}

/**
 * Reads a token. Throws `KubespanError("usage")` that says whether it is no token at all, has a typing error, or was made
 * by a later version. No message holds a part of the token.
 */
export function decodeToken(text: string): Token {
  const [, said, body = ""] = form.exec(text) ?? [];
  if (said === undefined || text.length > longestToken)
    throw new KubespanError("usage", "this is no token of kubespan", {
      hint: "expected one line that begins with kubespan1. as 'kubespan token' prints it on a node of the mesh",
    });
  const wrong = body.search(/[^A-Za-z0-9_-]/);
  if (wrong !== -1)
    throw mistyped(`character ${text.length - body.length + wrong + 1} is one that no token has`);
  const bytes = Buffer.from(body, "base64url");
  // Bits behind the last byte would be ignored, and with them an error in the last character.
  if (bytes.length < 5 || bytes.toString("base64url") !== body) throw mistyped("its end is not right");
  const [content, sum] = [bytes.subarray(0, -4), bytes.subarray(-4)];
  if (!checksum(Number(said), content).equals(sum)) throw mistyped("its checksum does not fit");
  if (Number(said) !== version)
    throw new KubespanError("usage", "the token was made by a later version of kubespan", {
      hint: "install that version on this node, too",
    });
  return checked(read(content));
}

const mistyped = (what: string): KubespanError =>
  new KubespanError("usage", `the token has a typing error, or a part of it is missing: ${what}`, {
    hint: "copy it again as a whole, as 'kubespan token' prints it on a node of the mesh",
  });

/**
 * The CRC-32 of the version and the content. It finds every error within 32 bits, so every wrong character, and two that
 * changed places.
 */
function checksum(of: number, content: Uint8Array): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(content, crc32(`kubespan${of}.`)));
  return sum;
}

interface Found {
  id?: string;
  secret?: Uint8Array;
  readonly services: TokenService[];
  authority?: Uint8Array;
  authorityKey?: Uint8Array;
  readonly operatorKeys: string[];
}

function read(content: Uint8Array): Found {
  const found: Found = { services: [], operatorKeys: [] };
  const reader = new BinaryReader(content);
  try {
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (type === WireType.LengthDelimited) take(found, field, reader.bytes());
      else reader.skip(type, field);
    }
  } catch (cause) {
    throw unfit("it cannot be read", cause);
  }
  return found;
}

function take(found: Found, field: number, bytes: Uint8Array): void {
  const text = (): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  if (field === fields.rawId) found.id = Buffer.from(bytes).toString("base64");
  else if (field === fields.id) found.id = text();
  else if (field === fields.secret) found.secret = bytes;
  else if (field === fields.service) found.services.push({ url: text(), isOurs: false });
  else if (field === fields.ourService) found.services.push({ url: text(), isOurs: true });
  else if (field === fields.authority) found.authority = bytes;
  else if (field === fields.authorityKey) found.authorityKey = bytes;
  else if (field === fields.operatorKey) found.operatorKeys.push(Buffer.from(bytes).toString("base64"));
}

/** A token with a right checksum was still made by somebody, who may mean harm. */
function checked({ id, secret, services, authority, authorityKey, operatorKeys }: Found): Token {
  if (id === undefined || !/^[^\p{C}\p{Z}]+$/u.test(id) || Buffer.byteLength(id) > longestId)
    throw unfit("it has no id of a cluster");
  if (secret?.length !== 32) throw unfit("it has no secret of a cluster");
  if (services.length > mostServices) throw unfit(`it names more than ${mostServices} discovery services`);
  if (services.some(({ url }) => parseServiceURL(url) === undefined))
    throw unfit("it names a discovery service that is no URL");
  if (authority !== undefined && authority.length !== 32) throw unfit("its fingerprint is none");
  if (authorityKey !== undefined && authorityKey.length !== 32)
    throw unfit("its key of an authority is none");
  if (operatorKeys.length > mostOperatorKeys || operatorKeys.some((key) => key.length !== 44))
    throw unfit("its keys of operators are none");
  if (authority === undefined && (authorityKey !== undefined || services.some(({ isOurs }) => isOurs)))
    throw unfit("it lacks the fingerprint of the authority");
  return {
    cluster: { id, secret: new Secret(secret) },
    services,
    ...(authority && { authority }),
    ...(authorityKey && { authorityKey: new Secret(authorityKey) }),
    ...(operatorKeys.length > 0 && { operatorKeys }),
  };
}

const unfit = (what: string, cause?: unknown): KubespanError =>
  new KubespanError("usage", `the token is not one of this program: ${what}`, {
    hint: "make another one with 'kubespan token' on a node of the mesh",
    cause,
  });
