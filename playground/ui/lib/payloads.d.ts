/* Written by .ci/payload_types.py from playground/views/shapes.py: change that, not this. */

/** What the axes show. */
export interface View {
  lo: Array<number>;
  hi: Array<number>;
}

/** A strip of tiles; `data` holds n*h*w bytes. */
export interface ImageRow {
  title: string;
  note: string;
  n: number;
  data: string;
  scale: 'gray' | 'error';
  limit?: number;
  notes?: Array<string>;
}

/** The tiles of the first row on their way, at `times`. */
export interface TilesFilm {
  times: Array<number>;
  data: Array<string>;
}

/** Rows of tiles below each other, of one size; a grid has one row, and `columns`. */
export interface ImageTable {
  rows: Array<ImageRow>;
  h: number;
  w: number;
  step: number;
  columns?: number;
  film?: TilesFilm;
  whole?: boolean;
}

/** One curve. */
export interface Series {
  name: string;
  label: string;
  role: string;
  steps: string;
  values: string;
  dash?: string;
  gap?: boolean;
}

/** Curves over steps; `focus` is the part of the axis to show first, `above` what lies beyond it. */
export interface Curves {
  series: Array<Series>;
  unit: string;
  log: boolean;
  step: number;
  focus?: Array<number>;
  above?: Array<Array<number>>;
  marker?: number;
}

/** Samples on their way from noise to data at `times`: `frames` of T*n*2 numbers between `lo` and `hi`. */
export interface Particles {
  step: number;
  T: number;
  n: number;
  frames: string;
  lo: Array<number>;
  hi: Array<number>;
  view: View;
  times: Array<number>;
  mode: string;
  labels?: string;
}

/** The data beside the particles: m*2 numbers between `lo` and `hi`. */
export interface ParticlesStatic {
  m: number;
  data: string;
  lo: Array<number>;
  hi: Array<number>;
  labels?: string;
  label_names: Array<string>;
}

/** One estimate of log p(x), in nats per example. */
export interface BoundRow {
  name: string;
  label: string;
  note: string;
  role: string;
  hollow: boolean;
  mean: number | null;
  se: number | null;
  text: string;
  bits: string;
  above: number | null;
  above_se: number | null;
  above_text: string;
}

/** One reason for the gap. */
export interface GapPart {
  label: string;
  mean: number;
  se: number | null;
  text: string;
  role: string;
}

/** log p(x) - ELBO. */
export interface Gap {
  mean: number;
  se: number | null;
  text: string;
  parts: Array<GapPart>;
}

/** The bounds of the images done so far. */
export interface Bounds {
  rows: Array<BoundRow>;
  n: number;
  total: number;
  k: number;
  unit: string;
  of_step: number | null;
  warning?: string;
  gap?: Gap;
}

/** Steps of the past that can be shown, and those that a new run can go on from. */
export interface Moments {
  steps: Array<number>;
  checkpoints: Array<number>;
}

/** The run that a measurement is of. */
export interface Origin {
  about: string;
  run: string;
  model: string;
  step: number;
}

/** The part of a frame that is about the run itself. */
export interface Status {
  run: string;
  version: number;
  status: string;
  message: string;
  suggestion: string;
  step: number;
  steps: number;
  seconds: number;
  rate: number;
  eta: number | null;
  device: string;
  n_parameters: number;
  learning_rate: number;
  diverged: string;
  resumable: boolean;
  about: string;
  of: Array<Origin>;
}
