export { decodeToken, encodeToken, longestToken, type Token, type TokenService } from "./token.ts";
