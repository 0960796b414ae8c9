/* A row a bound: how far it lies above the ELBO on one axis, and means with their standard errors over images. Payload: shape.py. */
import {stack} from '../../ui/lib/bars.js';
import {fixed, shortNumber} from '../../ui/lib/format.js';
import {live} from '../../ui/lib/live.js';
import {html, niceTicks, scaled, svg} from '../../ui/lib/svg.js';
import {roleVar} from '../../ui/lib/theme.js';

const ROW = 42, TOP = 24;

/** @typedef {import('../../ui/lib/payloads.d.ts').Bounds} Bounds */

export function mount({element, props}) {
  const $ = selector => element.querySelector(selector);
  const plot = $('.bounds-plot'), gapBox = $('.bounds-gap'), warning = $('.bounds-warning'), empty = $('.pg-empty'), note = $('.pg-note');

  /** @param {Bounds} payload */
  function drawRows(payload) {
    const width = Math.max(240, plot.clientWidth), narrow = width < 560, left = narrow ? 8 : 196, right = narrow ? 8 : 316, {rows} = payload;
    const known = rows.filter(r => r.above !== null), ends = known.flatMap(r => [r.above - (r.above_se || 0), r.above + (r.above_se || 0)]);
    const lo = Math.min(0, ...ends), hi = Math.max(1e-3, ...ends), x = scaled(lo - 0.06 * (hi - lo), hi + 0.06 * (hi - lo), left, width - right);
    const tall = ROW * rows.length, node = svg('svg', {width, height: TOP + tall + 36, role: 'img', 'aria-label': rows.map(r => `${r.label} ${r.text} nats`).join('; ')});
    const columns = narrow ? [] : [[width - right + 14, 'nats per example', ''], [width - 160, 'bits/dim', ''], [width, 'above ELBO', 'bounds-end']];
    columns.forEach(([at, name, kind]) => node.append(svg('text', {x: at, y: 12, class: `bounds-head ${kind}`}, name)));
    niceTicks(x.back(left), x.back(width - right), narrow ? 3 : 5).forEach(tick => node.append(
      svg('line', {x1: x(tick), x2: x(tick), y1: TOP - 6, y2: TOP + tall, class: tick ? 'bounds-grid' : 'bounds-zero'}), svg('text', {x: x(tick), y: TOP + tall + 15, class: 'bounds-tick'}, shortNumber(tick))));
    node.append(svg('text', {x: (left + width - right) / 2, y: TOP + tall + 31, class: 'bounds-tick'}, 'nats above the ELBO of the same image'));
    rows.forEach((r, i) => {
      const y = TOP + i * ROW + (narrow ? 30 : 18), group = svg('g', {}, svg('title', {}, `${r.note}: ${r.text} nats per example (mean ± standard error over ${payload.n} images), ${r.bits} bits per dimension; ${r.above_text || '0'} nats above the ELBO`));
      const value = (at, text, kind = '') => svg('text', {x: at, y: narrow ? y - 13 : y + 4, class: `bounds-value ${kind}`, fill: roleVar(r.role)}, text);
      if (narrow) group.append(svg('text', {x: 0, y: y - 13, class: 'bounds-label'}, r.label), value(width, `${r.text} · ${r.bits} bits/dim`));
      else group.append(svg('text', {x: 0, y, class: 'bounds-label'}, r.label), svg('text', {x: 0, y: y + 14, class: 'bounds-note'}, r.note),
                        value(columns[0][0], r.text, 'bounds-start'), value(columns[1][0], r.bits, 'bounds-start'), value(width, r.above_text));
      if (r.above !== null) {
        if (r.above_se) group.append(svg('line', {x1: x(r.above - r.above_se), x2: x(r.above + r.above_se), y1: y, y2: y, stroke: roleVar(r.role), 'stroke-width': 2}));
        group.append(svg('circle', {cx: x(r.above), cy: y, r: 6, stroke: roleVar(r.role), 'stroke-width': 2.2, fill: r.hollow ? 'var(--block-background-fill)' : roleVar(r.role)}));
      }
      node.append(group);
    });
    plot.replaceChildren(node);
  }

  /* gap = approximation + amortisation, as one bar in two parts. */
  function drawGap(gap, n) {
    if (!gap) { gapBox.replaceChildren(); return; }
    const total = Math.max(1e-9, gap.parts.reduce((sum, part) => sum + Math.max(0, part.mean), 0)), pm = part => (part.se ? ` ± ${fixed(part.se, part.text.split('.')[1].length)}` : '');
    const words = html('div', 'bounds-sum', html('b', '', `log p(x) − ELBO: gap ${gap.text}`), ' = ', ...gap.parts.flatMap((part, i) => [i ? ' + ' : '', html('span', '', `${part.label} ${part.text}${pm(part)}`)]), html('em', '', ` nats, mean of ${n} images ± its standard error`));
    const bar = html('div', 'pg-track pg-stack bounds-bar');
    stack(bar, gap.parts.map((part, i) => ({value: Math.max(0, part.mean), colour: roleVar('posterior'), light: i > 0, title: `${part.label} ${part.text} nats`})), [0, total]);
    gapBox.replaceChildren(words, bar);
  }

  /** @param {Bounds | null} payload */
  function draw(payload) {
    empty.hidden = Boolean(payload);
    note.textContent = payload ? `${payload.n} of ${payload.total} images` : '';
    if (!payload) { plot.replaceChildren(); gapBox.replaceChildren(); warning.textContent = ''; return; }
    drawRows(payload);
    warning.textContent = payload.warning || '';
    drawGap(payload.gap, payload.n);
    plot.dataset.drawn = (Number(plot.dataset.drawn) || 0) + 1;
  }

  live({element, tab: props.tab, views: ['bounds'], draw, interval: 250});
}
