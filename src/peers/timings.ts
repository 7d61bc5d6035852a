import type { BudgetLimits } from "./budget.ts";

/*
 * Every number that decides how peers are connected, with its reason. Names that end in `Ms` are milliseconds; the others
 * count, or are shares.
 */

/** What a race does, and what WireGuard gets for the handshake that follows it. */
export interface RaceTimings {
  readonly firstIntervalMs: number;
  readonly growth: number;
  readonly longestIntervalMs: number;
  /** After so many rounds in vain two peers only meet, and so often. */
  readonly roundsInHaste: number;
  readonly meetingIntervalMs: number;
  /** All pairs that meet within one tick are raced in one go. */
  readonly meetingTickMs: number;
  /** From our initiation to WireGuard's: a peer takes one in 20 ms, by a clock of its own that ticks each 4 ms. */
  readonly initiationGapMs: number;
  /** The peer with the lower key gets so long for dialling, once something was received of the other one. */
  readonly precedenceMs: number;
  /** A dialled peer gets so long for its handshake before it is raced again, when no round trip to it is known. */
  readonly handshakeMs: number;
  /** At an endpoint that has just answered a race it gets so much, and so many of its round trips. */
  readonly handshakeAnsweredMs: number;
  readonly handshakeRoundTrips: number;
  /** After so many rounds in vain serial attempts join in, where they may. */
  readonly roundsAlone: number;
  /**
   * A peer of which something is received has an address of ours that works, and perhaps a session that lacks one packet
   * of its: then its next keepalive completes it, and to take the peer out of the device would leave it with half a
   * session.
   */
  readonly halfSessionMs: number;
  /** Questions in a row to the endpoint in use after which operators and relays take it for silent (doubt-timings.ts). */
  readonly roundsToCurrent: number;
  /** After so many rounds in vain to what is direct, what stands in is raced as well: 1.75 s after the first one. */
  readonly roundsDirect: number;
}

/**
 * Two peers that have just learnt of each other miss each other's first packets more often than not, so the second
 * round follows soon. Routers forget an unanswered mapping after 30 s: two peers behind NATs have to knock more often.
 * A peer that has been silent for about six minutes is knocked at more seldom: both do it when the clock says so.
 */
export const raceTimings: RaceTimings = {
  firstIntervalMs: 250,
  growth: 2,
  longestIntervalMs: 25_000,
  roundsInHaste: 20,
  meetingIntervalMs: 120_000,
  meetingTickMs: 8_000,
  initiationGapMs: 25,
  precedenceMs: 1_000,
  handshakeMs: 1_000,
  handshakeAnsweredMs: 250,
  handshakeRoundTrips: 5,
  roundsAlone: 4,
  halfSessionMs: 30_000,
  roundsToCurrent: 4,
  roundsDirect: 3,
};

/** A peer may announce 64 endpoints, of anybody: so many of them get a packet in one round. */
export const mostEndpoints = 16;

/** A peer is tried at once for its news, so seldom that nobody makes others busy by telling of ever new endpoints. */
export const newsLimits = { most: 3, withinMs: 30_000 };

/** The time that an attempt may take; it grows with every round, so that a peer that is away costs little. */
export interface RotationTimings {
  readonly firstDwellMs: number;
  readonly growth: number;
  readonly longestDwellMs: number;
  /** An attempt gets so much on top once something was received of the peer: a handshake under way must not be cut. */
  readonly answeringMs: number;
}

/**
 * A second is several round trips around the world, and less than the 5 s after which WireGuard itself would repeat an
 * unanswered initiation; half a minute is the reference's pace for each address.
 */
export const rotationTimings: RotationTimings = {
  firstDwellMs: 1_000,
  growth: 1.5,
  longestDwellMs: 30_000,
  answeringMs: 2_000,
};

/**
 * Serial attempts where all candidates are raced as well. What answers no race hardly answers WireGuard, which repeats
 * its initiation after 5 s; each attempt takes a process or two.
 */
export const besideRacing: RotationTimings = {
  ...rotationTimings,
  firstDwellMs: 5_000,
  growth: 2,
  longestDwellMs: 600_000,
};

