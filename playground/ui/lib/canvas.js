/* Canvases as sharp as the screen, and small images on them. */
/* A canvas as sharp as the screen: sets its size in CSS pixels and returns a context that draws in them. */
export function context2d(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * ratio)), h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/* Height, width and channels of the images of an array of shape (n, h, w) or (h, w), or in colour with 3 behind it: no image is 3 dots wide. */
export function sizes(shape) {
  const colour = shape.at(-1) === 3, [h, w] = shape.slice(colour ? -3 : -2);
  return [h, w, colour ? 3 : 1];
}

/* Dots as a picture of `w` by `h`: `channels` numbers each, `of(k)` the k-th of them. */
export function picture(w, h, channels, of) {
  const image = new ImageData(w, h), step = channels === 3 ? 1 : 0;
  for (let k = 0; k < w * h; k++) {
    for (let c = 0; c < 3; c++) image.data[4 * k + c] = of(channels * k + step * c);
    image.data[4 * k + 3] = 255;
  }
  return image;
}

/* Tile `i` of `images` {shape, data} (`sizes`) on a canvas, in its own dots. */
export function tile(canvas, images, i = 0) {
  const [h, w, channels] = sizes(images.shape), from = i * w * h * channels, image = picture(w, h, channels, k => images.data[from + k]);
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  canvas.getContext('2d').putImageData(image, 0, 0);
  return canvas;
}
/* Thumbnail `i` of a run's sprite sheet on a canvas; false while the sheet is not there. */
export function thumbnail(canvas, sheet, still, i) {
  if (!sheet || !sheet.complete || !sheet.naturalWidth || !still || !still.tile) return false;
  const [w, h] = still.tile;
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  canvas.getContext('2d').drawImage(sheet, (i % still.columns) * w, Math.floor(i / still.columns) * h, w, h, 0, 0, w, h);
  return true;
}
