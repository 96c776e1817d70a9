import { datesLab } from "./dates";
import { denseLab } from "./dense";
import { explanationLab } from "./explanation";
import { perDimensionLab } from "./per_dimension";
import { poolingLab } from "./pooling";
import { recurrentLab } from "./recurrent";
import { selfAttentionLab } from "./self_attention";
import { seq2seqLab } from "./seq2seq";
import type { Lab } from "./src/training";
import { workersLab } from "./workers";

/** Every lab by the name that its `<attention-lab lab="…">` carries. A new lab is one file and one line here. */
export const labs: Record<string, Lab> = {
  dense: denseLab,
  recurrent: recurrentLab,
  per_dimension: perDimensionLab,
  pooling: poolingLab,
  self_attention: selfAttentionLab,
  seq2seq: seq2seqLab,
  dates: datesLab,
  explanation: explanationLab,
  workers: workersLab,
};