/** Ages at which a peer's state changes. */
export interface StateTimings {
  /** An endpoint may take so long to its first handshake before the peer counts as down. */
  readonly connectTimeoutMs: number;
  /** Once the last handshake is so old the peer counts as down. */
  readonly peerDownIntervalMs: number;
}

/** WireGuard's reject-after (180 s), rekey timeout (5 s) and rekey attempt time (90 s) together: then no session is left. */
export const peerDownIntervalMs = 275_000;

/** The figures of Talos; ours differ in the connect timeout only (rotation.ts). */
export const referenceTimings: StateTimings = { connectTimeoutMs: 15_000, peerDownIntervalMs };

/** The times after which something is missing of a peer that is connected. */
export interface MonitoringTimings {
  /** Counted from when unanswered traffic was noticed. */
  readonly doubtfulUnansweredMs: number;
  readonly silentUnansweredMs: number;
  /** Counted from when anything was received. */
  readonly doubtfulQuietMs: number;
  readonly silentQuietMs: number;
  /** The limit where this node's keepalives come so often that the peer sends none of its own. */
  readonly silentQuietShortMs: number;
}

/**
 * A receiver of data that has none to send answers with a keepalive after 10 s; a sender that receives nothing for 15 s
 * starts a new handshake, and repeats it after 5 s. So after 25 s an unanswered peer was called three times. Without
 * traffic there is a keepalive every 25 s: one that is missing is a doubt, three in a row are none any more. Data in
 * one direction only is doubted wrongly until that keepalive comes; finding out costs two packets.
 *
 * WireGuard counts its keepalive from the last packet in either direction. A peer that gets keepalives more often than it
 * would send some sends none, and is heard only when the session is renewed: after 120 s by whoever began it if that is
 * this node, and after 165 s otherwise.
 */
export const monitoringTimings: MonitoringTimings = {
  doubtfulUnansweredMs: 4_000,
  silentUnansweredMs: 25_000,
  doubtfulQuietMs: 30_000,
  silentQuietMs: 90_000,
  silentQuietShortMs: 200_000,
};

/**
 * A relay that is gone takes all peers behind it along, and whoever uses one has another to go to. So it is asked at once
 * when data to a peer behind it stays unanswered; when it does not answer, its peers go elsewhere.
 */
export const relayTimings = {
  /** Unanswered for so long: an answer that is merely under way costs no question. */
  askAfterMs: 150,
  /** A relay of which something was received so shortly before is there. */
  freshMs: 1_000,
  /** A relay is not given up before one of its answers had so many round trips; one that was never measured is taken for so much. */
  roundTrips: 1.5,
  unknownRoundTripMs: 500,
  /**
   * Both ends notice at the same time that their relay is gone, and two handshakes that cross are both lost: the one with
   * the higher key leaves the other so long to begin a session by another relay.
   */
  precedenceMs: 300,
  /**
   * From poll to poll of a peer behind a relay under traffic, and for each peer of the mesh on top: 2 % of a core. A peer
   * that had none in `idleMs` is polled as any other.
   */
  busyPollMs: 300,
  busyPollForEachMs: 0.7,
  idleMs: 10_000,
};

/** A keepalive takes 32 bytes and an initiation 148, and neither is answered with data. */
export const unremarkableBytes = 180;

/** Limits for finding that a NAT forgets a path while nothing is sent. */
export const keepaliveTimings = {
  /** No shorter interval is used: a NAT that forgets in less is of no use for anybody. */
  leastSeconds: 5,
  /** A path that was used more recently is open, and what is lost there is lost for another reason. */
  leastIdleMs: 5_000,
  /** Data without an answer for so long may be lost. */
  unansweredMs: 4_000,
  /** A receiver without data answers 10 s after it got some; this much around that is no sign of anything. */
  soonestAnswerMs: 9_500,
  latestAnswerMs: 11_000,
};

/** What operators are told of peers. */
export const historyTimings = {
  /** A peer that never was connected is told of after so long: others start later than this node. */
  unreachedMs: 30_000,
};

/** The pace of polls. */
export const paceTimings = {
  /**
   * A poll takes some milliseconds and, at 1,000 peers, about 15 of processor time, tools included: 0.3 % of a core at
   * this pace.
   */
  calmMs: 2_000,
  calmForEachMs: 5,
  rarestMs: 5_000,
  unansweredMs: 1_000,
  soonestMs: 50,
  soonestForEachMs: 1 / 4,
  latestSoonestMs: 250,
  /** After so long the budget holds some attempts again. */
  budgetMs: 100,
};

