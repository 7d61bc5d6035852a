/** Guessed ports: a direct path between a NAT with another port for each destination and one that lets in only who was asked. */
export {
  type Found,
  type Guess,
  type GuessAction,
  type GuessEvent,
  type Guesses,
  guessPaths,
  noGuesses,
  type RelayedPair,
} from "./guess.ts";
export { type Introductions, introduce, noIntroductions } from "./introduce.ts";
export { keepsPort } from "./keeps-port.ts";
export { guessLimits } from "./limits.ts";
export { pairsFrom } from "./pairs.ts";
export { portsToGuess } from "./ports.ts";
export { type Around, stepGuesses } from "./step.ts";
export { tokenIn, withToken } from "./token.ts";
