/* ε -> z = μ + σ ε -> D(z) for one image, and the measured variance of two estimators of the same gradient.
   Questions: reparametrisation, decode, point (playground/questions). */
import {asker, keeper} from '../../ui/lib/asking.js';
import {current, hear} from '../../ui/lib/bus.js';
import {tile as drawTile} from '../../ui/lib/canvas.js';
import {fixed, significant, sub, thousands, withError} from '../../ui/lib/format.js';
import {live, visible} from '../../ui/lib/live.js';
import {mark} from '../../ui/lib/origin.js';
import {scaled, svg} from '../../ui/lib/svg.js';
import {roleVar} from '../../ui/lib/theme.js';

const DRAWS = 1024, DOTS = 256, SHOWN = 5, TILE = 44;

/** @typedef {import('../../ui/lib/payloads.d.ts').Reparametrisation} Reparametrisation */
/** @template T @typedef {import('../../ui/lib/payloads.d.ts').Unpacked<T>} Unpacked */

export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector);
  const ask = asker(server, props.tab), path = $('.trick-path'), words = $('.trick-words'), variance = $('.trick-variance'), says = $('.trick-says');
  const empty = $('.pg-empty'), note = $('.pg-note'), again = $('.trick-again'), first = empty.textContent;
  let SIDE = 168;                                                // of a plane, in pixels; less where there is little room

  /** @type {(import('../../ui/lib/asking.js').Answer<Reparametrisation> & {images: Unpacked<Uint8Array>, original: Unpacked<Uint8Array>, of: string, index: number}) | null} */
  let shown = null;
  let frame = null, pinned = 0, seed = 0, trouble = '', hovered = 0;
  const step = () => (frame && frame.views.map ? frame.views.map.step : null);
  const subject = () => (frame ? `${frame.run}|${pinned}|${seed}` : null);

  const keep = keeper({
    key: () => (subject() && step() !== null && visible(element) ? [subject(), step()] : null),
    fetch: async () => {
      const index = pinned, [answer, point] = await Promise.all([ask('reparametrisation', {index, n: DRAWS, seed}), ask('point', {index})]);
      if (answer.error || point.error) return {error: answer.error || point.error};
      const d = answer.mean.data.length, z = Array.from({length: SHOWN}, (_, i) => Array.from(answer.z.data.subarray(i * d, (i + 1) * d)));
      const decoded = await ask('decode', {z});
      return decoded.error ? {error: decoded.error} : {...answer, images: decoded.images, original: point.original, of: subject(), index};
    },
    done: answer => { trouble = answer.error || ''; if (!answer.error) shown = answer; draw(); },
    interval: 2500, patience: 4,
  });

  /* --- ε, z and D(z) ---------------------------------------------------------------------------------------------------------- */
  const plane = () => { const {order, mean} = shown, d = mean.data.length; return d > 1 ? [order.data[0], order.data[1]] : [0]; };

  const pick = (array, i, dims, d) => dims.map(j => array.data[i * d + j]);

  function cloud(x0, title, middle, reach, points, colour, rings) {
    const at = p => [x0 + SIDE / 2 + (p[0] - middle[0]) / reach * SIDE / 2, 24 + SIDE / 2 - ((p[1] ?? 0) - (middle[1] ?? 0)) / reach * SIDE / 2];
    const group = svg('g', {}, svg('rect', {x: x0, y: 24, width: SIDE, height: SIDE, class: 'trick-frame'}), svg('text', {x: x0 + SIDE / 2, y: 15, class: 'trick-title'}, title));
    const inside = ([x, y]) => x >= x0 && x <= x0 + SIDE && y >= 24 && y <= 24 + SIDE;
    rings.forEach(([rx, ry]) => group.append(svg('ellipse', {cx: at(middle)[0], cy: at(middle)[1], rx: rx / reach * SIDE / 2, ry: ry / reach * SIDE / 2, class: 'trick-ring', stroke: roleVar(colour)})));
    points.slice(0, DOTS).forEach((p, i) => { const [cx, cy] = at(p); if (i >= SHOWN && inside([cx, cy])) group.append(svg('circle', {cx, cy, r: 1.6, fill: roleVar(colour), opacity: 0.45})); });
    return {group, at};
  }

  function arrow(x1, x2, y, text, kind, back) {
    const [from, to] = back ? [x2, x1] : [x1, x2], tip = back ? 6 : -6;
    return svg('g', {class: kind}, svg('line', {x1: from, x2: to, y1: y, y2: y}), svg('path', {d: `M ${to + tip} ${y - 4} L ${to} ${y} L ${to + tip} ${y + 4}`}), svg('text', {x: (x1 + x2) / 2, y: y - 6}, text));
  }

  function drawPath() {
    const d = shown.mean.data.length, dims = plane(), n = shown.eps.shape[0], width = Math.max(260, path.clientWidth);
    const mean = dims.map(j => shown.mean.data[j]), std = dims.map(j => shown.std.data[j]);
    const narrow = width < 560, gap = narrow ? 26 : Math.min(150, (width - 2 * 168 - TILE - 8) / 2), tile = narrow ? 30 : TILE;
    SIDE = narrow ? Math.floor((width - 2 * gap - tile - 10) / 2) : 168;
    const whole = 2 * SIDE + 2 * gap + tile, tall = SIDE + 62;
    const node = svg('svg', {width, height: tall, role: 'img', 'aria-label': 'Draws of ε, the z that they become, and what is decoded there'});
    const left = Math.max(0, (width - whole) / 2), x1 = left + SIDE + gap, x2 = x1 + SIDE + gap, title = narrow ? 'ε ~ N(0, I)' : `ε ~ N(0, I), ${dims.length > 1 ? 'dimensions' : 'dimension'} ${dims.map(j => j + 1).join(' and ')}`;
    const eps = Array.from({length: n}, (_, i) => pick(shown.eps, i, dims, d)), z = Array.from({length: n}, (_, i) => pick(shown.z, i, dims, d));
    const from = cloud(left, title, dims.map(() => 0), 3.2, eps, 'noise', [[1, 1], [2, 2]]);
    const reach = 3.2 * Math.max(...std), to = cloud(x1, 'z ~ q(z|x)', mean, reach, z, 'posterior', [[std[0], std[1] ?? std[0]], [2 * std[0], 2 * (std[1] ?? std[0])]]);
    node.append(from.group, to.group, arrow(left + SIDE + 6, x1 - 6, 24 + 12, gap > 90 ? 'z = μ + σ ε' : '', 'trick-on'), arrow(left + SIDE + 6, x1 - 6, 24 + SIDE - 4, gap > 90 ? 'no parameters' : '', 'trick-stop', true),
                arrow(x1 + SIDE + 6, x2 - 6, 24 + 12, gap > 90 ? 'D(z)' : '', 'trick-on'), arrow(x1 + SIDE + 6, x2 - 6, 24 + SIDE - 4, gap > 90 ? '∂/∂z log p(x|z)' : '', 'trick-back', true));
    node.append(svg('text', {x: x1 + SIDE / 2, y: 24 + SIDE + 16, class: 'trick-title trick-grad'}, '∂z/∂μ = 1,  ∂z/∂log σ = σ ε'), svg('text', {x: x1 + SIDE / 2, y: 24 + SIDE + 32, class: 'trick-small'}, `${significant(2 * reach, 2)} latent units across`));
    for (let i = 0; i < SHOWN; i++) {
      const a = from.at(eps[i]), b = to.at(z[i]), y = 24 + i * (SIDE / SHOWN), size = Math.min(tile, SIDE / SHOWN - 3), sheet = drawTile(document.createElement('canvas'), shown.images, i), on = i === hovered;
      const group = svg('g', {class: on ? 'trick-draw trick-chosen' : 'trick-draw', 'data-draw': i}, svg('line', {x1: a[0], y1: a[1], x2: b[0], y2: b[1]}), svg('line', {x1: b[0], y1: b[1], x2: x2, y2: y + size / 2}),
        svg('circle', {cx: a[0], cy: a[1], r: on ? 6 : 4.5, fill: roleVar('noise')}), svg('circle', {cx: b[0], cy: b[1], r: on ? 6 : 4.5, fill: roleVar('posterior')}),
        svg('image', {x: x2, y, width: size, height: size, href: sheet.toDataURL(), class: 'trick-tile'}), svg('rect', {x: x2, y, width: size, height: size, class: 'trick-edge'}), svg('rect', {x: x2 - 4, y: y - 2, width: size + 8, height: size + 4, fill: 'transparent'}));
      group.addEventListener('pointerenter', () => { if (hovered !== i) { hovered = i; drawPath(); drawWords(); } });
      node.append(group);
    }
    path.replaceChildren(node);
  }

  function drawWords() {
    const d = shown.mean.data.length, [j] = plane(), e = shown.eps.data[hovered * d + j], z = shown.z.data[hovered * d + j];
    words.textContent = `Draw ${hovered + 1}, dimension ${j + 1}: z = μ + σ ε = ${fixed(shown.mean.data[j], 3)} + ${fixed(shown.std.data[j], 3)} · ${e < 0 ? `(${fixed(e, 3)})` : fixed(e, 3)} = ${fixed(z, 3)}. All chance is in ε, which has no parameters: the gradient of log p(x|z) goes back through z into μ and σ.`;
  }

  /* --- variance, on a log axis ---------------------------------------------------------------------------------------------------- */
  const KINDS = [['path', 'path, through z', 'posterior'], ['score_baseline', 'REINFORCE, with a baseline', 'noise'], ['score', 'REINFORCE', 'error']];

  function meanOf(name, from, d) { const data = shown[name].data.subarray(from, from + d); return data.reduce((sum, value) => sum + value, 0) / d; }

  function drawVariance() {
    const d = shown.mean.data.length, width = Math.max(280, variance.clientWidth), narrow = width < 520, left = narrow ? 12 : 214, right = narrow ? 56 : 78, row = narrow ? 34 : 22;
    const groups = [['for μ', 0], ['for log σ', d]], known = KINDS.filter(([name]) => shown[`${name}_variance`]);
    const values = groups.flatMap(([, from]) => known.map(([name]) => meanOf(`${name}_variance`, from, d))).filter(v => v > 0);
    const lo = Math.floor(Math.log10(Math.min(...values)) - 0.3), hi = Math.ceil(Math.log10(Math.max(...values)) + 0.1), x = scaled(lo, hi, left, width - right);
    const node = svg('svg', {width, height: groups.length * (known.length * row + 18) + 30, role: 'img', 'aria-label': 'Variance of gradient estimators'});
    const bottom = groups.length * (known.length * row + 18), every = Math.max(1, Math.ceil((hi - lo) / (narrow ? 4 : 8)));
    for (let e = lo; e <= hi; e += every) node.append(svg('line', {x1: x(e), x2: x(e), y1: 0, y2: bottom, class: 'trick-grid'}), svg('text', {x: x(e), y: bottom + 14, class: 'trick-tick'}, `10${String(e).replace('-', '⁻').replace(/[0-9]/g, k => '⁰¹²³⁴⁵⁶⁷⁸⁹'[k])}`));
    node.append(svg('text', {x: (left + width - right) / 2, y: bottom + 28, class: 'trick-tick'}, narrow ? 'variance of one draw’s gradient (log axis)' : `variance of the gradient from one draw (log axis; ${d > 1 ? `mean over ${d} dimensions, ` : ''}${thousands(shown.eps.shape[0])} draws)`));
    groups.forEach(([title, from], g) => {
      const top = g * (known.length * row + 18);
      node.append(svg('text', {x: 0, y: top + 11, class: 'trick-head'}, `Gradient ${title}`));
      known.forEach(([name, label, role], k) => {
        const value = meanOf(`${name}_variance`, from, d), y = top + 18 + k * row, bar = narrow ? y + 15 : y;
        node.append(svg('text', {x: narrow ? 0 : left - 8, y: y + 11, class: narrow ? 'trick-label trick-start' : 'trick-label'}, label));
        if (value > 0) node.append(svg('rect', {x: left, y: bar + 2, width: Math.max(2, x(Math.log10(value)) - left), height: 11, rx: 2, fill: roleVar(role)}), svg('text', {x: x(Math.log10(value)) + 5, y: bar + 12, class: 'trick-value'}, significant(value, 2)));
      });
    });
    variance.replaceChildren(node);
  }

  function drawSays() {
    const times = value => significant(value, 2, 2);
    const ratio = (name, half) => { const [value, low, high] = shown[`${name}_ratio`].data.subarray(3 * half, 3 * half + 3); return `${times(value)} (${times(low)} to ${times(high)})`; };
    const j = plane()[0], named = ['path', 'score'].map(name => withError(shown[`${name}_mean`].data[j], shown[`${name}_se`].data[j]));
    const truth = shown.truth && isFinite(shown.truth.data[j]) ? `; by quadrature: ${fixed(shown.truth.data[j], 3)}` : '';
    says.textContent = `Both aim at the same gradient (μ${sub(j + 1)}: path ${named[0]}, REINFORCE ${named[1]}${truth}), but REINFORCE needs ${ratio('score', 0)} times as many draws for the same precision in μ, ${ratio('score', 1)} times in log σ`
      + `${shown.score_baseline_variance ? `; a baseline brings that down to ${ratio('score_baseline', 0)} and ${ratio('score_baseline', 1)}` : ''}. In brackets: about 95 % intervals, from ${thousands(shown.eps.shape[0])} draws for this image.`;
  }

  function draw() {
    const ready = shown && frame && shown.of.split('|')[0] === frame.run;
    empty.hidden = Boolean(ready);
    again.disabled = !ready;
    empty.firstChild.textContent = !frame || step() === null ? first : trouble || 'Asking the model…';
    note.textContent = ready ? `held-out image ${shown.index + 1}${current(`${props.tab}/pins`) ? ', pinned' : ' (pin another on the map)'}` : '';
    mark(element, ready ? shown.origin : null);
    if (!ready) { [path, words, variance, says].forEach(node => node.replaceChildren()); return; }
    drawPath();
    drawWords();
    drawVariance();
    drawSays();
    variance.dataset.drawn = (Number(variance.dataset.drawn) || 0) + 1;
  }

  again.addEventListener('click', () => { seed += 1; keep(); });

  live({element, tab: props.tab, views: ['map'], draw: (payload, newest, why) => {
    const other = (newest && newest.run) !== (frame && frame.run);
    frame = newest;
    if (other) { shown = null; trouble = ''; seed = 0; }
    if (why !== 'frame' || other) draw();
    keep();
  }, interval: 250});

  hear(`${props.tab}/pins`, element, news => { pinned = news && news.pins.length ? news.pins[news.pins.length - 1] : 0; if (frame) { draw(); keep(); } });
}
