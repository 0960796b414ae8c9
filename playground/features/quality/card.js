/* Fréchet distance, precision and recall of samples beside those of real images, and the way of the distance on a logarithmic axis.
   Payload: shape.py. */
import {decode} from '../../ui/lib/codec.js';
import {digits, fixed, stepText, thousands, withError} from '../../ui/lib/format.js';
import {live} from '../../ui/lib/live.js';
import {html, scaled, svg} from '../../ui/lib/svg.js';
import {roleVar} from '../../ui/lib/theme.js';

const EDGE = 5;

/** @typedef {import('../../ui/lib/payloads.d.ts').Quality} Quality */

/* name value (of real images: value) */
function part(name, value, real, help) {
  const node = html('span', 'quality-part', `${name} `, html('b', '', value), html('i', '', ` real ${real}`));
  node.title = help;
  return node;
}

const HELP = {
  distance: n => `Squared Fréchet distance of two Gaussians fitted to features (Heusel et al. 2017), ± its spread over draws. 0 is the same; 100 is the variance of training images. Biased upwards by few samples: compare it at equal n (${n} here) and with real images.`,
  precision: () => 'Share of samples that lie where real images do (Kynkäänniemi et al. 2019): low when samples look wrong',
  recall: () => 'Share of real images that lie where samples do: low when samples lack variety',
};

/** @param {Quality} payload */
function line(payload) {
  const {now, floor, n, drawn, network} = payload;
  return [
    part('Fréchet distance', withError(now.frechet, now.frechet_std), withError(floor.frechet, floor.frechet_std), HELP.distance(n)),
    part('precision', fixed(now.precision), fixed(floor.precision), HELP.precision()),
    part('recall', fixed(now.recall), fixed(floor.recall), HELP.recall()),
    html('span', 'quality-drawn', `n = ${n}, ${drawn}; features of ${network}`),
  ];
}

/** The distance by step, and the floor as a dashed line; both on a logarithmic axis. @param {Quality} payload @param {number} width @param {number} height */
function way(payload, width, height) {
  const steps = decode.f32(payload.steps), values = decode.f32(payload.values), floor = payload.floor.frechet;
  const shown = [...values, floor].filter(value => value > 0).map(Math.log);
  const x = scaled(0, Math.max(1, ...steps), EDGE, width - 34), y = scaled(Math.max(...shown), Math.min(...shown), EDGE, height - EDGE);
  const at = value => y(Math.log(Math.max(value, 1e-6))), points = Array.from(steps, (step, i) => [x(step), at(values[i])]).filter(([, place]) => isFinite(place));
  const dot = ([cx, cy], i) => svg('circle', {cx, cy, r: points.length > 60 ? 1.2 : 2.4, fill: roleVar('samples')}, svg('title', {}, `step ${thousands(steps[i])}: ${digits(values[i])}`));
  const name = (value, words) => svg('text', {x: width - 30, y: Math.min(height - 2, Math.max(9, at(value) + 4)), class: 'quality-tick'}, words);
  const last = values[values.length - 1], apart = Math.abs(at(last) - at(floor)) > 11;
  return [
    svg('line', {x1: EDGE, x2: width - 34, y1: at(floor), y2: at(floor), stroke: roleVar('data'), 'stroke-dasharray': '4 3'}, svg('title', {}, `real images: ${digits(floor)}`)),
    svg('polyline', {points: points.map(p => p.join()).join(' '), fill: 'none', stroke: roleVar('samples'), 'stroke-width': 1.6}),
    ...points.map(dot), ...(apart ? [name(last, digits(last))] : []), name(floor, 'real'),
  ];
}

export function mount({element, props}) {
  const $ = selector => element.querySelector(selector);
  const empty = $('.pg-empty'), words = $('.quality-line'), picture = $('.quality-way'), step = $('.pg-step');

  /** @param {Quality | null} payload */
  function draw(payload) {
    empty.hidden = Boolean(payload);
    step.textContent = stepText(payload);
    words.replaceChildren(...(payload ? line(payload) : []));
    const {width, height} = picture.getBoundingClientRect();
    picture.replaceChildren(...(payload && width > 60 ? way(payload, width, height) : []));
    if (!payload) return;
    picture.setAttribute('aria-label', `Fréchet distance ${digits(payload.now.frechet)}, of real images ${digits(payload.floor.frechet)}; samples: ${payload.drawn}`);
    element.dataset.drawn = (Number(element.dataset.drawn) || 0) + 1;
  }

  live({element, tab: props.tab, views: ['quality'], draw, interval: 500});
}
