export { fetchAuthority } from "./fetch-authority.ts";
