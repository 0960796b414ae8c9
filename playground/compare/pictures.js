/* Samples, and held-out images above what a model makes of them. */
import {node} from '../ui/lib/nodes.js';
import {sizes} from '../ui/lib/canvas.js';
import {drawTiles} from '../ui/lib/tiles.js';

const GAP = 2, LARGEST = 44;
/* Images in `lines` lines at most, as large as `width` lets them be. */
function tiles(images, width, across, label) {
  const canvas = /** @type {HTMLCanvasElement} */ (node('canvas')), most = Math.min(across, images.shape[0]);
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', label);
  const [, w] = sizes(images.shape), size = Math.max(8, Math.min(Math.max(2 * w, LARGEST), Math.floor((width - GAP * (most - 1)) / most)));
  drawTiles(canvas, images, {across: most, size, gap: GAP});
  return canvas;
}
const none = words => node('span', 'compare-none', words);

export function samples({head, title}, width) {
  const {samples: images} = head.pictures;
  return node('div', 'compare-cell', images ? tiles(images, width, 8, `Samples of ${title}`) : '', none(!images && head.map && head.map.samples ? 'Green dots on the map below.' : head.samples_are));
}

export function reconstructions({head, title}, width) {
  const {originals, reconstructions: made} = head.pictures;
  if (!originals || !made) return node('div', 'compare-cell', none(head.no_encoder));
  return node('div', 'compare-cell', tiles(originals, width, originals.shape[0], 'Held-out examples'), tiles(made, width, made.shape[0], `Reconstructions of ${title}`));
}
