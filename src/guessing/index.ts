/** Guessed ports: a direct path between a NAT with another port for each destination and one that lets in only who was asked. */
export {
  type GuessAction,
  type GuessEvent,
  type Guesses,
  guessPaths,
  noGuesses,
} from "./guess.ts";
export { introduce, noIntroductions } from "./introduce.ts";
export { keepsPort } from "./keeps-port.ts";
export { guessLimits } from "./limits.ts";
export { pairsFrom } from "./pairs.ts";
export { portsToGuess } from "./ports.ts";
export { stepGuesses } from "./step.ts";
export { tokenIn, withToken } from "./token.ts";
