/** What helpers/live.py writes into `constants` and `given`: numbers, texts, and tensors in half precision. */
import type { Given, Handed, Values } from "../shared/messages";
import type { Settings } from "../shared/settings";

interface Written {
  shape: number[];
  /** Base64 of IEEE 754 half-precision numbers, little-endian. */
  float16: string;
}

export function readHanded(constants: string | null, given: string | null): Handed {
  const written = JSON.parse(given ?? "{}") as Record<string, string | Written[]>;
  const entries = Object.entries(written).map(([name, value]) => [name, typeof value === "string" ? value : value.map(readValues)]);
  return { constants: JSON.parse(constants ?? "{}") as Settings, given: Object.fromEntries(entries) as Given };
}

function readValues({ shape, float16 }: Written): Values {
  const bytes = new DataView(Uint8Array.from(atob(float16), (character) => character.charCodeAt(0)).buffer);
  const values = Float32Array.from({ length: bytes.byteLength / 2 }, (_, i) => fromHalf(bytes.getUint16(2 * i, true)));
  return { shape, values };
}

/** One bit for the sign, five for the exponent, ten for the fraction. */
function fromHalf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  const magnitude = exponent === 0 ? 2 ** -14 * fraction : 2 ** (exponent - 15) * (1 + fraction);
  return bits >> 15 ? -magnitude : magnitude;
}