/** Limits for a peer that goes back and forth between two endpoints. */
export const pathTimings = {
  /** A peer that moves is seen at one new endpoint. One that goes back this soon is in two places. */
  soonMs: 5 * 60_000,
  /** Another endpoint is a change once no poll found the one before in use for so long: probes of the other end take a second. */
  lastsMs: 1_000,
  /** A path that is lost and comes back turns a peer round once or twice. */
  mostReturns: 4,
};

/** A round trip that is so much shorter, in milliseconds and as a share of the one that is given up. */
export interface Gain {
  readonly ms: number;
  readonly share: number;
}

/** The gains for which a path is left. What goes back and forth by less changes nothing. */
export const gains = {
  shorter: { ms: 10, share: 0.5 },
  /** A network of this node's is left for this gain only. */
  muchShorter: { ms: 40, share: 0.25 },
  /** Such a network may cost so much: a busy processor alone makes some milliseconds of a round trip. */
  mostLoss: { ms: 20, share: 2 },
} satisfies Record<string, Gain>;

/** The times of a probe whether another path is better. */
export const probeTimings = {
  /** From news of a better path, or from another endpoint, to the probe. */
  newsMs: 2_000,
  /** From another endpoint to the probe without news, and from one move that was made here to the next. Both double with every probe. */
  quietMs: 60_000,
  longestMs: 3_600_000,
  /** The pace for a peer to which no direct path is known: there is more to gain, and a NAT that opens is no news. */
  quietStandInMs: 10_000,
  longestStandInMs: 300_000,
  /** After so long without a probe all is as in the beginning. */
  forgottenMs: 10_800_000,
  youngestSessionMs: 3_000,
  oldestSessionMs: 85_000,
  /** An answer gets so much, and as many of the round trips known. */
  answerMs: 250,
  answerRoundTrips: 2,
  /** Rounds of a stage, and answers after which the best of them counts: a busy processor makes a path seem slow. */
  most: { here: 4, there: 4 },
  enough: { here: 2, there: 4 },
  /** A path that takes packets in and lets none out would lose what the peer sends meanwhile: it is given up sooner. */
  unanswered: 2,
};

/** The time for which packets are pinned after a move. */
export const settlingTimings = {
  /** So much, and as many round trips of the path that was in use. What is pinned is forgotten after 30 s (src/port). */
  settlingMs: 2_000,
  settlingRoundTrips: 4,
  longestMs: 12_000,
  /** From one correction of WireGuard's endpoint to the next: at first, doubled each time, and at most. */
  shortestMoveMs: 100,
  longestMoveMs: 500,
};

/**
 * The budget of probes that begin: there is no hurry, and each takes some ten polls of all peers. A thousand peers on a
 * new network take half an hour.
 */
export const probeLimits: BudgetLimits = { perSecond: 0.5, most: 10 };

/**
 * The budget of packets with an initiation. A made-up member costs the owners of its endpoints a packet for each, from
 * every node of the mesh. So peers that never were connected get 100 packets a second together, and at the beginning as
 * many as a mesh needs that starts at once: of 500 nodes, half of all pairs are up after the same time as without this
 * limit (docs/bench/sim.md). Proven ones are to be back soon after an outage of the network: 1,023 of them with three
 * endpoints each within five seconds.
 */
export const packetLimits = {
  proven: { perSecond: 600, most: 600 },
  unproven: { perSecond: 100, most: 2_000 },
} satisfies Readonly<Record<string, BudgetLimits>>;

/** WireGuard repeats an initiation that nobody answers after 5 s, for as long as the peer is to be kept alive. */
export const repetitionsPerSecond = 0.2;

/**
 * So many unproven peers may be left to WireGuard's own repetitions, which nobody else can hold back: half of what there
 * is a second. The rest stays for races.
 */
export const mostKnocking = packetLimits.unproven.perSecond / 2 / repetitionsPerSecond;

/** Each peer gets so long for its attempt where too many are called: WireGuard has then called three times. */
export const longestCallMs = 15_000;
