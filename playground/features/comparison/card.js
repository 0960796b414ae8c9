/* Payload: shape.py. */
import {blindness} from '../../ui/lib/blindness.js';
import {fill, roundUp, track} from '../../ui/lib/bars.js';
import {context2d} from '../../ui/lib/canvas.js';
import {decode} from '../../ui/lib/codec.js';
import {duration, fixed, thousands, withError} from '../../ui/lib/format.js';
import {live} from '../../ui/lib/live.js';
import {html} from '../../ui/lib/svg.js';
import {roleVar} from '../../ui/lib/theme.js';
import {drawTiles} from '../../ui/lib/tiles.js';

const GAP = 3, COUNT = 24, STATES = {now: 'being made …', waiting: 'to come'};

/** @typedef {import('../../ui/lib/payloads.d.ts').Comparison} Comparison */
/** @typedef {import('../../ui/lib/payloads.d.ts').ComparisonRow} ComparisonRow */

/** @param {HTMLElement} node @param {ComparisonRow} row @param {number} top */
function drawBar(node, row, top) {
  const bar = node.querySelector('.pg-track'), best = /** @type {HTMLElement} */ (bar.lastChild), ready = row.state === 'ready', [number, took] = node.querySelector('.comparison-number').children;
  fill(bar, ready ? {value: row.distance, error: row.std, best: row.best, colour: roleVar(row.role)} : null, [0, top]);
  if (row.best != null) best.title = `real codes through the same decoder: ${fixed(row.best, 4)}`;
  number.textContent = ready ? `${fixed(row.distance, 4)} ± ${fixed(row.std, 4)}` : STATES[row.state];
  const means = ready && row.distance_of_means != null ? `as means E[x|z]: ${fixed(row.distance_of_means, 4)} ± ${fixed(row.std_of_means, 4)}` : '';
  const seen = ready && row.frechet != null ? `Fréchet ${withError(row.frechet, row.frechet_std)}, precision ${fixed(row.precision)}, recall ${fixed(row.recall)}` : '';
  took.textContent = [seen, means, ready && row.seconds >= 1 ? `trained in ${duration(row.seconds)}` : ''].filter(Boolean).join('; ');
}

export function mount({element, props}) {
  const rows = element.querySelector('.comparison-rows'), empty = element.querySelector('.pg-empty'), note = element.querySelector('.pg-note');
  const message = element.querySelector('.comparison-message'), how = element.querySelector('.comparison-how');

  const narrow = () => element.clientWidth < 860, lines = () => (element.clientWidth < 540 ? 3 : 2);

  /** From 0 to a round number above the largest distance with its spread. @param {Comparison} payload */
  function scaleOf(payload) {
    const most = Math.max(0, ...payload.rows.filter(row => row.state === 'ready').map(row => row.distance + row.std));
    return roundUp(most, [1, 1.5, 2, 3, 4, 5, 6, 8, 10]) || 1;
  }

  /** @param {ComparisonRow} row @param {boolean} first */
  function rowNode(row, first) {
    const node = html('div', 'comparison-row');
    node.classList.toggle('comparison-reference', row.reference);
    node.classList.toggle('comparison-first-reference', first);
    node.dataset.row = row.name;
    const canvas = Object.assign(document.createElement('canvas'), {className: 'comparison-tiles'});
    canvas.setAttribute('role', 'img');
    node.append(html('div', 'comparison-name', html('b', '', row.title), html('small', '', row.how)), track(),
                html('div', 'comparison-number', html('b'), html('small')), canvas);
    return node;
  }

  /** A few lines of tiles as large as fit, with hard edges; before they are there, the room that they will take.
      @param {HTMLCanvasElement} canvas @param {ComparisonRow} row @param {Comparison} payload */
  function drawPictures(canvas, row, payload) {
    const count = COUNT, columns = Math.ceil(count / lines());
    const room = narrow() ? element.clientWidth - 26 : Math.max(240, 0.42 * element.clientWidth);
    const side = Math.max(8, Math.min(34, Math.floor((room + GAP) / columns - GAP)));
    canvas.setAttribute('aria-label', row.tiles ? `${row.title}: ${count} images` : `${row.title}: no images yet`);
    const data = decode.u8(row.tiles), colour = data.length === 3 * count * payload.h * payload.w;
    const images = {shape: [row.tiles ? count : 0, payload.h, payload.w, ...(colour ? [3] : [])], data};
    if (row.tiles) drawTiles(canvas, images, {across: columns, size: side, gap: GAP});
    else context2d(canvas, columns * (side + GAP) - GAP, lines() * (side + GAP) - GAP).clearRect(0, 0, 1e4, 1e4);
  }

  /** @param {Comparison | null} payload */
  function draw(payload) {
    empty.hidden = Boolean(payload);
    message.textContent = payload ? payload.summary : '';
    note.textContent = payload ? `${payload.latent_dim} latent dimension${payload.latent_dim === 1 ? '' : 's'} · bars: ${payload.unit}, shorter is better` : '';
    how.textContent = payload ? `Each row: mean ± standard deviation of ${payload.repeats} measurements, every one of ${thousands(payload.n)} fresh samples against as many `
      + 'held-out images, the same for all rows. The spread is that of the samples, not that of training again. The upright mark in a bar is what the same decoder '
      + 'makes of the codes of real images: a better prior can hardly help beyond it, only a better decoder can. A VAE is measured by draws from p(x|z), with their pixel noise, which is what its log p(x) is '
      + 'about; an autoencoder has no p(x|z), so D(z) is all there is: hold the numbers “as means” against its. '
      + (payload.looked_at ? `Fréchet distance, precision and recall: of ${thousands(payload.looked_at)} images D(z), of a VAE E[x|z], to training images, in the features of ${payload.network}; `
      + 'of real images they are those of as many held-out ones. ' : '') : '';
    if (payload && payload.looked_at) how.append(blindness());
    if (!payload) { rows.replaceChildren(); return; }
    const top = scaleOf(payload);
    let referred = false;
    payload.rows.forEach((row, i) => {
      const first = row.reference && !referred;
      referred = referred || row.reference;
      let node = rows.children[i];
      if (!node) rows.append(node = rowNode(row, first));
      drawBar(node, row, top);
      drawPictures(node.lastChild, row, payload);
    });
    element.dataset.drawn = (Number(element.dataset.drawn) || 0) + 1;
  }

  live({element, tab: props.tab, views: ['comparison'], draw, interval: 250});
}
