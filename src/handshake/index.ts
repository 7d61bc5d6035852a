export { bearsCookie, createCookieReply } from "./cookie.ts";
export {
  cookieReplyBytes,
  createInitiation,
  type Ends,
  type Initiation,
  initiationBytes,
  isAuthentic,
  isFor,
  openCookie,
  readAnswer,
  recipientKey,
  responseBytes,
} from "./noise.ts";
export { hash, mac, openExtended, publicOf, sealExtended, sharedSecret } from "./primitives.ts";
export { timestamp } from "./timestamp.ts";
