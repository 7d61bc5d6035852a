/** The parts of a packet that a program of the kernel's classic packet filter sees at a link's egress. */
export interface Frame {
  readonly mark: number;
  /** The protocol number of Ethernet: 0x0800 or 0x86dd. */
  readonly protocol: number;
  /** The bytes from the network header on. */
  readonly packet: Uint8Array;
  /** The bytes of the link-layer header. */
  readonly header: Uint8Array;
}

/** The offsets from which the kernel lets a program read the headers and its own data about the packet. */
const [linkLayer, network, ancillary] = [0xffe00000, 0xfff00000, 0xfffff000];
const markAt = 20;
const notThere = 0;

/** Runs a program as tc shows it, `COUNT,CODE JT JF K,...`, and gives its verdict. A read past the packet ends it with 0. */
export function runProgram(text: string, frame: Frame): number {
  const [count, ...code] = text.split(",");
  const program = code.map((line) => line.split(" ").map(Number));
  if (program.length !== Number(count)) throw new Error("a program of another length than it says");
  const memory = new Uint32Array(16);
  let [a, x] = [0, 0];
  for (let at = 0; at < program.length; at++) {
    const [op = 0, whenTrue = 0, whenFalse = 0, k = 0] = program[at] ?? [];
    const jumpIf = (condition: boolean): void => {
      at += condition ? whenTrue : whenFalse;
    };
    switch (op) {
      case 0x20:
      case 0x28:
      case 0x30:
      case 0x48: {
        const value = read(frame, op === 0x48 ? k + x : k, op === 0x20 ? 4 : op === 0x30 ? 1 : 2);
        if (value === undefined) return notThere;
        a = value;
        break;
      }
      case 0x54:
        a = (a & k) >>> 0;
        break;
      case 0x64:
        a = (a << k) >>> 0;
        break;
      case 0x05:
        at += k;
        break;
      case 0x15:
        jumpIf(a === k);
        break;
      case 0x35:
        jumpIf(a >= k);
        break;
      case 0x45:
        jumpIf((a & k) !== 0);
        break;
      case 0x02:
        memory[k] = a;
        break;
      case 0x60:
        a = memory[k] ?? 0;
        break;
      case 0x07:
        x = a;
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`an instruction that is not known: 0x${op.toString(16)}`);
    }
  }
  throw new Error("a program without an end");
}

function read(frame: Frame, offset: number, bytes: number): number | undefined {
  if (offset >= ancillary) return offset - ancillary === markAt ? frame.mark >>> 0 : frame.protocol;
  const [from, start] = offset >= network ? [frame.packet, network] : [frame.header, linkLayer];
  const slice = from.subarray(offset - start, offset - start + bytes);
  return slice.length === bytes ? slice.reduce((value, byte) => value * 256 + byte, 0) : undefined;
}
