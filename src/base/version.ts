/** The version of this program. package.json has the same one, and a test compares them. */
export const version = "0.1.0";
