/* One column a latent dimension: its KL as a bar in two parts, and below it the aggregated posterior against the prior.
   Payload and the answer to the question information: shape.py. */
import {asker, keeper} from '../../ui/lib/asking.js';
import {decode} from '../../ui/lib/codec.js';
import {fixed, shortNumber, stepText, sub, thousands, withError} from '../../ui/lib/format.js';
import {live, visible} from '../../ui/lib/live.js';
import {html, niceTicks, scaled, svg} from '../../ui/lib/svg.js';
import {mismatchOf} from './mismatch.js';

const BARS = 132, GAP = 30, BAND = 84, LEFT = 40, RIGHT = 6, TOP = 12, REACH = 3;

/** @typedef {import('../../ui/lib/payloads.d.ts').Collapse} Collapse */
/** @typedef {import('../../ui/lib/payloads.d.ts').Information} Information */

export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector);
  const says = $('.doctor-says'), plot = $('.doctor-plot'), one = $('.doctor-one'), empty = $('.pg-empty'), stepLabel = $('.pg-step'), note = $('.pg-note'), parts = $('.doctor-parts');
  /** @type {Collapse | null} */
  let payload = null;
  /** @type {(import('../../ui/lib/asking.js').Answer<Information> & {run: string}) | null} */
  let split = null;
  let data = null, top = 1, chosen = null, run = null;

  const ask = asker(server, props.tab);

  /* The KL in its two parts, from all training images: asked for again while the model learns on. */
  const keep = keeper({
    key: () => (payload && run && visible(element) ? [run, payload.step] : null),
    fetch: async () => ({...await ask('information'), run}),
    done: answer => {
      split = answer.error || answer.run !== run ? null : answer;
      if (payload) { drawWords(); drawColumns(); drawParts(); drawOne(); }
    },
    interval: 5000, patience: 8,
  });

  /* Which share of the KL of dimension j is information, 0 to 1; the whole bar while that is not known. */
  const share = j => {
    if (!split || split.kl_per_dimension.shape[0] !== payload.d) return 1;
    const information = Math.max(0, split.information_per_dimension.data[j]), rest = Math.max(0, split.mismatch_per_dimension.data[j]);
    return information + rest > 0 ? information / (information + rest) : 1;
  };

  /** @param {Collapse} newest */
  function take(newest) {
    payload = newest;
    data = ['kl', 'mean_variance', 'mean', 'std'].reduce((all, name) => ({...all, [name]: decode.f32(newest[name])}), {active: decode.u8(newest.active)});
    const most = Math.max(...Array.from(data.kl).filter(Number.isFinite), 0.1);
    if (most > top || most < top / 3) top = most * 1.15;            // the axis stays put as long as it fits
  }

  /* [kind, what is said, what to do]. */
  function verdict() {
    const {n_active, d, well, sentence, suggestion, mismatch} = payload;
    if (payload.step < payload.settled_at) return ['early', `Too early to tell: no encoder is born with a code. A verdict comes from step ${thousands(payload.settled_at)} on.`, ''];
    if (!well) return ['ill', sentence, suggestion];
    const far = mismatchOf(split, mismatch);
    if (far) return ['ill', far, mismatch.suggestion];
    return ['well', `${split ? 'Nothing is wrong' : 'Nothing has collapsed'}: ${n_active} of ${d} ${d === 1 ? 'dimension' : 'dimensions'} active${n_active < d ? '. The others are not needed, or not yet' : ''}.`, ''];
  }

  function drawWords() {
    const [kind, text, suggestion] = verdict();
    if (says.dataset.text === text) return;
    says.dataset.text = text;
    says.dataset.kind = kind;
    says.replaceChildren(html('b', '', text), ...(suggestion ? [html('span', '', ` ${suggestion}`)] : []));
  }

  function drawColumns() {
    const width = Math.max(200, plot.clientWidth), narrow = width < 520, {d} = payload, x = scaled(0, d, LEFT, width - RIGHT), wide = (width - RIGHT - LEFT) / d, bar = Math.min(44, Math.max(2, wide * 0.62));
    const y = scaled(0, top, TOP + BARS, TOP), base = TOP + BARS + GAP, at = scaled(-REACH, REACH, base + BAND, base), inside = v => Math.max(-REACH, Math.min(REACH, v));
    const node = svg('svg', {width, height: base + BAND + 18, 'aria-hidden': 'true'});
    for (const tick of niceTicks(0, top, 4)) node.append(
      svg('line', {x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick), class: 'doctor-grid'}), svg('text', {x: LEFT - 5, y: y(tick) + 4, class: 'doctor-tick'}, shortNumber(tick)));
    node.append(svg('text', {x: LEFT, y: 9, class: 'doctor-name'}, width < 430 ? 'KL in nats' : 'KL in nats: the most that an image can tell through this dimension'),
                svg('text', {x: LEFT, y: base - 6, class: 'doctor-name'}, narrow ? 'all codes, mean ± std, on the prior' : 'where all codes lie: mean ± std of the aggregated posterior, on the prior N(0, 1)'),
                svg('rect', {x: LEFT, width: width - RIGHT - LEFT, y: at(1), height: at(-1) - at(1), class: 'doctor-prior'}));
    for (const tick of [-2, -1, 0, 1, 2]) node.append(
      svg('line', {x1: LEFT, x2: width - RIGHT, y1: at(tick), y2: at(tick), class: tick ? 'doctor-grid' : 'doctor-zero'}), svg('text', {x: LEFT - 5, y: at(tick) + 4, class: 'doctor-tick'}, shortNumber(tick)));
    const every = Math.ceil(26 / wide);
    for (let j = 0; j < d; j++) {
      const middle = x(j) + wide / 2, alive = data.active[j], value = Math.max(0, data.kl[j] || 0), group = svg('g', {class: alive ? 'doctor-alive' : 'doctor-dead'});
      if (j === chosen) group.append(svg('rect', {x: x(j), width: wide, y: 0, height: base + BAND + 18, class: 'doctor-chosen'}));
      const shown = Math.min(value, top), information = shown * share(j), wide2 = {x: middle - bar / 2, width: bar};
      group.append(svg('rect', {...wide2, y: y(shown), height: Math.max(0, y(information) - y(shown)), class: 'doctor-bar doctor-rest'}),
                   svg('rect', {...wide2, y: y(information), height: Math.max(1, y(0) - y(information)), class: 'doctor-bar'}));
      const lo = data.mean[j] - data.std[j], hi = data.mean[j] + data.std[j];
      group.append(svg('line', {x1: middle, x2: middle, y1: at(inside(lo)), y2: at(inside(hi)), class: 'doctor-spread', 'stroke-width': Math.min(5, Math.max(1.5, bar / 3))}),
                   svg('circle', {cx: middle, cy: at(inside(data.mean[j])), r: Math.min(4.5, Math.max(1.6, bar / 2.4)), class: 'doctor-mean'}));
      for (const [beyond, y, sign] of [[hi > REACH, base + 9, '▲'], [lo < -REACH, base + BAND, '▼']]) if (beyond) group.append(svg('text', {x: middle, y, class: 'doctor-beyond'}, sign));
      if (j % every === 0) group.append(svg('text', {x: middle, y: base + BAND + 14, class: 'doctor-label'}, `z${sub(j + 1)}`));
      node.append(group);
    }
    plot.replaceChildren(node);
  }

  /* `kl = information + mismatch`, of all dimensions or of one. */
  function inParts(j) {
    const at = (name, end = '') => (j === null ? split[`${name}${end}`] : split[`${name}${end}_per_dimension`].data[j]), z = j === null ? 'z' : `z${sub(j + 1)}`;
    return `KL ${fixed(at('kl'), 3)} = I(x; ${z}) ${withError(at('information'), at('information', '_se'))} + KL(q(${z}) ‖ p(${z})) ${withError(at('mismatch'), at('mismatch', '_se'))} nats`;
  }

  /* The legend of the bars, and the sum in numbers. */
  function drawParts() {
    const key = (kind, text) => html('span', '', html('i', `doctor-key ${kind}`), text);
    parts.replaceChildren(key('', 'I(x; z): what z tells of the example'), key('doctor-key-rest', 'KL(q(z) ‖ p(z)): how far all codes together are from the prior'),
      ...(split ? [html('div', '', `${inParts(null)}. Step ${thousands(split.step)}, ${thousands(split.n)} training examples: I(x; z) of so many is at most log n = ${fixed(split.most)}; ± is the standard error.`)] : [html('div', '', 'Taking the KL apart…')]));
  }

  function drawOne() {
    if (chosen === null || chosen >= payload.d) {
      one.textContent = `${payload.n_active} active of ${payload.d} (variance of the posterior mean over images above ${payload.threshold}); KL in all ${fixed(payload.total)} nats, on ${thousands(payload.n)} held-out examples. Point at a column for its numbers.`;
      return;
    }
    const j = chosen;
    one.textContent = `z${sub(j + 1)}: KL ${fixed(data.kl[j], 3)} nats; variance of the posterior mean ${fixed(data.mean_variance[j], 3)}, so it is ${data.active[j] ? 'active' : 'not active'}; all codes: mean ${fixed(data.mean[j])}, std ${fixed(data.std[j])} (prior: 0 and 1).${split && share(j) < 1 ? ` On training images ${inParts(j)}.` : ''}`;
  }

  function draw(newest, frame) {
    empty.hidden = Boolean(newest);
    stepLabel.textContent = stepText(newest);
    if (frame && frame.run !== run) { run = frame.run; chosen = null; top = 1e-9; split = null; }
    if (!newest) { plot.replaceChildren(); says.replaceChildren(); delete says.dataset.text; one.textContent = ''; note.textContent = ''; parts.replaceChildren(); return; }
    if (newest !== payload) take(newest);
    note.textContent = `${newest.n_active} of ${newest.d} active`;
    drawWords();
    drawColumns();
    drawParts();
    drawOne();
    keep();
    plot.setAttribute('aria-label', `${newest.n_active} of ${newest.d} dimensions active. Arrow keys go from one to the next.`);
    plot.dataset.drawn = (Number(plot.dataset.drawn) || 0) + 1;
  }

  live({element, tab: props.tab, views: ['collapse'], draw, interval: 250});

  function choose(j) { if (payload && j !== chosen) { chosen = j; drawColumns(); drawOne(); } }

  plot.addEventListener('pointermove', event => {
    if (!payload) return;
    const box = plot.getBoundingClientRect(), share = (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT);
    choose(share < 0 || share >= 1 ? null : Math.floor(share * payload.d));
  });

  plot.addEventListener('pointerleave', () => choose(null));

  plot.addEventListener('keydown', event => {
    const by = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (event.key === 'Escape') choose(null);
    if (!by || !payload) return;
    event.preventDefault();
    choose(chosen === null ? (by > 0 ? 0 : payload.d - 1) : (chosen + by + payload.d) % payload.d);
  });

  plot.addEventListener('blur', () => choose(null));
}
