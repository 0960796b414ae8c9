/* log p(x) = ELBO + gap at one pinned image. Question: exact (playground/questions). Hears `pins`; tells `truth`. */
import {asker, keeper} from '../../ui/lib/asking.js';
import {hear, tell} from '../../ui/lib/bus.js';
import {context2d} from '../../ui/lib/canvas.js';
import {paintTruth, truthCurves} from '../../ui/lib/contours.js';
import {fixed, shortNumber, significant, withError} from '../../ui/lib/format.js';
import {live, visible} from '../../ui/lib/live.js';
import {mark} from '../../ui/lib/origin.js';
import {html, niceTicks, scaled, svg} from '../../ui/lib/svg.js';
import {canvasFont, cssVar, roleColour, roleVar} from '../../ui/lib/theme.js';
import {say} from '../../ui/lib/ways.js';

/** @typedef {import('../../ui/lib/payloads.d.ts').BoundAtPoint} BoundAtPoint */

/* --- numbers that add up as they are shown -------------------------------------------------------------------------------- */
/** @param {BoundAtPoint} a */
function adding(a) {
  const gap = a.approximation_gap + a.amortisation_gap, digits = Math.abs(gap) < 1 ? 3 : 2, unit = 10 ** digits;
  const whole = value => Math.round(value * unit), text = units => fixed((units || 0) / unit, digits), sum = whole(gap), elbo = whole(a.elbo);
  /* the larger part carries the rounding error of both */
  const approximation = Math.abs(a.approximation_gap) < Math.abs(a.amortisation_gap) ? whole(a.approximation_gap) : sum - whole(a.amortisation_gap);
  return {elbo: text(elbo), approximation: text(approximation), amortisation: text(sum - approximation), gap: text(sum), log_p: text(elbo + sum), digits};
}

/* One latent dimension: densities over it. */
/** @param {BoundAtPoint} a @param {CanvasRenderingContext2D} context @param {number} size @param {{truth: string, q: string}} colours */
function drawLine(a, context, size, colours) {
  const [x0, x1] = a.extent.data, n = a.field.data.length, normal = (z, m, s) => Math.exp(-0.5 * ((z - m) / s) ** 2) / (s * Math.sqrt(2 * Math.PI));
  const at = k => x0 + k / (n - 1) * (x1 - x0), range = Array.from({length: n}, (_, k) => k);
  /** @type {Array<[Array<number>, string, Array<number>]>} */
  const curves = [[range.map(k => Math.exp(a.field.data[k])), colours.truth, []], [range.map(k => normal(at(k), a.best_mean.data[0], a.best_std.data[0])), colours.q, [4, 3]],
                  [range.map(k => normal(at(k), a.q_mean.data[0], a.q_std.data[0])), colours.q, []]];
  const top = Math.max(...curves.flatMap(([values]) => values)) * 1.08 || 1;
  for (const [values, colour, dash] of curves) {
    context.strokeStyle = colour;
    context.lineWidth = 1.8;
    context.setLineDash(dash);
    context.beginPath();
    values.forEach((value, k) => context.lineTo(k / (n - 1) * size, size - 4 - value / top * (size - 8)));
    context.stroke();
  }
  context.setLineDash([]);
}

/* Of all such cards of a tab one asks, one that can be seen if there is one, and tells the others. */
const askers = new Map();
function asks(tab, element) {
  if (!askers.has(tab) || !visible(askers.get(tab))) askers.set(tab, element);
  return askers.get(tab) === element;
}

