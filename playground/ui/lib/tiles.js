/* Many small images in rows on one canvas. */
import {context2d, sizes, tile} from './canvas.js';

/* Images from..to of `images` {shape: (n, h, w) or (n, h, w, 3), data}, `across` to a line, each `size` CSS pixels wide; enlarged ones have hard edges. */
export function drawTiles(canvas, images, {from = 0, to = images.shape[0], across = to - from, size, gap = 2, smooth = size * (window.devicePixelRatio || 1) < sizes(images.shape)[1]}) {
  const [h, w] = sizes(images.shape), tall = size * h / w, lines = Math.ceil((to - from) / across), one = document.createElement('canvas');
  const context = context2d(canvas, across * (size + gap) - gap, lines * (tall + gap) - gap);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = smooth;
  for (let i = from; i < to; i++) {
    tile(one, images, i);
    context.drawImage(one, ((i - from) % across) * (size + gap), Math.floor((i - from) / across) * (tall + gap), size, tall);
  }
}
