import type { LabName, LookedInto } from "../shared/lab_files";
import { explanation } from "./attention_as_explanation";
import { pooling } from "./attention_pooling";
import { workers } from "./beyond_one_machine";
import { dense } from "./dense_attention";
import type { Lab, LookedInside } from "./lab";
import { recurrent } from "./recurrent_attention";
import { selfAttention } from "./self_attention";
import { seq2seq } from "./seq2seq_attention";
import { dates } from "./seq2seq_dates";
import { perDimension } from "./shared_and_per_dimension";

export const labs: Record<LabName, Lab> & Record<LookedInto, LookedInside> = {
  dense,
  recurrent,
  per_dimension: perDimension,
  pooling,
  self_attention: selfAttention,
  seq2seq,
  dates,
  explanation,
  workers,
};
