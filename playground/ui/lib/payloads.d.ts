/* Written by .ci/payload_types.py from playground/views/shapes.py and the shape.py of the features and of compare: change these, not this. */

/** An array of an answer. */
export interface Unpacked<T> {
  shape: Array<number>;
  data: T;
}

/** What the axes show. */
export interface View {
  lo: Array<number>;
  hi: Array<number>;
}

/** A strip of tiles; `data` holds n*h*w bytes, or three times as many in colour. */
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

/** Where a place of the map is in latent space: z = origin + sum_k axes[k] place[k]. */
export interface Basis {
  origin: Array<number>;
  axes: Array<Array<number>>;
}

/** A run in a few words, and the beginning of a file's name. */
export interface MapAbout {
  text: string;
  file: string;
}

/** The dots of a latent map between `lo` and `hi`: `method` is the chosen projection, `shown` that of the dots. */
export interface LatentMap {
  step: number;
  n: number;
  points: string;
  lo: Array<number>;
  hi: Array<number>;
  view: View;
  dims: number;
  prior: boolean;
  axes: Array<string>;
  title: string;
  method: string;
  shown: string;
  of_step: number;
  pending: boolean;
  perplexity: number;
  seed: number;
  methods: Array<string>;
  choices: {[name: string]: Array<number>};
  explained: Array<number>;
  invertible: boolean;
  basis: Basis | null;
  about: MapAbout;
}

/** A known factor of variation, or a column of a table, with a value for each dot. */
export interface MapFactor {
  name: string;
  unit: string;
  values: string;
}

/** What the dots are; `sheet` holds their images, `columns` of `tile` (width, height) side by side; of `rows` of a table the `factors` are
    its columns, in their units. */
export interface LatentMapStatic {
  labels: string;
  label_names: Array<string>;
  factors?: Array<MapFactor>;
  rows?: boolean;
  sheet?: string;
  tile?: Array<number>;
  columns?: number;
  indices?: Array<number>;
}

/** A term of a loss. */
export interface Term {
  name: string;
  label: string;
  value: number | null;
  text: string;
  role: string;
}

/** What the terms add up to. */
export interface Total {
  label: string;
  value: number | null;
  text: string;
}

/** A term of a smaller sum. */
export interface LineTerm {
  label: string;
  text: string;
  role: string;
}

/** What these add up to. */
export interface LineTotal {
  label: string;
  text: string;
}

/** A smaller sum, and what it says; without terms the note alone. */
export interface TermLine {
  title: string;
  total: LineTotal;
  terms: Array<LineTerm>;
  note: string;
}

/** The terms of a loss, as numbers and as texts that add up; of a VAE also bits per dimension, and smaller sums. */
export interface Terms {
  terms: Array<Term>;
  total: Total;
  unit: string;
  step: number;
  bits?: string;
  raw_bits?: number;
  lines?: Array<TermLine>;
}

/** Steps of the past that can be shown, and those that a new run can go on from; of the `light` ones the averaged weights are kept alone. */
export interface Moments {
  steps: Array<number>;
  checkpoints: Array<number>;
  light?: Array<number>;
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
  kept: boolean;
  place: number;
  wait: number | null;
  watch: string;
  steers: boolean;
  of: Array<Origin>;
}

/** Mean and standard deviation of n numbers, as far as there are enough of them. */
export interface Spread {
  mean: number | null;
  std: number | null;
  n: number;
}

/** What a classifier sees in some images. */
export interface SeenByClassifier {
  frechet: number;
  frechet_std: number;
  precision: number;
  recall: number;
}

/** One scheduler at one number of evaluations; `mean`, `std` and `n` are of its `distances`, one for each seed. */
export interface ArenaRow {
  name: string;
  title: string;
  target: number;
  nfe: number | null;
  steps: number | null;
  distances: Array<number | null>;
  mean: number | null;
  std: number | null;
  n: number;
  seen: Array<SeenByClassifier>;
  frechet: Spread;
  seconds: Array<number>;
  seconds_mean: number | null;
  difference: number | null;
  ours: string | null;
  reason: string;
}