export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector);
  const ask = asker(server, props.tab), topic = name => `${props.tab}/${name}`;
  const equation = $('.truth-equation'), both = $('.truth-both'), canvas = $('canvas'), plot = $('.truth-plot'), check = $('.truth-check');
  const empty = $('.pg-empty'), note = $('.pg-note'), first = empty.textContent;

  /** @type {(import('../../ui/lib/asking.js').Answer<BoundAtPoint> & {run: string, index: number}) | null} */
  let shown = null;
  let frame = null, pinned = null, trouble = '';
  const step = () => (frame && frame.views.map ? frame.views.map.step : null);
  const subject = () => (pinned && frame && frame.run === pinned.run ? `${pinned.run}|${pinned.index}` : null);

  const keep = keeper({
    key: () => (asks(props.tab, element) && subject() && step() !== null && element.isConnected && !document.hidden ? [subject(), step()] : null),
    fetch: async () => { const {run, index} = pinned; return {...await ask('exact', {index}), run, index}; },
    done: answer => {
      tell(topic('trouble'), answer.error || '');
      tell(topic('truth'), answer.error ? null : answer);
    },
    interval: 1500, patience: 4,
  });

  function drawEquation(texts) {
    const term = (label, value, role) => {
      const node = html('b', '', `${label} ${value.startsWith('−') && label !== 'log p(x)' ? `(${value})` : value}`);
      node.style.color = roleVar(role);
      return node;
    };
    equation.replaceChildren(term('log p(x)', texts.log_p, 'evidence'), html('span', '', '='), term('ELBO', texts.elbo, 'held_out'),
                             html('span', '', '+'), term('gap', texts.gap, 'posterior'), html('span', 'truth-unit', 'nats'));
  }

  /** Steps from the ELBO up to log p(x). @param {BoundAtPoint} a @param {ReturnType<typeof adding>} texts */
  function drawSteps(a, texts) {
    const width = Math.max(150, plot.clientWidth), row = 36, right = 8, hi = Math.max(a.log_p, a.best_elbo, a.elbo), lo = Math.min(a.elbo, a.best_elbo, a.log_p);
    const span = Math.max(hi - lo, 4 * (a.log_p_error || 0), 4 * (a.elbo_error || 0), 1e-6), x = scaled(lo - 0.06 * span, hi + 0.06 * span, 2, width - right);
    const pm = error => (error > 0.5 * 10 ** -texts.digits ? ` ± ${significant(error, 1)}` : '');   // less than a digit shown: no need to say
    const rows = [
      {label: 'log p(x)', text: texts.log_p + pm(a.log_p_error), from: a.log_p, to: a.log_p, error: a.log_p_error, role: 'evidence'},
      {label: 'approximation gap', text: texts.approximation, from: a.best_elbo, to: a.log_p, error: a.best_elbo_error, role: 'posterior',
       more: 'Even the best diagonal Gaussian for this image, found by optimising it, is not the true posterior'},
      {label: 'amortisation gap', text: texts.amortisation, from: a.elbo, to: a.best_elbo, error: a.elbo_error, role: 'posterior', light: true,
       more: 'The encoder does not find that best Gaussian: one network has to serve all images'},
      {label: 'ELBO', text: texts.elbo + pm(a.elbo_error), from: a.elbo, to: a.elbo, error: a.elbo_error, role: 'held_out'},
    ];
    const node = svg('svg', {width, height: 4 * row + 20, role: 'img', 'aria-label': `log p of x ${texts.log_p}, ELBO ${texts.elbo}, approximation gap ${texts.approximation}, amortisation gap ${texts.amortisation}, in nats`});
    for (const value of [a.elbo, a.best_elbo, a.log_p]) node.append(svg('line', {x1: x(value), x2: x(value), y1: 18, y2: 4 * row, class: 'truth-guide'}));
    rows.forEach(({label, text, from, to, error, role, light, more}, i) => {
      const y = i * row + 24, group = svg('g', {}, svg('text', {x: 2, y: y - 8, class: 'truth-label'}, label), svg('text', {x: width - right, y: y - 8, class: 'truth-value', fill: roleVar(role)}, text));
      if (more) group.append(svg('title', {}, more));
      if (from !== to) group.append(svg('rect', {x: Math.min(x(from), x(to)), y, width: Math.max(1.5, Math.abs(x(to) - x(from))), height: 10, fill: roleVar(role), 'fill-opacity': light ? 0.5 : 1, rx: 2}));
      else group.append(svg('circle', {cx: x(to), cy: y + 5, r: 5, fill: roleVar(role)}));
      if (error > 0 && x(to + error) - x(to) > 1) group.append(svg('line', {x1: x(to - error), x2: x(to + error), y1: y + 5, y2: y + 5, class: 'truth-error'}));
      node.append(group);
    });
    niceTicks(x.back(22), x.back(width - right - 20), 3).forEach(tick => node.append(
      svg('line', {x1: x(tick), x2: x(tick), y1: 4 * row, y2: 4 * row + 4, class: 'truth-axis'}), svg('text', {x: x(tick), y: 4 * row + 16, class: 'truth-tick'}, shortNumber(tick))));
    node.append(svg('line', {x1: 2, x2: width - right, y1: 4 * row, y2: 4 * row, class: 'truth-axis'}));
    plot.replaceChildren(node);
  }

  /** The posterior, magnified: the box that `exact` says it lies in. @param {BoundAtPoint} a */
  function drawPosterior(a) {
    const size = 128, context = context2d(canvas, size, size), extent = a.extent.data;
    context.clearRect(0, 0, size, size);
    const colours = {truth: roleColour('evidence'), q: roleColour('posterior')};
    if (a.field.shape.length === 1) { drawLine(a, context, size, colours); return; }
    const side = Math.max(extent[1] - extent[0], extent[3] - extent[2]), cx = (extent[0] + extent[1]) / 2, cy = (extent[2] + extent[3]) / 2;
    const place = z => [size / 2 + (z[0] - cx) / side * size, size / 2 - (z[1] - cy) / side * size];
    paintTruth(context, truthCurves(a, place), colours);
    const soft = cssVar('--soft-text'), decade = 10 ** Math.floor(Math.log10(side / 3)), bar = [5, 2, 1].map(k => k * decade).find(length => length <= side / 3);
    context.fillStyle = context.strokeStyle = soft;
    context.lineWidth = 1.5;
    context.beginPath();
    context.moveTo(8, size - 8);
    context.lineTo(8 + bar / side * size, size - 8);
    context.stroke();
    context.font = canvasFont();
    context.fillText(`${shortNumber(bar)} in z`, 8, size - 13);
  }

  /** @param {BoundAtPoint} a */
  function drawCheck(a) {
    const gap = a.approximation_gap + a.amortisation_gap, error = Math.hypot(a.kl_to_posterior_error || 0, a.log_p_error || 0, a.elbo_error || 0);
    const same = Math.abs(gap - a.kl_to_posterior) <= 3 * error + 1e-4 * Math.max(1, Math.abs(gap));
    check.textContent = `Check: the gap must be KL(q(z|x) ‖ p(z|x)). Integrated on its own: ${withError(a.kl_to_posterior, a.kl_to_posterior_error)} nats, ${same ? 'equal within the errors.' : `${fixed(Math.abs(gap - a.kl_to_posterior), 4)} away from it.`}`;
  }

  function draw() {
    const ready = shown && subject() === `${shown.run}|${shown.index}`;
    empty.hidden = Boolean(ready);
    both.style.visibility = ready ? '' : 'hidden';
    note.textContent = ready ? `held-out image ${shown.index + 1}` : '';
    mark(element, ready ? shown.origin : null);
    if (!ready) {
      equation.replaceChildren();
      check.textContent = '';
      say(empty.firstChild, !subject() ? first : trouble || 'Integrating over z…');
      return;
    }
    const texts = adding(shown);
    drawEquation(texts);
    drawSteps(shown, texts);
    drawPosterior(shown);
    drawCheck(shown);
    plot.dataset.drawn = (Number(plot.dataset.drawn) || 0) + 1;
  }

  function forget() { tell(topic('trouble'), ''); tell(topic('truth'), null); }
  hear(topic('trouble'), element, now => { trouble = now || ''; draw(); });
  hear(topic('truth'), element, now => { shown = now; draw(); });

  live({element, tab: props.tab, views: ['map'], draw: (payload, newest, why) => {
    const other = (newest && newest.run) !== (frame && frame.run);
    frame = newest;
    if (other && asks(props.tab, element)) forget();
    if (why !== 'frame' || other) draw();
    keep();
  }, interval: 200});

  hear(topic('pins'), element, news => {
    pinned = news && news.pins.length ? {run: news.run, index: news.pins[news.pins.length - 1]} : null;
    if (!pinned) forget();
    draw();
    keep();
  });
}
