/* The learned field, the exact one, and the difference, at the time of the slider. Questions: field, density. */
import {isClosed} from '../../ui/lib/own_data.js';
import {asker, keeper} from '../../ui/lib/asking.js';
import {lastFrame} from '../../ui/lib/bus.js';
import {context2d} from '../../ui/lib/canvas.js';
import {digits, fixed} from '../../ui/lib/format.js';
import {live, visible} from '../../ui/lib/live.js';
import {mark} from '../../ui/lib/origin.js';
import {arrows, cloud, lengths, paced, quantile, targets, viewport} from '../../ui/lib/plane.js';
import {roleColour} from '../../ui/lib/theme.js';

const N = 18;                                               // arrows along each axis
const ROLES = {learned: 'posterior', exact: 'prior', error: 'error'};
const UNITS = {score: 'per unit of data', velocity: 'units of data per unit of t', x_0: 'units of data'};
const EXACT = {
  known: 'Exact: the score of the mixture that the data are drawn from, in closed form.',
  ideal: 'Exact: the ideal denoiser of the training points, their softmax-weighted mean; towards t = 0 it points at the nearest of them, which no good model does.',
};

const difference = field => field.learned.data.map((v, i) => v - field.exact.data[i]);

/* Root mean square length of vectors (n*2) at `places`, each weighted by the density there (all alike while that is not known). */
function typical(vectors, places, density) {
  const known = density && !density.error;
  const [x0, x1, y0, y1] = known ? density.extent.data : [], n = known ? density.log_density.shape[0] : 0, {data} = known ? density.log_density : {};
  const most = known ? data.reduce((a, b) => Math.max(a, b), -Infinity) : 0;
  let sum = 0, total = 0;
  for (let i = 0; i < vectors.length; i += 2) {
    const column = Math.round((places[i] - x0) / (x1 - x0) * (n - 1)), row = Math.round((places[i + 1] - y0) / (y1 - y0) * (n - 1));
    const weight = known ? Math.exp(data[Math.max(0, Math.min(n - 1, row)) * n + Math.max(0, Math.min(n - 1, column))] - most) : 1;
    sum += weight * (vectors[i] ** 2 + vectors[i + 1] ** 2);
    total += weight;
  }
  return Math.sqrt(sum / total);
}

/** @typedef {import('../../ui/lib/payloads.d.ts').Field} Field */
/** @typedef {import('../../ui/lib/payloads.d.ts').Density} Density */
/** @typedef {import('../../ui/lib/payloads.d.ts').ParticlesStatic} ParticlesStatic */
/** @typedef {import('../../ui/lib/asking.js').Answer<Field> & {at: number, what: string}} FieldAnswer */
/** @typedef {import('../../ui/lib/asking.js').Answer<Density> & {at: number, what: string}} DensityAnswer */