/** Who takes part. */
export interface ArenaScheduler {
  name: string;
  title: string;
  noise: boolean;
  ours: string | null;
  convention: string;
  distance: number | null;
  grid: string;
}

/** Who does not, and why. */
export interface LeftOut {
  name: string;
  title: string;
  reason: string;
}

/** Samples of a row: images as `data`, n*h*w bytes; or points as `dots`, k*2 numbers, and the `ways` of n of them, T*n*2. */
export interface ArenaPicture {
  n: number;
  h?: number;
  w?: number;
  data?: string;
  T?: number;
  dots?: string;
  ways?: string;
}

/** The results so far; `pictures` by the index of a row. */
export interface Arena {
  rows: Array<ArenaRow>;
  floor: Spread;
  floor_seen: SeenByClassifier | null;
  left_out: Array<LeftOut>;
  schedulers: Array<ArenaScheduler>;
  evaluations: Array<number>;
  unit: string;
  reference: string;
  n_samples: number;
  seeds: number;
  image: boolean;
  looked_at: number;
  time_grid: string;
  network?: string;
  pictures: {[name: string]: ArenaPicture};
  step: number;
}

/** Numbers in nats with their numerical errors; q, the best Gaussian and the posterior; its log density on the box `extent`. */
export interface BoundAtPoint {
  log_p: number | null;
  log_p_error: number | null;
  elbo: number | null;
  elbo_error: number | null;
  best_elbo: number | null;
  best_elbo_error: number | null;
  gap: number | null;
  approximation_gap: number | null;
  amortisation_gap: number | null;
  kl_to_posterior: number | null;
  kl_to_posterior_error: number | null;
  evaluations: number | null;
  q_mean: Unpacked<Float32Array>;
  q_std: Unpacked<Float32Array>;
  best_mean: Unpacked<Float32Array>;
  best_std: Unpacked<Float32Array>;
  posterior_mean: Unpacked<Float32Array>;
  posterior_std: Unpacked<Float32Array>;
  posterior_covariance: Unpacked<Float32Array>;
  field: Unpacked<Float32Array>;
  extent: Unpacked<Float32Array>;
  levels: Unpacked<Float32Array>;
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

/** What is said where the answer `Information` has a mismatch of `above` nats and more, for certain, and its information lies `known` nats
    below `most`. */
export interface Mismatch {
  above: number;
  known: number;
  so: string;
  suggestion: string;
}

/** What each of d latent dimensions carries; `mean` and `std` are of the aggregated posterior. `total` is in nats. */
export interface Collapse {
  step: number;
  d: number;
  kl: string;
  mean_variance: string;
  mean: string;
  std: string;
  active: string;
  n_active: number;
  threshold: number;
  total: number | null;
  sentence: string;
  suggestion: string;
  well: boolean;
  settled_at: number;
  n: number;
  mismatch: Mismatch;
}

/** The KL of n training images in its two parts, of all dimensions and of each, in nats. */
export interface Information {
  kl: number | null;
  kl_per_dimension: Unpacked<Float32Array>;
  most: number | null;
  information: number | null;
  information_se: number | null;
  information_per_dimension: Unpacked<Float32Array>;
  information_se_per_dimension: Unpacked<Float32Array>;
  mismatch: number | null;
  mismatch_se: number | null;
  mismatch_per_dimension: Unpacked<Float32Array>;
  mismatch_se_per_dimension: Unpacked<Float32Array>;
  n: number;
}

/** Rows that a model makes, n*D numbers, `what` they are and the role whose colour they have; mean and standard deviation of each column. */
export interface Columns {
  rows: string;
  n: number;
  mean: Array<number>;
  std: Array<number>;
  what: string;
  role: string;
  step: number;
}

/** Held-out rows, alike, and where the axis of each column begins and ends. */
export interface ColumnsStatic {
  names: Array<string>;
  rows: string;
  n: number;
  mean: Array<number>;
  std: Array<number>;
  lo: Array<number>;
  hi: Array<number>;
}

/** One way; all that was measured is there once it is `ready`. `best` is the distance of real codes through the same decoder. */
export interface ComparisonRow {
  name: string;
  title: string;
  how: string;
  role: string;
  reference: boolean;
  state: 'ready' | 'now' | 'waiting';
  distance?: number;
  std?: number;
  best?: number | null;
  seconds?: number;
  tiles?: string;
  distance_of_means?: number;
  std_of_means?: number;
  frechet?: number;
  frechet_std?: number;
  precision?: number;
  recall?: number;
}

/** All rows, with images of h*w pixels. */
export interface Comparison {
  rows: Array<ComparisonRow>;
  h: number;
  w: number;
  unit: string;
  n: number;
  repeats: number;
  looked_at: number;
  network: string;
  latent_dim: number;
  summary: string;
  step: number;
}

/** What a measure says of something known: real data in the place of samples, the mean image, no model at all. */
export interface Beside {
  label: string;
  value: number;
  sd: number | null;
}

/** One measure. `sd` is the spread that `spread` names; `value` is null where `why` says why. */
export interface EvaluationRow {
  name: string;
  label: string;
  unit: string;
  better: string;
  value: number | null;
  sd: number | null;
  spread: string;
  beside: Beside | null;
  note: string;
  why: string;
}

/** All measures so far of the weights of a step, and the first samples; `now` is the one that is being made. */
export interface Evaluation {
  rows: Array<EvaluationRow>;
  now: string;
  of_step: number;
  n: number;
  drawn: string;
  samples: Unpacked<Uint8Array>;
}

/** Mean squared errors at `times`, in the unit of the loss; `exact_held_out` where the density is known. */
export interface ErrorCurves {
  times: Unpacked<Float32Array>;
  exact_known: number;
  against_exact: Unpacked<Float32Array>;
  zero: Unpacked<Float32Array>;
  net_train: Unpacked<Float32Array>;
  net_held_out: Unpacked<Float32Array>;
  ideal_train: Unpacked<Float32Array>;
  ideal_held_out: Unpacked<Float32Array>;
  exact_held_out?: Unpacked<Float32Array>;
}

/** What is learned and what is exact, (n, 2), at `places` (n, 2) of the box `extent`, and how far they are apart. */
export interface Field {
  places: Unpacked<Float32Array>;
  learned: Unpacked<Float32Array>;
  exact: Unpacked<Float32Array>;
  distance: Unpacked<Float32Array>;
  extent: Unpacked<Float32Array>;
  exact_known: number;
}

/** `log p_t` in nats on a grid over the box `extent`. */
export interface Density {
  log_density: Unpacked<Float32Array>;
  extent: Unpacked<Float32Array>;
  exact_known: number;
}

/** Shares in bins between `edges`, and total variations from the exact ones, where these are known. */
export interface Conditional {
  edges: Unpacked<Float32Array>;
  model: Unpacked<Float32Array>;
  exact_known: number;
  exact?: Unpacked<Float32Array>;
  repaint?: Unpacked<Float32Array>;
  model_distance?: number | null;
  repaint_distance?: number | null;
  floor?: number | null;
}

/** Images with those nearest to them; distances of several sets; the share of each that counts as memorised, with its interval. */
export interface Memorisation {
  samples: Unpacked<Uint8Array>;
  nearest: Unpacked<Uint8Array>;
  ideal: Unpacked<Uint8Array>;
  ideal_nearest: Unpacked<Uint8Array>;
  to_train: Unpacked<Float32Array>;
  to_held_out: Unpacked<Float32Array>;
  share: number | null;
  interval: Unpacked<Float32Array>;
  ideal_to_train: Unpacked<Float32Array>;
  ideal_to_held_out: Unpacked<Float32Array>;
  ideal_share: number | null;
  ideal_interval: Unpacked<Float32Array>;
  shifted_to_train: Unpacked<Float32Array>;
  shifted_to_held_out: Unpacked<Float32Array>;
  shifted_share: number | null;
  shifted_interval: Unpacked<Float32Array>;
  blurred_to_train: Unpacked<Float32Array>;
  blurred_to_held_out: Unpacked<Float32Array>;
  blurred_share: number | null;
  blurred_interval: Unpacked<Float32Array>;
  held_out_to_train: Unpacked<Float32Array>;
  held_out_to_held_out: Unpacked<Float32Array>;
  threshold: number | null;
  floor_share: number;
}

/** Of d dimensions and f factors (d*f numbers each) what they tell in nats, in shares of the entropy, and that of shuffled ones; `moves`
    is the factor of each dimension, or -1. */
export interface Factors {
  mutual_information: Unpacked<Float32Array>;
  normalised: Unpacked<Float32Array>;
  floor: Unpacked<Float32Array>;
  entropy: Unpacked<Float32Array>;
  mig: number | null;
  mig_se: number | null;
  mig_per_factor: Unpacked<Float32Array>;
  mig_floor: number | null;
  mig_floor_se: number | null;
  moves: Unpacked<Int32Array>;
}

/** A noise schedule at `times`. */
export interface ScheduleTable {
  name: string;
  alpha: string;
  sigma: string;
  log_snr: string;
}

/** All schedules and some examples: `data` is F32 of n*2 numbers for points, U8 of n*h*w for images. */
export interface ForwardProcess {
  times: string;
  schedules: Array<ScheduleTable>;
  dataset: string;
  title: string;
  variance: number;
  kind: 'points' | 'images';
  n: number;
  data: string;
  h?: number;
  w?: number;
  labels?: Array<string>;
}

/** One mean in nats per example, with its standard error; `difference` is that to the true density. */
export interface LikelihoodRow {
  name: string;
  label: string;
  role: string;
  nats: number | null;
  nats_se: number | null;
  bits: number | null;
  bits_se: number | null;
  difference: number | null;
  difference_se: number | null;
}

/** The means, and by the name of a row the value of each example and its standard error. */
export interface Likelihood {
  rows: Array<LikelihoodRow>;
  unit: string;
  n: number;
  step: number;
  each: {[name: string]: string};
  spread: {[name: string]: string};
}

/** What a classifier sees in so many images. */
export interface QualityReading {
  frechet: number | null;
  frechet_std: number | null;
  precision: number | null;
  recall: number | null;
}

/** Fréchet distances by step, the newest reading, and that of as many held-out images. */
export interface Quality {
  steps: string;
  values: string;
  now: QualityReading;
  floor: QualityReading;
  n: number;
  drawn: string;
  network: string;
  step: number;
  marker?: number;
}

/** The way of a run, in nats per example; runs with the same `comparable` may be compared. */
export interface Rate {
  steps: string;
  rate: string;
  distortion: string;
  label: string;
  comparable: string;
  weight?: string;
  marker?: number;
}

/** A flow before or after: `straightness` with its standard error; by the number of steps a distance with its spread. */
export interface ReflowSide {
  straightness: Array<number>;
  relative: number;
  distance: {[name: string]: Array<number>};
  frechet?: {[name: string]: Array<number>};
}

/** All that is known so far; a floor is a mean with its spread. */
export interface Reflow {
  phase: string;
  kind: string;
  unit: string;
  images: boolean;
  pairs: number;
  ode_steps: number;
  training_steps: number;
  n: number;
  repeats: number;
  floor: Array<number> | null;
  floor_frechet?: Array<number> | null;
  before: ReflowSide | null;
  after: ReflowSide | null;
  network?: string;
  step: number;
}

/** Paths from the same noise between `lo` and `hi`: T*n*2 numbers before and after, and m*2 of the data. */
export interface ReflowPaths {
  T: number;
  n: number;
  before: string;
  after?: string;
  data: string;
  lo: Array<number>;
  hi: Array<number>;
  view: View;
  step: number;
}

/** n draws of z (d numbers each), and what three estimators say of 2d gradients: by the mean, then by the log standard deviation. */
export interface Reparametrisation {
  mean: Unpacked<Float32Array>;
  std: Unpacked<Float32Array>;
  eps: Unpacked<Float32Array>;
  z: Unpacked<Float32Array>;
  log_p: Unpacked<Float32Array>;
  path_mean: Unpacked<Float32Array>;
  path_se: Unpacked<Float32Array>;
  path_variance: Unpacked<Float32Array>;
  score_mean: Unpacked<Float32Array>;
  score_se: Unpacked<Float32Array>;
  score_variance: Unpacked<Float32Array>;
  score_ratio: Unpacked<Float32Array>;
  score_baseline_mean: Unpacked<Float32Array>;
  score_baseline_se: Unpacked<Float32Array>;
  score_baseline_variance: Unpacked<Float32Array>;
  score_baseline_ratio: Unpacked<Float32Array>;
  truth: Unpacked<Float32Array>;
  order: Unpacked<Int32Array>;
}

/** Readings by step. */
export interface CompareCurve {
  steps: string;
  values: string;
}

/** The loss of a run; losses with the same `key` mean the same. */
export interface CompareLoss {
  key: string;
  unit: string;
  term: string;
  train?: CompareCurve;
  held_out?: CompareCurve;
}

/** The Fréchet distance of `n` samples while the run trained, and that of as many held-out images. */
export interface CompareFrechet {
  steps: string;
  values: string;
  n: number;
  floor: number | null;
}

/** Dots between `lo` and `hi`: held-out examples, the first of the data set in their order; `samples` are of the model, in the same plane. */
export interface CompareMap {
  n: number;
  points: string;
  lo: Array<number>;
  hi: Array<number>;
  view: View;
  labels: string;
  title: string;
  prior: boolean;
  held_out: boolean;
  samples?: string;
}

/** A run as a column. Images are uint8 (n, h, w) or (n, h, w, 3). */
export interface CompareColumn {
  run: string;
  watch: string;
  version: string;
  model: string;
  about: string;
  name: string;
  kind: string;
  data: string;
  dataset: string;
  status: string;
  goes_on: boolean;
  step: number;
  steps: number;
  seconds: number;
  seed: number;
  picture: string;
  message: string;
  kept: boolean;
  loss: CompareLoss;
  frechet?: CompareFrechet;
  map?: CompareMap;
  originals?: Unpacked<Uint8Array>;
  reconstructions?: Unpacked<Uint8Array>;
  samples?: Unpacked<Uint8Array>;
  samples_are: string;
  no_encoder: string;
  evaluation?: Evaluation;
  evaluated: boolean;
}

/** A setting, and what each run has of it. */
export interface CompareRow {
  name: string;
  label: string;
  values: Array<string>;
}

/** Settings in which runs differ, and the rest. */
export interface CompareSettings {
  differ: Array<CompareRow>;
  same: Array<CompareRow>;
}

/** The runs that changed, and what holds of all: `order` are those that there are, `groups` indices into it. */
export interface CompareColumns {
  runs: {[name: string]: CompareColumn};
  gone: {[name: string]: string};
  order: Array<string>;
  groups: Array<Array<number>>;
  settings: CompareSettings;
}

/** One run of a plan; `of` is the run that is trained, or measured. `left` is in seconds, null where nobody knows. */
export interface CompareJob {
  title: string;
  state: string;
  run: string;
  of: string;
  step: number;
  steps: number;
  seconds: number;
  trains: boolean;
  left: number | null;
  message: string;
}

/** Runs that go one after another. `place` is how many plans are before it, `left` the seconds of those jobs for which they can be told. */
export interface ComparePlan {
  plan: string;
  title: string;
  state: string;
  place: number;
  jobs: Array<CompareJob>;
  left: number;
  unknown: number;
}
