/* Canvases as sharp as the screen, and small grey images on them. */
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

/* Tile `i` of `images` {shape: (n, h, w) or (h, w), data} on a canvas, in its own dots. */
export function tile(canvas, images, i = 0) {
  const [h, w] = images.shape.slice(-2), image = new ImageData(w, h), from = i * w * h;
  for (let k = 0; k < w * h; k++) {
    image.data[4 * k] = image.data[4 * k + 1] = image.data[4 * k + 2] = images.data[from + k];
    image.data[4 * k + 3] = 255;
  }
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
