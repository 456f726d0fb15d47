/** @file Methods of the field that are not here, and why: those that act inside the decoder or the encoder, or are trained. */

const DECODER_ATTENTION = "it ranks tokens by the decoder's attention, which an ONNX decoder does not put out";
const DECODER_LAYERS = "it drops tokens between layers of the decoder, and an ONNX decoder is one graph";
const ENCODER_LAYERS =
  "it reads inner layers of the vision encoder, of which a token table holds the last one's keys and attention alone";
const TRAINED = "it needs a model that was trained for it";
const VIDEO = "it compares frames of a video";
const PIXELS = "it leaves out patches before the vision encoder, which takes whole images";
const NOT_YET = "it could act on a token table, but is not written yet";

/** Reason, and the nearest method that is here, where there is one. */
type Elsewhere = readonly [reason: string, nearest?: string];

/** By names in small letters and digits. */
export const ELSEWHERE: Readonly<Record<string, Elsewhere>> = {
  fastv: [DECODER_ATTENTION, "text-topk"],
  sparsevlm: [DECODER_ATTENTION, "recoverable"],
  pyramiddrop: [DECODER_ATTENTION, "text-topk"],
  pdrop: [DECODER_ATTENTION, "text-topk"],
  fitprune: [DECODER_ATTENTION, "text-topk"],
  tops: [DECODER_ATTENTION, "facility"],
  provip: [DECODER_ATTENTION, "text-topk"],
  sinkpruner: [DECODER_ATTENTION, "divprune"],
  visiontrim: [DECODER_ATTENTION, "recoverable"],
  visiondrop: [DECODER_ATTENTION, "visionzip"],
  tokencarve: [DECODER_ATTENTION, "visionzip"],
  btp: [DECODER_ATTENTION, "divprune"],
  vscan: [DECODER_ATTENTION, "visionzip"],
  dart: [DECODER_LAYERS, "divprune"],
  vtw: [DECODER_LAYERS],
  topv: [DECODER_LAYERS, "divprune"],
  pact: [DECODER_LAYERS, "prumerge"],
  vitcop: [DECODER_LAYERS, "visionzip"],
  nuwa: [DECODER_LAYERS, "visionzip"],
  ivcprune: [DECODER_LAYERS, "text-topk"],
  tome: [ENCODER_LAYERS, "tome-once"],
  hired: [ENCODER_LAYERS, "cls-topk"],
  hiprune: [ENCODER_LAYERS, "cls-topk"],
  glimpseprune: [TRAINED, "text-topk"],
  llavamini: [TRAINED, "pool"],
  vocollama: [TRAINED],
  tokenpacker: [TRAINED, "pool"],
  mqtllava: [TRAINED, "pool"],
  matryoshka: [TRAINED, "pool"],
  m3: [TRAINED, "pool"],
  dynamicllava: [TRAINED, "text-topk"],
  llavascissor: [VIDEO, "tome-once"],
  dycoke: [VIDEO, "tome-once"],
  evs: [VIDEO],
  vidcom2: [VIDEO],
  prunevid: [VIDEO, "tome-once"],
  fastvid: [VIDEO, "tome-once"],
  holitom: [VIDEO, "tome-once"],
  flashvid: [VIDEO, "tome-once"],
  pixelprune: [PIXELS, "pool"],
  fastervlm: ["its choice is that of the highest class attention", "cls-topk"],
  vispruner: [NOT_YET, "cls-topk"],
  trim: [NOT_YET, "text-topk"],
  scope: [NOT_YET, "facility"],
  holov: [NOT_YET, "cls-topk"],
  mob: [NOT_YET, "mmtok"],
  fsr: [NOT_YET, "recoverable"],
  eadp: ["its formulas have another name", "facility"],
  prunesid: [NOT_YET, "divprune"],
  agilepruner: [NOT_YET, "cdpruner"],
  apet: [NOT_YET, "divprune"],
};

/** Why the method of that name is not here, and what is nearest to it, as a sentence; undefined for a name that nobody knows. */
export function whyElsewhere(name: string): string | undefined {
  const key = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  if (!Object.hasOwn(ELSEWHERE, key)) return undefined;
  const [reason, nearest] = ELSEWHERE[key];
  const own = reason === NOT_YET ? "; recoup method init begins one of your own" : "";
  return `${name} is not here: ${reason}${nearest === undefined ? "" : `; the nearest here is ${nearest}`}${own}`;
}