export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector);
  const empty = $('.pg-empty'), slider = $('input'), time = $('.fields-time'), message = $('.fields-message');
  const whatSelect = $('[data-choose="what"]'), labelSelect = $('[data-choose="label"]');
  const figures = [...element.querySelectorAll('figure')], ask = asker(server, props.tab);
  /** @type {{field?: FieldAnswer, density?: DensityAnswer}} */
  let found = {};
  /** @type {ParticlesStatic | null} */
  let still = null;
  let frame = null, t = 0.3, took = 250;

  /* What a panel shows of the plane: the data with some room, and the noise as far as most of it reaches. */
  function extent() {
    const reach = still ? Math.max(2.6, ...still.hi.map(Math.abs), ...still.lo.map(Math.abs)) : 2.6, {clientWidth: w, clientHeight: h} = figures[0].lastChild;
    const wide = w > h && h > 0 ? reach * w / h : reach, tall = h > w && w > 0 ? reach * h / w : reach;
    return [-wide, wide, -tall, tall].map(v => Math.round(1000 * v) / 1000);
  }
  const step = () => (frame && frame.views.particles ? frame.views.particles.step : -1);
  const label = () => (labelSelect.parentElement.hidden ? {} : {label: Number(labelSelect.value)});
  const goesOn = () => ['starting', 'running'].includes((lastFrame(props.tab) || {}).status);
  const fresh = paced(() => (goesOn() ? Math.max(1000, 3 * took) : 0), () => poke());
  const wanted = () => (step() >= 0 && visible(element) ? [`${frame.run}|${whatSelect.value}|${labelSelect.value}`, `${t}|${fresh(step())}|${extent()}`] : null);
  const kept = (name, fetch) => keeper({
    key: wanted, interval: 30,
    fetch: async () => {
      const at = t, began = performance.now(), answer = await fetch();
      took = performance.now() - began;
      return {...answer, at, what: whatSelect.value};
    },
    done: answer => { found[name] = answer; view.redraw(); },
  });
  const keepers = [
    kept('field', () => ask('field', {t, what: whatSelect.value, n: N, extent: extent(), ...label()})),
    kept('density', () => ask('density', {t, what: 'exact', n: frame.config && isClosed(frame.config.dataset) ? 64 : 28, extent: extent(), ...label()})),
  ];
  function poke() { keepers.forEach(keep => keep()); }

  function drawPanel(figure) {
    const {field, density} = found, canvas = figure.lastChild, name = figure.dataset.panel, [x0, x1, y0, y1] = extent();
    const width = figure.clientWidth, height = Math.max(60, figure.clientHeight - figure.firstChild.offsetHeight - 4), context = context2d(canvas, width, height);
    const eye = viewport({lo: [x0, y0], hi: [x1, y1]}, width, height), spacing = eye.scale * Math.min(x1 - x0, y1 - y0) / (N - 1);
    const colour = roleColour(ROLES[name]);
    context.clearRect(0, 0, width, height);
    if (name !== 'error' && density && !density.error) cloud(context, density.log_density, density.extent.data, eye, roleColour('data'), 0.45);
    if (!field || field.error && field.error.constructor === String) return;
    const places = field.places.data, unit = field.what === 'x_0' ? 1 : quantile(lengths(field.exact.data), 0.8);
    if (name === 'error') arrows(context, places, difference(field), eye, unit, 0.95 * spacing, colour);
    else if (field.what === 'x_0') targets(context, places, field[name].data, eye, colour);
    else arrows(context, places, field[name].data, eye, unit, 0.95 * spacing, colour);
  }

  function say() {
    const {field} = found, failed = field && typeof field.error === 'string' ? field.error : '';
    message.classList.toggle('fields-wrong', Boolean(failed));
    if (failed || !field) { message.textContent = failed || (step() >= 0 ? 'Asking the model…' : ''); return; }
    message.textContent = `At t = ${fixed(field.at)}, typical length where the noisy data lie (root mean square): model − exact ${digits(typical(difference(field), field.places.data, found.density))}, exact ${digits(typical(field.exact.data, field.places.data, found.density))}, ${UNITS[field.what]}. ${field.exact_known ? EXACT.known : EXACT.ideal}`;
  }

  function drawLabels() {
    const conditional = Boolean(frame && frame.config && frame.config.conditional === 'on'), names = (still && still.label_names) || [];
    labelSelect.parentElement.hidden = !conditional;
    if (!conditional || labelSelect.options.length === names.length + 1) return;
    labelSelect.replaceChildren(new Option('any', '-1'), ...names.map((name, i) => new Option(name, String(i))));
  }

  function draw(payload, newest, why, payloads) {
    if ((newest && newest.run) !== (frame && frame.run)) found = {};
    frame = newest;
    still = payloads[1];
    const any = Boolean(payload);
    empty.hidden = any;
    [slider, whatSelect, labelSelect].forEach(node => { node.disabled = !any; });
    drawLabels();
    time.textContent = `t = ${fixed(t)}`;
    slider.setAttribute('aria-valuetext', time.textContent);
    mark(element, found.field ? found.field.origin : null);
    figures.forEach(drawPanel);
    say();
    poke();
    element.dataset.drawn = (Number(element.dataset.drawn) || 0) + 1;
  }
  const view = live({element, tab: props.tab, views: ['particles', 'particles_static'], draw});
  slider.addEventListener('input', () => { t = Number(slider.value) / 100; view.redraw(); });
  [whatSelect, labelSelect].forEach(node => node.addEventListener('change', () => { found = {}; view.redraw(); }));
}
